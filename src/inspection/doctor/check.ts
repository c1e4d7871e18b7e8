/** What every check of the doctor is made of. */
import type { DoctorPicture } from './doctor-picture';

/** `unknown`: nobody could be asked, or nobody said. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Check {
  /** What is looked at. */
  readonly check: string;
  /** Where: a server, a group … */
  readonly subject: string;
  readonly verdict: Verdict;
  readonly finding: string;
  /** More of it, a line each. */
  readonly details?: readonly string[];
  /** What to do, in the order in which to try it: settings and commands. */
  readonly remedies?: readonly string[];
}

/** What the picture of a cluster says of one subject. */
export type DoctorCheck = (picture: DoctorPicture) => Check[];

/** A check that has no verdict yet. */
export type Looked = Pick<Check, 'check' | 'subject'>;

export function notKnown(check: Looked, answer: { readonly problem: string }): Check {
  return { ...check, verdict: 'unknown', finding: answer.problem };
}
