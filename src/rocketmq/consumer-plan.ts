/** What an environment means for a consumer: which group it joins and which messages it takes. */
import type { Settings } from '../config/settings';
import { both, type FilterExpression, isNoneOf, isTagged, isUntagged } from './filter-expression';

export interface ConsumerPlan {
  /** The group that the consumer joins. */
  readonly group: string;
  /** The group that the application named. */
  readonly baselineGroup: string;
  /** True when the group is a canary's, which may have to be created. */
  readonly isCanary: boolean;
  /** True when the consumer does not take every message that the application subscribed to. */
  readonly isFiltered: boolean;
  /** Where messages of other environments are left out: the broker does not deliver them, or the client skips them. */
  readonly side: 'broker' | 'client';
  /** From now on the client skips. */
  filterInClient(): void;
  /** The filter for what the application subscribes to; the very same object when nothing changes. */
  filter(filter: FilterExpression): FilterExpression;
  /**
   * Whether the consumer takes a message, when the client is asked. One that the group itself had taken before is taken
   * again in the baseline: its filter may have become narrower meanwhile.
   */
  takes(message: { readonly tag: string | undefined; readonly isRetry: boolean }): boolean;
}

export type EnvironmentSettings = Pick<Settings, 'tag' | 'key' | 'mqBaseline' | 'mqIgnoreTags'>;

/**
 * The plan for a consumer of `group`. Made once for each consumer: that a group has been renamed is known from the plan,
 * never from its name.
 */
export function consumerPlan(
  group: string,
  settings: EnvironmentSettings,
  initialSide: 'broker' | 'client' = 'broker',
): ConsumerPlan {
  const environment = environmentOf(settings);
  let side = initialSide;
  return {
    group: settings.tag === undefined ? group : canaryGroup(group, settings.tag),
    baselineGroup: group,
    isCanary: settings.tag !== undefined,
    isFiltered: environment !== undefined,
    get side() {
      return side;
    },
    filterInClient() {
      side = 'client';
    },
    filter: user => (environment === undefined || side === 'client' ? user : both(user, environment.condition)),
    takes({ tag, isRetry }) {
      if (environment === undefined || environment.holds(tag)) return true;
      return isRetry && settings.tag === undefined;
    },
  };
}

/** The group of the canary `tag` beside the baseline's `group`: `group1` and `gray` give `group1_gray`. */
export function canaryGroup(group: string, tag: string): string {
  return `${group}_${tag}`;
}

interface Environment {
  /** SQL92, for brokers. */
  readonly condition: string;
  /** The same, of the tag of a message. */
  readonly holds: (tag: string | undefined) => boolean;
}

/** What this process takes of what the application asks for; undefined: everything. */
function environmentOf({ tag, key, mqBaseline, mqIgnoreTags }: EnvironmentSettings): Environment | undefined {
  if (tag !== undefined) return { condition: isTagged(key, tag), holds: other => other === tag };
  if (mqBaseline === 'none') return { condition: isUntagged(key), holds: other => other === undefined };
  if (mqIgnoreTags.length === 0) return undefined;
  return {
    condition: isNoneOf(key, mqIgnoreTags),
    holds: other => other === undefined || !mqIgnoreTags.includes(other),
  };
}
