/** Medians and how sure they are. Pure. */

export interface Estimate {
  readonly median: number;
  /** The confidence interval of the median, 95 %. */
  readonly low: number;
  readonly high: number;
  /** How many values it is of. */
  readonly count: number;
}

/** Fewer values than that have no interval of 95 %. */
export const ROUNDS_OF_AN_INTERVAL = 6;

/**
 * The median and its 95 % confidence interval, without an assumption on how the values are distributed: the interval's
 * ends are values themselves, found by the binomial distribution of how many lie below the median. With fewer than
 * {@link ROUNDS_OF_AN_INTERVAL} values no interval reaches 95 %: it is the whole range.
 *
 * @throws Error for no values
 */
export function estimate(values: readonly number[]): Estimate {
  if (values.length === 0) throw new Error('there is no median of no values');
  const sorted = [...values].sort((one, other) => one - other);
  const count = sorted.length;
  const at = (index: number) => sorted[index] as number;
  const median = (at((count - 1) >> 1) + at(count >> 1)) / 2;

  // P(fewer than k values below the median), for the largest k that leaves 2.5 % on each side.
  let k = 0;
  let tail = 0.5 ** count;
  let term = tail;
  while (tail <= 0.025 && k < count) {
    k++;
    term *= (count - k + 1) / k;
    tail += term;
  }
  const cut = Math.min(Math.max(k - 1, 0), (count - 1) >> 1);
  return { median, low: at(cut), high: at(count - 1 - cut), count };
}

/** The value that a quarter of the others are below. @throws Error for no values */
export function lowerQuartile(values: readonly number[]): number {
  if (values.length === 0) throw new Error('there is no quartile of no values');
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[(sorted.length - 1) >> 2] as number;
}

/** Values round by round; null for a round without one. */
export type Rounds = readonly (number | null)[];

/** Values of `one` over those of the same round of `other`, where both have one. */
export function ratios(one: Rounds, other: Rounds): number[] {
  return inPairs(one, other, (value, base) => value / base);
}

/** Values of `one` less those of the same round of `other`, where both have one. */
export function differences(one: Rounds, other: Rounds): number[] {
  return inPairs(one, other, (value, base) => value - base);
}

function inPairs(one: Rounds, other: Rounds, compare: (value: number, base: number) => number): number[] {
  return one.flatMap((value, round) => {
    const base = other[round] ?? null;
    return value === null || base === null ? [] : compare(value, base);
  });
}
