import { plural } from '../inspection/cluster/amounts';
import type { Check, Verdict } from '../inspection/doctor/check';
import type { DoctorPicture } from '../inspection/doctor/doctor-picture';
import { type Cell, columns, type Terminal, wrapped } from './terminal';

const WORDS: Readonly<Record<Verdict, string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', unknown: '?' };
/** What is wrong is worth reading whole; details of what is well are a few lines at most. */
const DETAILS_SHOWN = 6;

/** The checks as a table, for people. */
export function doctorReport(
  picture: DoctorPicture,
  checks: readonly Check[],
  { colors, columns: width = 120 }: Pick<Terminal, 'colors' | 'columns'>,
): string {
  const paints: Readonly<Record<Verdict, (text: string) => string>> = {
    ok: colors.green,
    warn: colors.yellow,
    fail: text => colors.bold(colors.red(text)),
    unknown: colors.dim,
  };
  const { topic, group, tag } = picture.question;
  const title = `${topic}: ${group} and its canary ${picture.canaryGroup} (${tag})`;
  const indent = Math.max(...checks.map(({ check }) => check.length)) + 8;
  const room = Math.max(50, width - indent);
  const rows = checks.flatMap(({ check, subject, verdict, finding, details = [], remedies = [] }) => {
    const rest = details.length - DETAILS_SHOWN;
    const shown = rest > 1 ? [...details.slice(0, DETAILS_SHOWN), `and ${rest} more (--json)`] : details;
    const text = subject === '' ? finding : `${subject}: ${finding}`;
    const lines: Cell[] = [
      ...wrapped(text, room).map(line => ({ text: line })),
      ...shown.map(line => ({ text: `  ${line}`, paint: colors.dim })),
      // Whole, so that a command can be copied.
      ...remedies.map(remedy => ({ text: `-> ${remedy}`, paint: colors.cyan })),
    ];
    return lines.map((line, index) =>
      index === 0 ? [{ text: WORDS[verdict], paint: paints[verdict] }, check, line] : ['', '', line],
    );
  });
  return [colors.bold(title), '', ...columns(rows), '', summary(checks)].join('\n');
}

function summary(checks: readonly Check[]): string {
  const count = (wanted: Verdict) => checks.filter(({ verdict }) => verdict === wanted).length;
  const parts = [`${count('ok')} ok`];
  if (count('warn') > 0) parts.push(plural(count('warn'), 'warning'));
  if (count('fail') > 0) parts.push(`${count('fail')} failed`);
  if (count('unknown') > 0) parts.push(`${count('unknown')} not known`);
  return parts.join(', ');
}
