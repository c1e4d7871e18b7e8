/**
 * How a canary's messages of a topic are divided among its two groups. What the baseline subscribes to as well is in the
 * group that both share: whoever is there consumes it. What only the canary subscribes to is in a group of its own, in which
 * nobody stands in for it: nobody's filter passes over it while the canary is away. Pure.
 */
import { selectsAllOf, whatBothSelect } from './filter-comparison';
import type { FilterExpression } from './filter-expression';

/** A topic that a canary subscribes to, as it is written down. */
export interface CanaryTopic {
  readonly filter: FilterExpression;
  /** The shared group has what this selects, the canary's own group the rest; undefined: the shared group has all of it. */
  readonly divisor?: FilterExpression | undefined;
}

export type CanaryTopics = ReadonlyMap<string, CanaryTopic>;

/**
 * The divisor for what a canary asks of a topic.
 *
 * @param baseline what the baseline is known to subscribe to; undefined: not to this topic, or nothing is known
 * @param before what is written down of the canary that was there before
 */
export function divisorFor(
  asked: FilterExpression,
  baseline: FilterExpression | undefined,
  before: CanaryTopic | undefined,
): FilterExpression | undefined {
  const former = before?.divisor;
  // What waits in the own group stays there: where the baseline has come to ask for it as well, it passed over it before.
  const divisor = former && baseline ? whatBothSelect(former, baseline) : (former ?? baseline);
  return divisor === undefined || selectsAllOf(divisor, asked) ? undefined : divisor;
}

/** How the own group of a canary has to be placed in a topic, before the canary consumes there. */
export type OwnPlace = 'as it is' | 'where the shared group is' | 'not behind the shared group';

/** @param divisor what {@link divisorFor} gave now */
export function ownPlaceFor(divisor: FilterExpression, before: CanaryTopic | undefined): OwnPlace {
  const former = before?.divisor;
  // Nobody has consumed there since: what the canary did not ask for meanwhile is nobody's.
  if (former === undefined) return 'where the shared group is';
  return selectsAllOf(divisor, former) ? 'as it is' : 'not behind the shared group';
}

/**
 * Whether a stand-in with the filter `own` passes over nothing that the canary subscribes to in the group that they share.
 */
export function coversShared(own: FilterExpression, { filter, divisor }: CanaryTopic): boolean {
  return selectsAllOf(own, filter) || (divisor !== undefined && selectsAllOf(own, divisor));
}
