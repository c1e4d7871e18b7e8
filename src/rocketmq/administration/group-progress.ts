import { type Broker, brokerNamed } from './broker';
import type { BrokerAdministration } from './broker-administration';

/** A place in a queue: where the next message was to come. */
export interface QueuePosition {
  readonly broker: string;
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
}

export type QueuePositions = readonly QueuePosition[];

/**
 * The ends of all queues from which a group gets the messages of its topics: the topics' and those of its own retries.
 *
 * Retries that have not come due are in no queue of the group yet, nor are messages that POP handed out and nobody
 * acknowledged: who wants to be sure of those waits for as long as they may take and asks again.
 *
 * @throws BrokerAdministrationError, RemotingError
 */
export async function endOf(group: GroupOfTopics): Promise<QueuePositions> {
  const { administration, topics } = group;
  const brokers = await administration.brokersOfCluster(topics);
  const ofTopics = topics.map(async topic => {
    const hosts = await administration.queuesOf(topic);
    const ends = hosts.flatMap(({ broker, queues }) => endsOf(group, brokerNamed(brokers, broker), topic, queues));
    return Promise.all(ends);
  });
  return (await Promise.all([...ofTopics, retryEnds(group, brokers)])).flat();
}

/**
 * How many messages came back to a group since they had failed.
 *
 * @throws BrokerAdministrationError, RemotingError
 */
export async function retriesSoFar(group: GroupOfTopics): Promise<number> {
  const ends = await retryEnds(group, await group.administration.brokersOfCluster(group.topics));
  return ends.reduce((sum, { offset }) => sum + offset, 0);
}

interface GroupOfTopics {
  readonly administration: BrokerAdministration;
  readonly canaryGroup: string;
  readonly topics: readonly string[];
}

function endsOf(
  { administration }: GroupOfTopics,
  broker: Broker,
  topic: string,
  queues: number,
): Promise<QueuePosition>[] {
  return Array.from({ length: queues }, async (_, queueId) => {
    const offset = await administration.maxOffset(broker, topic, queueId);
    return { broker: broker.name, topic, queueId, offset };
  });
}

async function retryEnds(group: GroupOfTopics, brokers: readonly Broker[]): Promise<QueuePositions> {
  const { administration, canaryGroup, topics } = group;
  const ofRetries = brokers.map(async broker => {
    // Not by their routes: a broker tells name servers of these topics only some time after it has put retries there.
    const settings = await administration.groupSettings(broker, canaryGroup);
    const queues = Math.max(1, Number(settings?.retryQueueNums ?? 1));
    return Promise.all(retryTopics(canaryGroup, topics).flatMap(topic => endsOf(group, broker, topic, queues)));
  });
  return (await Promise.all(ofRetries)).flat();
}

/**
 * Whether a group has got past a position on every queue, by the offsets that it committed.
 *
 * @throws BrokerAdministrationError, RemotingError, also for a broker that is away: what it has may be still to be read
 */
export async function hasPassed(
  { administration, canaryGroup }: { administration: BrokerAdministration; canaryGroup: string },
  positions: QueuePositions,
): Promise<boolean> {
  const ahead = positions.filter(({ offset }) => offset > 0);
  if (ahead.length === 0) return true;
  // Their topics say which clusters to look into; those of retries may be unknown to the name servers.
  const topics = [...new Set(ahead.map(({ topic }) => topic))];
  const brokers = await administration.brokersOfCluster(topics);
  const passed = ahead.map(async ({ broker, topic, queueId, offset }) => {
    const committed = await administration.committedOffset(brokerNamed(brokers, broker), canaryGroup, topic, queueId);
    return committed !== undefined && committed >= offset;
  });
  return (await Promise.all(passed)).every(Boolean);
}

/**
 * Names of the topics that brokers put a group's retries in: of clients of the remoting protocol; of POP; of POP since 5.2
 * where enableRetryTopicV2 is set (KeyBuilder.java, 5.5). The end of one that is not there is 0.
 */
export function retryTopics(group: string, topics: readonly string[]): string[] {
  return [`%RETRY%${group}`, ...topics.flatMap(topic => [`%RETRY%${group}_${topic}`, `%RETRY%${group}+${topic}`])];
}
