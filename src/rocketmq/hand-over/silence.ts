/**
 * Notices that nobody says any more which canaries are there: a broker is away, or a right was taken back. Until somebody
 * does, what was known last goes on, and no stand-in starts. One line when it lasts, one when it is over.
 */
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';

/** What takes no longer than this, ms, is the restart of a broker. */
const LONG_MS = 30_000;

export interface Silence {
  /** Somebody said who is there. */
  answered(): void;
  /** Nobody did: why. */
  unanswered(problem: string | undefined): void;
  /** What is known of the canaries is too old to be shown. */
  readonly isLong: boolean;
  /** Why the last question was not answered; undefined: it was. */
  readonly problem: string | undefined;
}

/** @param now ms, by a clock that nobody sets */
export function silence(group: string, log: Pick<Log, 'say'>, now: () => number): Silence {
  /** Undefined: at the start nobody has said anything yet, which is told otherwise. */
  let answeredAt: number | undefined;
  let problem: string | undefined;
  let isSaid = false;
  const isLong = () => answeredAt !== undefined && now() - answeredAt >= LONG_MS;

  return {
    answered() {
      if (isSaid) log.say(handOverLines.knownAgain, { group });
      answeredAt = now();
      problem = undefined;
      isSaid = false;
    },
    unanswered(why) {
      problem = why ?? 'no server answered';
      if (isSaid || !isLong()) return;
      isSaid = true;
      log.say(handOverLines.unknown, { group, seconds: LONG_MS / 1_000, problem });
    },
    get isLong() {
      return isLong();
    },
    get problem() {
      return problem;
    },
  };
}
