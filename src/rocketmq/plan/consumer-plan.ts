/**
 * What an environment makes of a consumer: which group it joins, which filter it asks for, which messages it takes. Values
 * and functions of values: what changes while a consumer runs is in its intake.
 */
import type { Settings } from '../../config/settings';
import { both, type FilterExpression, isNoneOf, isTagged, isUntagged } from './filter-expression';
import { canaryGroup } from './group-name';
import { beginningOf, type LeftOut, leftOutSince, tagsLeftOut } from './left-out';

export type EnvironmentSettings = Pick<Settings, 'tag' | 'key' | 'mqBaseline' | 'mqIgnoreTags'>;

export interface ConsumerPlan {
  /** The group that the consumer joins. */
  readonly group: string;
  /** The group that the application named. */
  readonly baselineGroup: string;
  /** The environment whose messages alone it takes; undefined: a consumer of the baseline. */
  readonly tag: string | undefined;
  /** True when the consumer does not take every message that the application subscribed to, or may come to that. */
  readonly isFiltered: boolean;
  readonly settings: EnvironmentSettings;
}

/** A message as far as it matters who takes it. */
export interface ConsumedMessage {
  readonly topic: string;
  readonly tag: string | undefined;
  /** It comes from the group's own retry topic: the group took it before, and did not acknowledge it. */
  readonly isRetry: boolean;
  /** The group got it before, and perhaps only skipped it. */
  readonly isRedelivered?: boolean;
  /**
   * {@link LeftOut.revision} when the poll that brought it was sent, where polling alone moves the group's offset (POP);
   * absent where offsets are committed after handling.
   */
  readonly revision?: number;
  /** Where it is in its topic, where that is known: the queue, named `broker:queueId`. */
  readonly position?: { readonly queue: string; readonly offset: number } | undefined;
}

/**
 * The plan for a consumer of `group`. Made once for each consumer: that a group has been renamed is known from the plan,
 * never from its name.
 */
export function consumerPlan(group: string, settings: EnvironmentSettings): ConsumerPlan {
  const { tag, mqBaseline, mqIgnoreTags } = settings;
  return {
    group: tag === undefined ? group : canaryGroup(group, tag),
    baselineGroup: group,
    tag,
    isFiltered: tag !== undefined || mqBaseline !== 'all' || mqIgnoreTags.length > 0,
    settings,
  };
}

/** The plan of a consumer beside one of the baseline, which stands in for the canary `tag`. */
export function standInPlan({ baselineGroup, tag: own, settings }: ConsumerPlan, tag: string): ConsumerPlan {
  if (own !== undefined) throw new Error('a canary has no stand-ins');
  return consumerPlan(baselineGroup, { ...settings, tag });
}

/** What the brokers are asked for in the place of what the application wrote; the very same object when nothing changes. */
export function plannedFilter(
  { tag, settings }: ConsumerPlan,
  written: FilterExpression,
  topic: string,
  leftOut: LeftOut,
): FilterExpression {
  const { key, mqBaseline, mqIgnoreTags } = settings;
  if (tag !== undefined) return both(written, isTagged(key, tag));
  if (mqBaseline === 'none') return both(written, isUntagged(key));
  const tags = new Set([...mqIgnoreTags, ...tagsLeftOut(leftOut, topic)]);
  return tags.size === 0 ? written : both(written, isNoneOf(key, [...tags].sort()));
}

/** A filter with a condition such as the consumer may come to have, to ask the brokers about beforehand. */
export function filterToCheck({ tag, settings }: ConsumerPlan, written: FilterExpression): FilterExpression {
  const { key, mqBaseline } = settings;
  if (tag !== undefined) return both(written, isTagged(key, tag));
  return both(written, mqBaseline === 'none' ? isUntagged(key) : isNoneOf(key, ['a']));
}

/** Whether the consumer takes a message, when the client is asked. */
export function isTaken({ tag: own, settings }: ConsumerPlan, message: ConsumedMessage, leftOut: LeftOut): boolean {
  const { tag, topic, isRetry } = message;
  if (own !== undefined) return tag === own;
  // What the group itself took before, it takes again: its filter may have become narrower meanwhile.
  if (tag === undefined || isRetry) return true;
  if (settings.mqBaseline === 'none' || settings.mqIgnoreTags.includes(tag)) return false;
  const since = leftOutSince(leftOut, topic, tag);
  if (since === undefined || message.isRedelivered === true) return true;
  if (message.revision === undefined || message.revision >= since) return false;
  // Of a poll that was on its way. The canary's group may have begun behind it: then nobody else takes the message.
  const { position } = message;
  const beginning = position && beginningOf(leftOut, topic, tag, position.queue);
  return position === undefined || beginning === undefined || position.offset < beginning;
}
