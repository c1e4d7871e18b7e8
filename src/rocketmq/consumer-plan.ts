/** What an environment means for a consumer: which group it joins and which messages it asks for. Pure. */
import type { Settings } from '../config/settings';
import { both, type FilterExpression, isNoneOf, isTagged, isUntagged } from './filter-expression';

export interface ConsumerPlan {
  /** The group that the consumer joins. */
  readonly group: string;
  /** The group that the application named. */
  readonly baselineGroup: string;
  /** True when the group is a canary's, which may have to be created. */
  readonly isCanary: boolean;
  /** True when filters change. */
  readonly isFiltered: boolean;
  /** The filter for what the application subscribes to; the very same object when nothing changes. */
  filter(filter: FilterExpression): FilterExpression;
}

export type EnvironmentSettings = Pick<Settings, 'tag' | 'key' | 'mqBaseline' | 'mqIgnoreTags'>;

/**
 * The plan for a consumer of `group`. Made once for each consumer: that a group has been renamed is known from the plan,
 * never from its name.
 */
export function consumerPlan(group: string, settings: EnvironmentSettings): ConsumerPlan {
  const condition = conditionOf(settings);
  return {
    group: settings.tag === undefined ? group : canaryGroup(group, settings.tag),
    baselineGroup: group,
    isCanary: settings.tag !== undefined,
    isFiltered: condition !== undefined,
    filter: user => (condition === undefined ? user : both(user, condition)),
  };
}

/** The group of the canary `tag` beside the baseline's `group`: `group1` and `gray` give `group1_gray`. */
export function canaryGroup(group: string, tag: string): string {
  return `${group}_${tag}`;
}

/** What this process asks of messages beyond what the application asks for; undefined: nothing. */
function conditionOf({ tag, key, mqBaseline, mqIgnoreTags }: EnvironmentSettings): string | undefined {
  if (tag !== undefined) return isTagged(key, tag);
  if (mqBaseline === 'none') return isUntagged(key);
  return mqIgnoreTags.length > 0 ? isNoneOf(key, mqIgnoreTags) : undefined;
}
