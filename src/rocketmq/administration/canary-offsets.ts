/** Where a canary's group stands, and where it starts. */
import type { QueueOffsets } from '../plan/left-out';
import type { Beginning } from '../plan/subscription';
import { type Broker, brokerNamed } from './broker';
import type { BrokerAdministration } from './broker-administration';
import type { Deadline } from './deadline';

/**
 * What is known of a canary's group from before.
 *
 * - `in use`: others may leave the messages of its canary to it already. A queue on which it has no offset is a new one,
 *   whose messages are its own from the beginning: the baseline's offset may have passed over some.
 * - `given up`: the baseline took its messages since. Where it stood then is no place to go on from.
 */
export type FormerUse = 'in use' | 'given up';

/** What is known of it, by topic. `unknown`: nobody could be asked. Undefined: it was not in use. */
export type FormerUses = (topic: string) => FormerUse | 'unknown' | undefined;

export interface OffsetsToClone {
  readonly administration: BrokerAdministration;
  readonly baselineGroup: string;
  readonly canaryGroup: string;
  /** Absent: it was not in use. */
  readonly formerUse?: FormerUses | undefined;
  /** It starts at the end of each queue on which it has no offset: nothing was left to it before. */
  readonly startsAtEnd?: true;
  /** Where the clients of the baseline's group begin a queue on which that has no offset. */
  readonly beginning?: Beginning | undefined;
}

export interface TopicQueue {
  readonly broker: string;
  readonly topic: string;
  readonly queueId: number;
}

/**
 * Where a canary's group stands in a topic, on every queue of it: nothing is lost which is left to it from there on.
 *
 * @param away names of brokers that are not asked
 * @returns undefined for a topic without queues, and when it has no offset on one of them, such as one that was added
 * @throws BrokerAdministrationError, RemotingError
 */
export async function offsetsOnEveryQueue(
  { administration, canaryGroup }: Pick<OffsetsToClone, 'administration' | 'canaryGroup'>,
  topic: string,
  away: ReadonlySet<string> = new Set(),
): Promise<QueueOffsets | undefined> {
  const [brokers, all] = await Promise.all([
    administration.brokersOfCluster([topic]),
    queuesOf({ administration, topics: [topic] }),
  ]);
  const queues = all.filter(({ broker }) => !away.has(broker));
  const offsets = queues.map(async ({ broker, queueId }) => {
    const offset = await administration.committedOffset(brokerNamed(brokers, broker), canaryGroup, topic, queueId);
    return [`${broker}:${queueId}`, offset] as const;
  });
  const known = (await Promise.all(offsets)).flatMap(([queue, offset]) =>
    offset === undefined ? [] : [[queue, offset] as const],
  );
  return known.length > 0 && known.length === queues.length ? new Map(known) : undefined;
}

/** The queues of topics on all brokers. */
export async function queuesOf({
  administration,
  topics,
}: {
  readonly administration: BrokerAdministration;
  readonly topics: readonly string[];
}): Promise<TopicQueue[]> {
  const ofTopics = topics.map(async topic => {
    const hosts = await administration.queuesOf(topic);
    return hosts.flatMap(({ broker, queues }) =>
      Array.from({ length: queues }, (_, queueId) => ({ broker, topic, queueId })),
    );
  });
  return (await Promise.all(ofTopics)).flat();
}

/** Where the canary group starts on a queue. */
interface Start {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  /** Whether the baseline group stands there. */
  readonly isBaselines: boolean;
}

/**
 * The same, with `unknown` told apart by where the group stands: a group that has an offset somewhere in a topic was in use
 * there, and queues on which it has none are new ones.
 */
export async function withFormerUse(
  { administration, canaryGroup, formerUse }: OffsetsToClone,
  brokers: readonly Broker[],
  queues: readonly TopicQueue[],
): Promise<Pick<OffsetsToClone, 'formerUse'>> {
  const unknown = new Set(queues.map(({ topic }) => topic).filter(topic => formerUse?.(topic) === 'unknown'));
  const found = queues.map(async ({ broker, topic, queueId }) => {
    if (!unknown.has(topic)) return [];
    const place = administration.committedOffset(brokerNamed(brokers, broker), canaryGroup, topic, queueId);
    // Of a broker that does not say, nothing is known; its own preparation fails.
    return (await place.catch(() => undefined)) === undefined ? [] : [topic];
  });
  const inUse = new Set((await Promise.all(found)).flat());
  return {
    formerUse(topic) {
      if (!unknown.has(topic)) return formerUse?.(topic);
      return inUse.has(topic) ? 'in use' : undefined;
    },
  };
}

export interface CloneProgress {
  /** A queue was set to where the baseline's group stands. */
  offset(): void;
}

/**
 * Sets the canary's group to where it starts, on each queue on which it has no offset.
 *
 * @param queues of one topic, on this broker
 */
export async function cloneOffsets(
  group: OffsetsToClone,
  broker: Broker,
  queues: readonly TopicQueue[],
  deadline: Deadline,
  progress: CloneProgress,
): Promise<void> {
  const starts = (await Promise.all(queues.map(queue => startOf(group, broker, queue)))).filter(
    start => start !== null,
  );
  // One queue alone first: of two commits that are both the first of a group in a topic a broker can lose one
  // (ConsumerOffsetManager.commitOffset, 4.5 to 5.5). What another canary loses to this one's first is set here again.
  const [first, ...others] = starts;
  if (first === undefined) return;
  await setOffset(group, broker, first, deadline, progress);
  await Promise.all(others.map(start => setOffset(group, broker, start, deadline, progress)));
}

/** Null for a queue that needs no offset. */
async function startOf(
  { administration, baselineGroup, canaryGroup, beginning, formerUse, startsAtEnd }: OffsetsToClone,
  broker: Broker,
  { topic, queueId }: TopicQueue,
): Promise<Start | null> {
  if (startsAtEnd) {
    return { topic, queueId, offset: await administration.maxOffset(broker, topic, queueId), isBaselines: false };
  }
  // Brokers and clients begin at the first message that there still is.
  if (formerUse?.(topic) === 'in use') return { topic, queueId, offset: 0, isBaselines: false };
  const committed = await administration.committedOffset(broker, baselineGroup, topic, queueId);
  if (committed !== undefined) return { topic, queueId, offset: committed, isBaselines: true };
  const offset = await administration.initialOffset(broker, canaryGroup, topic, queueId, beginning);
  // Also 0, where a group starts a young queue without being told: by its offset a queue is known to be the group's.
  return offset === undefined ? null : { topic, queueId, offset, isBaselines: false };
}

async function setOffset(
  { administration, canaryGroup, formerUse }: OffsetsToClone,
  broker: Broker,
  { topic, queueId, offset, isBaselines }: Start,
  deadline: Deadline,
  progress: CloneProgress,
): Promise<void> {
  // Asked right before writing: there is no command that writes only where nothing is.
  const own = await administration.committedOffset(broker, canaryGroup, topic, queueId);
  if (own !== undefined && !(formerUse?.(topic) === 'given up' && isBaselines && own < offset)) return;
  deadline.check();
  await administration.commitOffset(broker, canaryGroup, topic, queueId, offset);
  if (isBaselines) progress.offset();
}
