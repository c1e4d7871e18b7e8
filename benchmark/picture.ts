/** The figures as a picture (SVG): for each scenario a bar for each contender's cost, bare being 1. Pure. */
import { figures } from './comparison';
import { CPU, type Measured } from './measurement';
import type { Run } from './report';

const WIDTH = 860;
const LEFT = 290;
const RIGHT = 70;
const BAR = 13;
const GAP = 16;
const TOP = 74;
const COLOURS: Readonly<Record<string, { readonly colour: string; readonly title: string }>> = {
  'gray-untagged': { colour: '#2a9d8f', title: 'rocketmq-gray, untagged' },
  'gray-tagged': { colour: '#1d6f65', title: 'rocketmq-gray, tagged' },
  'async-local-storage': { colour: '#e9c46a', title: 'AsyncLocalStorage alone' },
  opentelemetry: { colour: '#8d99ae', title: 'OpenTelemetry JS' },
  'dd-trace': { colour: '#c0c6d1', title: 'dd-trace 5' },
};

/** Of one version of Node.js: CPU time per operation, as a ratio to bare, with its confidence interval. */
export function picture({ node, measured }: Run): string {
  const rows = measured.map(one => ({ title: one.title, bars: barsOf(one) })).filter(({ bars }) => bars.length > 0);
  const longest = Math.max(2, ...rows.flatMap(({ bars }) => bars.map(({ high }) => high)));
  const x = (ratio: number) => LEFT + ((WIDTH - LEFT - RIGHT) * ratio) / longest;
  const height = TOP + rows.reduce((sum, { bars }) => sum + bars.length * BAR + GAP, 0) + 10;

  const heading = `CPU time per operation, Node.js ${node} (bare Node.js = 1)`;
  const parts = [`<text x="14" y="26" font-size="15" font-weight="bold">${heading}</text>`];
  let at = 14;
  for (const { colour, title } of Object.values(COLOURS)) {
    parts.push(
      `<rect x="${at}" y="40" width="11" height="11" fill="${colour}"/><text x="${at + 17}" y="50">${title}</text>`,
    );
    // Some width of a letter, and what is between two.
    at += 6.6 * title.length + 36;
  }
  let y = TOP;
  for (const { title, bars } of rows) {
    parts.push(
      `<text x="${LEFT - 10}" y="${y + (bars.length * BAR) / 2 + 4}" text-anchor="end">${escaped(title)}</text>`,
    );
    for (const { contender, median, low, high } of bars) {
      const middle = y + BAR / 2;
      parts.push(
        `<rect x="${LEFT}" y="${y + 1}" width="${(x(median) - LEFT).toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[contender]?.colour}"/>`,
        `<path d="M${x(low).toFixed(1)} ${middle}H${x(high).toFixed(1)}" stroke="#333"/>`,
        `<text x="${(x(high) + 6).toFixed(1)}" y="${y + BAR - 3}" font-size="10">${median.toFixed(2)}</text>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  parts.push(`<path d="M${x(1).toFixed(1)} ${TOP - 8}V${height - 14}" stroke="#d1495b" stroke-dasharray="3 3"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${heading}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function barsOf(measured: Measured) {
  const metric = measured.metrics.find(({ name }) => name === CPU);
  if (!metric) return [];
  return figures(measured, metric).flatMap(({ contender, compared }) =>
    compared && contender in COLOURS ? [{ contender, ...compared }] : [],
  );
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
