/** Whether a tag's canary is there, by the answers of those who may say it. */

export interface CanarySight {
  readonly state: 'unknown' | 'present' | 'absent';
  /** Somebody may say whether it is there, and did once. */
  readonly isAnswered: boolean;
  /** How many answers in a row did not name it. */
  readonly absences: number;
  /** It announces itself; what does not is there as long as it is connected. */
  readonly hasAgent: boolean;
}

/** One answer may have missed a canary that was just connecting. */
const ABSENT_ANSWERS = 2;

/** @param isAnswered the last complete answer was about this tag too */
export function notYetSeen(isAnswered: boolean): CanarySight {
  return { state: 'unknown', isAnswered, absences: 0, hasAgent: true };
}

/** An answer names it. */
export function seen({ isAnswered }: CanarySight, hasAgent: boolean): CanarySight {
  return { state: 'present', isAnswered, absences: 0, hasAgent };
}

/** A complete answer that is about its tag does not name it. */
export function notSeen({ state, absences, hasAgent }: CanarySight): CanarySight {
  const inARow = absences + 1;
  return { state: inARow >= ABSENT_ANSWERS ? 'absent' : state, isAnswered: true, absences: inARow, hasAgent };
}

/** It is there, or its absence would be noticed: where nobody may say who is there, no stand-in would ever start. */
export function presenceKnown({ state, isAnswered }: CanarySight): boolean {
  return isAnswered || state === 'present';
}
