/** What becomes of a process that the agent cannot keep apart (`GRAY_ON_FAILURE`). */

import type { Settings } from '../config/settings';
import { type Line, withEnding } from '../lines/line';
import type { Log } from '../log';
import { formatLine, type Write } from '../log-output';

/** What the process lacks, in the words of a line's ending. */
export interface Lack {
  /** Behind `this canary of gray`, where it ends. */
  readonly ends: string;
  /** Where it goes on. */
  readonly goesOn: string;
}

const APART: Lack = { ends: 'cannot be kept apart and ends', goesOn: 'goes on and is not kept apart' };

/**
 * Says, at error level, that this process is not kept apart from other environments. A canary ends with that line and
 * exit code 1: it would take the baseline's messages. The baseline goes on: its messages are its own either way.
 *
 * @param line what cannot be done, and why
 * @param tag the environment that it takes itself for; default: its instance tag
 * @param lack default: that it is not kept apart
 */
export type IsolationFailure = <V>(line: Line<V>, values: NoInfer<V>, tag?: string, lack?: Lack) => void;

/** @param write takes the last line of a process, which is said at every level */
export function createIsolationFailure(
  { tag: instanceTag, onFailure }: Settings,
  log: Log,
  write: Write,
): IsolationFailure {
  return (line, values, tag = instanceTag, lack = APART) => {
    const who = tag === undefined ? 'this process of the baseline' : `this canary of ${tag}`;
    if ((onFailure ?? (tag === undefined ? 'continue' : 'exit')) === 'continue') {
      log.say(withEnding(line, `; ${who} ${lack.goesOn}`), values);
      return;
    }
    const ends = withEnding(line, `; ${who} ${lack.ends} (GRAY_ON_FAILURE=continue lets it go on)`);
    write(formatLine(ends, ends.words(values)));
    process.exit(1);
  };
}
