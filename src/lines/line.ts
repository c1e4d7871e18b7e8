/** Lines that the agent can print. The catalogue of them is in this folder, a file for each subject. */

export type LineLevel = 'error' | 'warn' | 'info' | 'debug';

/** `GRAY-101`. A code stays with its line for good: one that is not printed any more is retired, never used again. */
export type LineCode = `GRAY-${number}`;

/** @typeParam V the values that are put into its words */
export interface Line<V = never> {
  readonly code: LineCode;
  readonly level: LineLevel;
  /** What is printed behind code and level. */
  readonly words: (values: V) => string;
  /**
   * Printed again and again, by default. `process`: once in a process; `text`: once for each text; a function: once for each
   * of its answers.
   */
  readonly once?: 'process' | 'text' | ((values: V) => string);
  /** What the documentation shows in the place of its words, where those come from elsewhere. */
  readonly shown?: string;
  /** What it means, and what to do about it. For `docs/operations.md`, which is made of them. */
  readonly meaning: string;
  readonly remedy: string;
}

export function line<V>(code: LineCode, level: LineLevel, rest: Omit<Line<V>, 'code' | 'level'>): Line<V> {
  return { code, level, ...rest };
}

/** The same line with more words behind its own. */
export function withEnding<V>(given: Line<V>, ending: string): Line<V> {
  return { ...given, words: values => `${given.words(values)}${ending}` };
}

/** What the agent throws into the application, with the code by which it is found in the documentation. */
export function textWithCode<V>({ code, words }: Line<V>, values: NoInfer<V>): string {
  return `[rocketmq-gray] ${code} ${words(values)}`;
}

/** A remedy, where there is nothing to do. */
export const NOTHING = 'nothing';
