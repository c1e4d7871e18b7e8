import { type BrokerAdministration, brokerNamed } from './broker-administration';

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
export async function endOf({
  administration,
  canaryGroup,
  topics,
}: {
  administration: BrokerAdministration;
  canaryGroup: string;
  topics: readonly string[];
}): Promise<QueuePositions> {
  const brokers = await administration.brokersOfCluster(topics);
  const ends = [...topics, ...retryTopics(canaryGroup, topics)].map(async topic => {
    const hosts = await administration.queuesOf(topic);
    const queues = hosts.flatMap(({ broker, queues }) =>
      Array.from({ length: queues }, async (_, queueId) => {
        const offset = await administration.maxOffset(brokerNamed(brokers, broker), topic, queueId);
        return { broker, topic, queueId, offset };
      }),
    );
    return Promise.all(queues);
  });
  return (await Promise.all(ends)).flat();
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
  const brokers = await administration.brokersOfCluster([...new Set(ahead.map(({ topic }) => topic))]);
  const passed = ahead.map(async ({ broker, topic, queueId, offset }) => {
    const committed = await administration.committedOffset(brokerNamed(brokers, broker), canaryGroup, topic, queueId);
    return committed !== undefined && committed >= offset;
  });
  return (await Promise.all(passed)).every(Boolean);
}

/** Names of the topics that brokers put a group's retries in: 4.x and the remoting protocol; POP; POP since 5.2, if told to (KeyBuilder.java, 5.5). */
function retryTopics(group: string, topics: readonly string[]): string[] {
  return [`%RETRY%${group}`, ...topics.flatMap(topic => [`%RETRY%${group}_${topic}`, `%RETRY%${group}+${topic}`])];
}
