/** What is said of one subject of a cluster. `doctor` says it of all it looks at; `status` and `page` show what is a problem. */

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

/** A check that is not well. */
export interface Problem extends Check {
  readonly verdict: 'warn' | 'fail' | 'unknown';
  /** The group that it is about; undefined: the cluster. */
  readonly group?: string;
  /** It is so for some seconds each time a canary comes. */
  readonly isPassing?: true;
}

/** Without the group that it is about, which is in its subject. */
export function asCheck({ group, isPassing, ...check }: Problem): Check {
  return check;
}

/** A check that has no verdict yet. */
export type Looked = Pick<Check, 'check' | 'subject'>;

export function notKnown(check: Looked, answer: { readonly problem: string }): Check & { readonly verdict: 'unknown' } {
  return { ...check, verdict: 'unknown', finding: answer.problem };
}
