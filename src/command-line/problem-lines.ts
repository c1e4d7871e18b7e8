/** What is wrong with a fleet, for people. */
import { plural } from '../inspection/cluster/amounts';
import type { Fleet } from '../inspection/fleet/fleet-shape';
import type { Problem } from '../inspection/problems/check';
import { type Terminal, wrapped } from './terminal';

const WORDS: Readonly<Record<Problem['verdict'], string>> = { fail: 'FAIL', warn: 'WARN', unknown: '?' };
const INDENT = '        ';

/** The block on top of `status`; one line where nothing is wrong. */
export function problemLines(
  { problems, unanswered, notes }: Pick<Fleet, 'problems' | 'unanswered' | 'notes'>,
  colors: Terminal['colors'],
  width: number,
): string[] {
  const paints: Readonly<Record<Problem['verdict'], (text: string) => string>> = {
    fail: text => colors.bold(colors.red(text)),
    warn: colors.yellow,
    unknown: colors.dim,
  };
  const all = [
    ...problems.map(({ verdict, subject, finding }) => ({ verdict, text: `${subject}: ${finding}` })),
    ...unanswered.map(text => ({ verdict: 'unknown' as const, text })),
  ];
  const lines = all.flatMap(({ verdict, text }) =>
    wrapped(text, width - INDENT.length).map((line, index) =>
      index === 0 ? `  ${paints[verdict](WORDS[verdict].padEnd(4))}  ${line}` : `${INDENT}${line}`,
    ),
  );
  const doctor = problems.length === 0 ? [] : [`${INDENT}npx rocketmq-gray doctor says what to do`];
  const head = all.length === 0 ? 'problems: none' : colors.bold(plural(all.length, 'problem'));
  return [head, ...lines, ...doctor, ...notes.flatMap(note => wrapped(`note: ${note}`, width))];
}
