/**
 * What an environment makes of a consumer: which group it joins, which filter it asks for, which messages it takes. Values
 * and functions of values: what changes while a consumer runs is in its intake.
 */
import type { Settings } from '../../config/settings';
import {
  both,
  type FilterExpression,
  isNoneOf,
  isNotSelectedBy,
  isSelectedBy,
  isTagged,
  isUntagged,
  isWithoutTag,
  type TagProperties,
  tagsOf,
} from './filter-expression';
import { canaryGroup, copiesGroup, ownGroup } from './group-name';
import { beginningOf, type LeftOut, leftOutSince, tagsLeftOut } from './left-out';

export type EnvironmentSettings = Pick<Settings, 'tag' | 'key' | 'mqBaseline' | 'mqIgnoreTags' | 'interop'>;

/**
 * What a consumer takes of what the application subscribes to:
 * - `shared`: whatever its environment has;
 * - `own`: what only the canary subscribes to, in a group in which nobody stands in for it;
 * - `copies`: copies of the baseline's messages, in a group of the canary in which nobody stands in for it either.
 */
export type Part = 'shared' | 'own' | 'copies';

export interface ConsumerPlan {
  /** The group that the consumer joins. */
  readonly group: string;
  /** The group that the application named. */
  readonly baselineGroup: string;
  /** The environment whose messages alone it takes; undefined: a consumer of the baseline. */
  readonly tag: string | undefined;
  readonly part: Part;
  /** True when the consumer does not take every message that the application subscribed to, or may come to that. */
  readonly isFiltered: boolean;
  /** Its filters have operators that brokers before 5.0 do not know, and that these read over without a word. */
  readonly needsVersion5: boolean;
  readonly settings: EnvironmentSettings;
}

