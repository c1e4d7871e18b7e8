/** What an environment means for a consumer: which group it joins and which messages it takes. */
import type { Settings } from '../config/settings';
import type { QueueOffsets } from './administration/canary-group';
import { both, type FilterExpression, isNoneOf, isTagged, isUntagged } from './plan/filter-expression';
import { canaryGroup } from './plan/group-name';
import type { Beginning } from './plan/subscription';

/** A message as far as it matters who takes it. */
export interface ConsumedMessage {
  readonly topic: string;
  readonly tag: string | undefined;
  /** It comes from the group's own retry topic: the group took it before, and did not acknowledge it. */
  readonly isRetry: boolean;
  /** The group got it before, and perhaps only skipped it. */
  readonly isRedelivered?: boolean;
  /**
   * {@link ConsumerPlan.revision} when the poll that brought it was sent, where polling alone moves the group's offset
   * (POP); absent where offsets are committed after handling.
   */
  readonly revision?: number;
  /** Where it is in its topic, where that is known: the queue, named `broker:queueId`. */
  readonly position?: { readonly queue: string; readonly offset: number } | undefined;
}

export interface ConsumerPlan {
  /** The group that the consumer joins. */
  readonly group: string;
  /** The group that the application named. */
  readonly baselineGroup: string;
  /** The environment whose messages alone it takes; undefined: a consumer of the baseline. */
  readonly tag: string | undefined;
  /** True when the consumer does not take every message that the application subscribed to, or may come to that. */
  readonly isFiltered: boolean;
  /** Where messages of other environments are left out: the broker does not deliver them, or the client skips them. */
  readonly side: 'broker' | 'client';
  /** See {@link ClientKind.sharesQueues}. */
  readonly sharesQueues: boolean;
  /** Undefined: at the end, or wherever the broker says. */
  readonly beginning: Beginning | undefined;
  /** From now on the client skips. */
  filterInClient(): void;
  /** The filter for what the application subscribes to at this moment; the very same object when nothing changes. */
  filter(filter: FilterExpression, topic: string): FilterExpression;
  /** A filter with a condition such as the consumer may come to have, to ask the brokers about beforehand. */
  filterToCheck(filter: FilterExpression): FilterExpression;
  /** Whether the consumer takes a message, when the client is asked. */
  takes(message: ConsumedMessage): boolean;
  /** Grows each time a consumer of the baseline takes less or more than before. */
  readonly revision: number;
  /** Calls `listener` after each change of what {@link filter} answers: for clients whose filter brokers have to be told. */
  onChange(listener: () => void): void;
  /** What a consumer of the baseline takes no longer of a topic, besides what the settings say. In place of what it was. */
  leaveOut(topic: string, tags: readonly string[]): void;
  /** The group of the canary `tag` has a topic's messages from these offsets on, by queue. */
  covered(topic: string, tag: string, offsets: QueueOffsets): void;
  /** To be told of each message with a tag that reaches the consumer. */
  saw(tag: string): void;
  /** Who wants to know of them. */
  onSaw(listener: (tag: string) => void): void;
  /** The plan of a consumer beside this one of the baseline, which stands in for the canary `tag`. */
  standIn(tag: string): ConsumerPlan;
}

export type EnvironmentSettings = Pick<Settings, 'tag' | 'key' | 'mqBaseline' | 'mqIgnoreTags'>;

/**
 * The plan for a consumer of `group`. Made once for each consumer: that a group has been renamed is known from the plan,
 * never from its name.
 */
export function consumerPlan(
  group: string,
  settings: EnvironmentSettings,
  consuming: Consuming = { side: 'broker', sharesQueues: true },
): ConsumerPlan {
  return settings.tag === undefined
    ? baselinePlan(group, settings, consuming)
    : canaryPlan(group, settings.tag, settings, consuming);
}

/** How a consumer gets its messages: see {@link ConsumerPlan.side} and {@link ClientKind.sharesQueues}. */
interface Consuming {
  readonly side: 'broker' | 'client';
  readonly sharesQueues: boolean;
  readonly beginning?: Beginning | undefined;
}

