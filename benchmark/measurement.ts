/** What a scenario found: values of each contender, round by round, and what was hoped for. */

import { lowerQuartile, type Rounds } from './statistics';

/** The way a value is compared with that of its base in the same round. */
export type Comparison = 'ratio' | 'difference';

export interface Metric {
  readonly name: string;
  /** Of a single value, for the table of absolute figures. */
  readonly unit: string;
  readonly comparison: Comparison;
  readonly better: 'higher' | 'lower';
  /** By contender, a value each round; null: it took no part in that one. */
  readonly values: Readonly<Record<string, Rounds>>;
}

/** Met only when the confidence interval clears the bound. */
export interface Goal {
  readonly metric: string;
  readonly contender: string;
  readonly bound: number;
  /** The contender of the same round that it is held against; absent: the base of `contender`. */
  readonly against?: string;
}

export interface Compared {
  readonly name: string;
  readonly title: string;
  /** The contender of the same round that it is compared with; undefined: shown as it is. */
  readonly base: string | undefined;
  readonly isOurs: boolean;
}

export interface Measured {
  readonly scenario: string;
  readonly title: string;
  /** How it was done, in a line. */
  readonly how: string;
  readonly contenders: readonly Compared[];
  readonly metrics: readonly Metric[];
  readonly goals: readonly Goal[];
}

export const THROUGHPUT = 'throughput';
export const CPU = 'CPU per operation';

/** Of work that was done as fast as it went: the least throughput to bare, and with it the most CPU time. */
export function goalsOfWork(bounds: { readonly untagged: number; readonly tagged: number }): Goal[] {
  const contenders = { 'gray-untagged': bounds.untagged, 'gray-tagged': bounds.tagged };
  return [
    ...Object.entries(contenders).map(([contender, bound]) => ({ metric: THROUGHPUT, contender, bound })),
    ...Object.entries(contenders).map(([contender, bound]) => ({ metric: CPU, contender, bound: 1 / bound })),
  ];
}

/**
 * Where requests are followed: nobody does so for less than `AsyncLocalStorage` alone, so that is what tagged ones are held
 * against. Untagged ones are to cost nothing.
 */
export const GOALS_OF_FOLLOWING: readonly Goal[] = [
  { metric: THROUGHPUT, contender: 'gray-untagged', bound: 0.99 },
  { metric: CPU, contender: 'gray-untagged', bound: 1.01 },
  { metric: CPU, contender: 'gray-tagged', bound: 1.03, against: 'async-local-storage' },
];

/** One contender's work in one round. */
export interface Work {
  readonly operations: number;
  /** Of the whole. */
  readonly ms: number;
  /** Of the measured process. */
  readonly cpuMs: number;
}

/**
 * What a turn takes when little else goes on: the lower quartile of the turns, of time and CPU time each. What else the
 * machine does only adds to a turn; of a fixed piece of work the quartile of 16 turns varied by 0.8 %, the mean by 1.4 %,
 * the least by 1.2 % (2 shared cores, turns of 100 ms).
 *
 * @throws Error for no turns
 */
export function undisturbed(turns: readonly Work[]): Work {
  const operations = Math.max(...turns.map(turn => turn.operations));
  const quartile = (of: 'ms' | 'cpuMs') => operations * lowerQuartile(turns.map(turn => turn[of] / turn.operations));
  return { operations, ms: quartile('ms'), cpuMs: quartile('cpuMs') };
}

/** The two metrics of work that was done as fast as it went. */
export function metricsOfWork(work: ReadonlyMap<string, readonly (Work | null)[]>): Metric[] {
  const of = (value: (work: Work) => number) =>
    Object.fromEntries([...work].map(([name, rounds]) => [name, rounds.map(work => work && value(work))]));
  return [
    {
      name: THROUGHPUT,
      unit: 'per second',
      comparison: 'ratio',
      better: 'higher',
      values: of(({ operations, ms }) => (1_000 * operations) / ms),
    },
    {
      name: CPU,
      unit: 'microseconds',
      comparison: 'ratio',
      better: 'lower',
      values: of(({ operations, cpuMs }) => (1_000 * cpuMs) / operations),
    },
  ];
}