/** A message as far as it matters who takes it. */
export interface ConsumedMessage {
  readonly topic: string;
  readonly tag: string | undefined;
  /** `TAGS` of the message, for which TAG filters ask. */
  readonly messageTag?: string | undefined;
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
 *
 * @param mayIgnore tags may come to be ignored while it runs
 */
export function consumerPlan(group: string, settings: EnvironmentSettings, mayIgnore = false): ConsumerPlan {
  const { tag, mqBaseline, mqIgnoreTags } = settings;
  return {
    group: tag === undefined ? group : canaryGroup(group, tag),
    baselineGroup: group,
    tag,
    part: 'shared',
    isFiltered: tag !== undefined || mqBaseline !== 'all' || mqIgnoreTags.length > 0 || mayIgnore,
    needsVersion5: tagProperties(settings).hasBaggage,
    settings,
  };
}

/** The plan of a consumer beside one of the baseline, which stands in for the canary `tag`. */
export function standInPlan({ baselineGroup, tag: own, settings }: ConsumerPlan, tag: string): ConsumerPlan {
  if (own !== undefined) throw new Error('a canary has no stand-ins');
  return consumerPlan(baselineGroup, { ...settings, tag });
}

/** The plan of a consumer beside a canary's, for what only the canary subscribes to. */
export function ownPartPlan(plan: ConsumerPlan): ConsumerPlan {
  if (plan.tag === undefined) throw new Error('the baseline has no part of its own');
  return { ...plan, group: ownGroup(plan.baselineGroup, plan.tag), part: 'own' };
}

/** The plan of a consumer beside a canary's, for copies of the baseline's messages. */
export function copiesPlan(plan: ConsumerPlan): ConsumerPlan {
  if (plan.tag === undefined) throw new Error('the baseline has no copies');
  return { ...plan, group: copiesGroup(plan.baselineGroup, plan.tag), part: 'copies' };
}

/** The environment in which a message is handled: the one that it is of. A copy is the canary's, which the original is not. */
export function environmentOf({ part, tag }: ConsumerPlan, messageTag: string | undefined): string | undefined {
  return part === 'copies' ? tag : messageTag;
}

/**
 * What the brokers are asked for in the place of what the application wrote; the very same object when nothing changes.
 *
 * @param divisor of a canary: the filter by which its messages of the topic are divided among its two groups
 */
export function plannedFilter(
  plan: ConsumerPlan,
  written: FilterExpression,
  topic: string,
  leftOut: LeftOut,
  divisor?: FilterExpression,
): FilterExpression {
  const { mqBaseline, mqIgnoreTags } = plan.settings;
  const carried = tagProperties(plan.settings);
  if (plan.part === 'copies') return both(written, isWithoutTag(carried));
  if (plan.tag !== undefined) {
    const part = partOf(plan, divisor);
    return both(written, [...(part === undefined ? [] : [part]), isTagged(carried, plan.tag)].join(' AND '));
  }
  if (mqBaseline === 'none') return both(written, isUntagged(carried));
  const ignored = leftOut.ignored?.keys() ?? mqIgnoreTags;
  const tags = new Set([...ignored, ...tagsLeftOut(leftOut, topic)]);
  return tags.size === 0 ? written : both(written, isNoneOf(carried, [...tags].sort()));
}

/** Where messages carry a tag. */
export function tagProperties({ key, interop }: Pick<Settings, 'key' | 'interop'>): TagProperties {
  return { key, hasBaggage: interop.includes('otel') };
}

/** The condition on what is in this consumer's part of a topic; undefined: all of it. */
function partOf({ part }: ConsumerPlan, divisor: FilterExpression | undefined): string | undefined {
  if (divisor === undefined) return undefined;
  return part === 'own' ? isNotSelectedBy(divisor) : isSelectedBy(divisor);
}

/** A filter with a condition such as the consumer may come to have, to ask the brokers about beforehand. */
export function filterToCheck({ tag, settings }: ConsumerPlan, written: FilterExpression): FilterExpression {
  const carried = tagProperties(settings);
  if (tag !== undefined) return both(written, isTagged(carried, tag));
  return both(written, settings.mqBaseline === 'none' ? isUntagged(carried) : isNoneOf(carried, ['a']));
}

/** Whether the consumer takes a message, when the client is asked. */
export function isTaken(
  plan: ConsumerPlan,
  message: ConsumedMessage,
  leftOut: LeftOut,
  divisor?: FilterExpression,
): boolean {
  const { tag, topic, isRetry } = message;
  const { settings } = plan;
  if (plan.part === 'copies') return tag === undefined;
  if (plan.tag !== undefined) return tag === plan.tag && isInPart(plan, message, divisor);
  // What the group itself took before, it takes again: its filter may have become narrower meanwhile.
  if (tag === undefined || isRetry) return true;
  if (settings.mqBaseline === 'none') return false;
  const ignoredSince = leftOut.ignored?.get(tag) ?? (leftOut.ignored ? undefined : initially(settings, tag));
  // From the consumer's beginning on.
  if (ignoredSince === 0) return false;
  const since = leftOutSince(leftOut, topic, tag) ?? ignoredSince;
  if (since === undefined || message.isRedelivered === true) return true;
  if (message.revision === undefined || message.revision >= since) return false;
  // Of a poll that was on its way. The canary's group may have begun behind it: then nobody else takes the message.
  const { position } = message;
  const beginning = position && beginningOf(leftOut, topic, tag, position.queue);
  return position === undefined || beginning === undefined || position.offset < beginning;
}

function initially({ mqIgnoreTags }: EnvironmentSettings, tag: string): number | undefined {
  return mqIgnoreTags.includes(tag) ? 0 : undefined;
}

/** Where the broker did not divide: a client knows tags, and divides by nothing else. */
function isInPart(
  { part }: ConsumerPlan,
  { messageTag, isRetry, isRedelivered }: ConsumedMessage,
  divisor: FilterExpression | undefined,
): boolean {
  if (divisor?.type !== 'TAG' || isRetry || isRedelivered === true) return true;
  const tags = tagsOf(divisor.expression);
  const isCommon = tags === undefined || (messageTag !== undefined && tags.includes(messageTag));
  return isCommon !== (part === 'own');
}
