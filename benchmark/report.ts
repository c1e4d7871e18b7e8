/** The figures as Markdown. Pure. */
import { figures, type Judged, judge, titleOf } from './comparison';
import { CPU, type Measured, type Metric } from './measurement';
import type { Estimate } from './statistics';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** By package. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Run {
  /** The exact version of Node.js. */
  readonly node: string;
  readonly measured: readonly Measured[];
}

const INTRODUCTION = `Written by \`npm run bench -- --out docs/benchmark\` ([options](../../benchmark/options.ts)); \`npm run bench:micro\` has the pieces of the hot path by themselves.

The same application, started in different ways: bare, with the agent in an untagged baseline, with the agent and tagged traffic, with OpenTelemetry JS (http and undici instrumentations, baggage as the only propagator, nothing sampled), with dd-trace 5 (baggage only). Where requests are followed, also with nothing but an \`AsyncLocalStorage\` that each request runs in: that is Node.js's own cost of following asynchronous work, which no agent can go below. Where processes are started, also with nothing but a hook of \`require-in-the-middle\` that finds nothing to patch: it resolves each \`require\` a second time, save where something in front of it knows that it need not.

All contenders of a scenario run in one go, each round in another order; where operations are counted, in new processes each time, since what the compiler makes of the same code differs from process to process: they are warmed up, and then work by turns, the lower quartile of which counts, since what else the machine does only adds (OpenTelemetry and dd-trace in every third round). Consumers have a backlog each, and work through it one after the other; their turns are parts of it. So it is with several starts of a process. A figure is the median over the rounds of the ratio to bare Node.js in the same round (a difference for times of start and memory), with the 95 % confidence interval of that median. What is compared with bare is compared with bare under the same traffic: a tagged request has a header more, which Node.js has to read. *CPU per operation* is the measured process's own CPU time, which other processes on the machine blur less than throughput. A goal is *met* when the whole interval clears it, *missed* when the whole interval does not, else this run is *not sure*.`;

/** Of the picture that belongs to a run. */
export function pictureName({ node }: Pick<Run, 'node'>): string {
  return `benchmark-node-${node.split('.')[0]}.svg`;
}

export function markdown(runs: readonly Run[], { processor, cores, memoryGb, system, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# The benchmark, run by run',
    ...runs.map(meaning).filter(text => text !== ''),
    '## How it is measured',
    INTRODUCTION,
    `${cores} cores of ${processor}, ${memoryGb} GB, ${system}. ${packages.join(', ')}.`,
    ...runs.map(run =>
      [
        `## Node.js ${run.node}`,
        `![CPU time per operation, each contender beside bare Node.js](${pictureName(run)})`,
        goalTable(run),
        ...run.measured.map(section),
      ].join('\n\n'),
    ),
  ].join('\n\n');
}

/**
 * What a run means for those who use the agent: what an operation costs more with it, in time of a processor. One with
 * nothing of that kind: empty.
 */
export function meaning({ node, measured }: Run): string {
  const rows = measured.flatMap(one => {
    const metric = one.metrics.find(({ name }) => name === CPU);
    const all = metric === undefined ? [] : figures(one, metric);
    const more = (contender: string) => {
      const found = all.find(figure => figure.contender === contender);
      const base = one.contenders.find(({ name }) => name === contender)?.base;
      const bare = all.find(figure => figure.contender === base)?.absolute.median;
      if (found?.compared === undefined || bare === undefined) return '-';
      const { median, low, high } = found.compared;
      const [least, most] = [low, high].map(ratio => signed(bare * (ratio - 1)));
      return `${signed(bare * (median - 1))} µs (${least} to ${most})`;
    };
    const bare = all.find(({ contender }) => contender === 'bare');
    if (bare === undefined || more('gray-untagged') === '-') return [];
    const own = `${rounded(bare.absolute.median)} µs`;
    return [[one.title, own, more('gray-untagged'), more('gray-tagged'), more('async-local-storage')]];
  });
  if (rows.length === 0) return '';
  const head = ['', 'by itself', 'untagged, with the agent', 'tagged, with the agent', 'of which `AsyncLocalStorage`'];
  return `**Node.js ${node}.** What the agent adds to one operation, in processor time (95 % interval). A service with 1,000 operations a second that cost 1 µs more uses 0.1 % of a core more.

${table([head, ...rows])}`;
}

/** For the terminal too: what was hoped for, and what came out. */
export function goalTable({ measured }: Run): string {
  const rows = measured.flatMap(one =>
    judge(one).map(judged => [
      one.title,
      titleOf(one, judged.contender).replace('rocketmq-gray, ', ''),
      judged.against === undefined
        ? judged.metric
        : `${judged.metric}, to ${titleOf(one, judged.against).split(',')[0]}`,
      bound(judged),
      compared(judged.compared, judged),
      judged.isMet ? 'met' : judged.isMissed ? '**missed**' : 'not sure',
    ]),
  );
  return table([['', 'traffic', 'figure', 'goal', 'measured (95 % interval)', ''], ...rows]);
}

function section(measured: Measured): string {
  const { metrics, contenders } = measured;
  const head = ['', ...metrics.flatMap(({ name, unit }) => [`${name}, ${unit}`, 'to bare (95 % interval)'])];
  const all = metrics.map(metric => figures(measured, metric));
  const rows = contenders.map(({ name, title }) => [
    title,
    ...metrics.flatMap((metric, index) => {
      const figure = all[index]?.find(({ contender }) => contender === name);
      if (!figure) return ['', ''];
      return [rounded(figure.absolute.median), figure.compared ? compared(figure.compared, metric) : ''];
    }),
  ]);
  return `### ${measured.title[0]?.toUpperCase()}${measured.title.slice(1)}\n\n${measured.how}.\n\n${table([head, ...rows])}`;
}

function bound({ bound, better, comparison, unit }: Judged): string {
  return `${better === 'higher' ? '≥' : '≤'} ${comparison === 'ratio' ? bound.toFixed(2) : `${signed(bound)} ${unit}`}`;
}

function compared({ median, low, high }: Estimate, { comparison, unit }: Pick<Metric, 'comparison' | 'unit'>): string {
  if (comparison === 'ratio') return `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `${signed(median)} ${unit} (${signed(low)} to ${signed(high)})`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${rounded(Math.abs(value))}`;
}

/** Three digits are what such figures are good for. */
function rounded(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [head, head.map(() => '---'), ...body].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}
