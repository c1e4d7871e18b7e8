import { plural } from '../inspection/cluster/amounts';
import type { Check, Verdict } from '../inspection/doctor/check';
import type { DoctorPicture } from '../inspection/doctor/doctor-picture';
import { worstFirst } from '../inspection/problems/problems';
import { type Cell, columns, shortened, type Terminal, wrapped } from './terminal';

const WORDS: Readonly<Record<Verdict, string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', unknown: '?' };

export interface DoctorReportOptions extends Pick<Terminal, 'colors' | 'columns'> {
  /** What is well is shown whole, too. */
  readonly isVerbose?: boolean;
}

/** The checks as a table, for people: problems first and whole, then what is well, in one line each. */
export function doctorReport(
  picture: DoctorPicture,
  checks: readonly Check[],
  { colors, columns: width = 120, isVerbose = false }: DoctorReportOptions,
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
  const rowsOf = (shown: readonly Check[]) =>
    shown.flatMap(({ check, subject, verdict, finding, details = [], remedies = [] }) => {
      const text = subject === '' ? finding : `${subject}: ${finding}`;
      const isShort = verdict === 'ok' && !isVerbose;
      const lines: Cell[] = isShort
        ? [{ text: shortened(text, room) }]
        : [
            ...wrapped(text, room).map(line => ({ text: line })),
            ...details.map(line => ({ text: `  ${line}`, paint: colors.dim })),
            // Whole, so that a command can be copied.
            ...remedies.map(remedy => ({ text: `-> ${remedy}`, paint: colors.cyan })),
          ];
      return lines.map((line, index) =>
        index === 0 ? [{ text: WORDS[verdict], paint: paints[verdict] }, check, line] : ['', '', line],
      );
    });
  const isWell = ({ verdict }: Check) => verdict === 'ok';
  const rows = columns([
    ...rowsOf(worstFirst(checks.filter(check => !isWell(check)))),
    ...rowsOf(checks.filter(isWell)),
  ]);
  return [
    colors.bold(title),
    ...wrapped(assumption(picture), width).map(colors.dim),
    '',
    ...rows,
    '',
    summary(checks),
  ].join('\n');
}

/** What no broker tells of the fleet. */
function assumption({ question }: DoctorPicture): string {
  const { baselineMode, filterSide, ignoredTags, key, filter } = question;
  const settings = [
    `GRAY_MQ_BASELINE=${baselineMode}`,
    `GRAY_MQ_FILTER_SIDE=${filterSide}`,
    `GRAY_KEY=${key}`,
    `GRAY_MQ_IGNORE_TAGS=${ignoredTags.join(',') || '(none)'}`,
  ];
  return `assumed of every process of the fleet, from this shell: ${settings.join(' ')}; subscribed with ${filter.expression}`;
}

function summary(checks: readonly Check[]): string {
  const count = (wanted: Verdict) => checks.filter(({ verdict }) => verdict === wanted).length;
  const parts = [
    ...(count('fail') > 0 ? [`${count('fail')} failed`] : []),
    ...(count('warn') > 0 ? [plural(count('warn'), 'warning')] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} not known`] : []),
    `${count('ok')} ok`,
  ];
  return parts.join(', ');
}