function canaryPlan(
  baselineGroup: string,
  tag: string,
  { key }: EnvironmentSettings,
  { side: initialSide, sharesQueues, beginning }: Consuming,
): ConsumerPlan {
  let side = initialSide;
  const changes = changeListeners();
  return {
    sharesQueues,
    beginning,
    group: canaryGroup(baselineGroup, tag),
    baselineGroup,
    tag,
    isFiltered: true,
    get side() {
      return side;
    },
    filterInClient() {
      if (side === 'client') return;
      side = 'client';
      changes.tell();
    },
    filter: user => (side === 'client' ? user : both(user, isTagged(key, tag))),
    filterToCheck: user => both(user, isTagged(key, tag)),
    takes: message => message.tag === tag,
    revision: 0,
    onChange: changes.onChange,
    leaveOut() {},
    covered() {},
    ...sightings(),
    standIn() {
      throw new Error('a canary has no stand-ins');
    },
  };
}

/** A tag that is left out of a topic, and the revision of the plan that left it out. */
type LeftOut = ReadonlyMap<string, number>;

function baselinePlan(
  group: string,
  settings: EnvironmentSettings,
  { side: initialSide, sharesQueues, beginning }: Consuming,
): ConsumerPlan {
  const { key, mqBaseline, mqIgnoreTags } = settings;
  let side = initialSide;
  let revision = 0;
  const changes = changeListeners();
  const leftOut = new Map<string, LeftOut>();
  /** By topic and tag. */
  const starts = new Map<string, QueueOffsets>();
  const startsOf = (topic: string, tag: string) => `${topic} ${tag}`;

  return {
    sharesQueues,
    beginning,
    group,
    baselineGroup: group,
    tag: undefined,
    isFiltered: mqBaseline !== 'all' || mqIgnoreTags.length > 0,
    get side() {
      return side;
    },
    filterInClient() {
      if (side === 'client') return;
      side = 'client';
      changes.tell();
    },
    filter(user, topic) {
      if (side === 'client') return user;
      if (mqBaseline === 'none') return both(user, isUntagged(key));
      const tags = new Set([...mqIgnoreTags, ...(leftOut.get(topic)?.keys() ?? [])]);
      return tags.size === 0 ? user : both(user, isNoneOf(key, [...tags].sort()));
    },
    filterToCheck: user => both(user, mqBaseline === 'none' ? isUntagged(key) : isNoneOf(key, ['a'])),
    takes(message) {
      const { tag, topic, isRetry } = message;
      // What the group itself took before, it takes again: its filter may have become narrower meanwhile.
      if (tag === undefined || isRetry) return true;
      if (mqBaseline === 'none' || mqIgnoreTags.includes(tag)) return false;
      const since = leftOut.get(topic)?.get(tag);
      if (since === undefined || message.isRedelivered === true) return true;
      if (message.revision === undefined || message.revision >= since) return false;
      // Of a poll that was on its way. The canary's group may have begun behind it: then nobody else takes the message.
      const { position } = message;
      const start = position && starts.get(startsOf(topic, tag))?.get(position.queue);
      return position === undefined || start === undefined || position.offset < start;
    },
    get revision() {
      return revision;
    },
    onChange: changes.onChange,
    leaveOut(topic, tags) {
      revision++;
      const before = leftOut.get(topic);
      leftOut.set(topic, new Map(tags.map(tag => [tag, before?.get(tag) ?? revision])));
      changes.tell();
    },
    covered: (topic, tag, offsets) => void starts.set(startsOf(topic, tag), offsets),
    ...sightings(),
    standIn: tag => canaryPlan(group, tag, settings, { side, sharesQueues, beginning }),
  };
}

function changeListeners() {
  const listeners: (() => void)[] = [];
  return {
    onChange(listener: () => void) {
      listeners.push(listener);
    },
    tell() {
      for (const listener of listeners) listener();
    },
  };
}

function sightings(): Pick<ConsumerPlan, 'saw' | 'onSaw'> {
  let listener: ((tag: string) => void) | undefined;
  return {
    saw: tag => listener?.(tag),
    onSaw(next) {
      listener = next;
    },
  };
}
