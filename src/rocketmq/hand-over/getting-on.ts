/** Whether canaries' groups get on, by where they stood before. */
import type { BrokerAdministration } from '../administration/broker-administration';
import { retryTopics } from '../administration/group-progress';
import { BrokerAdministrationError } from '../administration/refusal';

export interface GettingOn {
  /** See {@link HandOverSource.isStuck}. */
  isStuck(canaryGroup: string, topics: readonly string[]): Promise<boolean>;
}

/** Where the queues ended, by broker, topic and queue. */
type Ends = ReadonlyMap<string, number>;

/** Of more groups the oldest are forgotten, and the next look at them tells nothing. */
const REMEMBERED = 1_000;

export function gettingOn(administration: BrokerAdministration): GettingOn {
  /** By the canary's group: as it was asked last. */
  const before = new Map<string, Ends>();

  async function look(canaryGroup: string, topics: readonly string[]): Promise<boolean> {
    const brokers = await administration.brokersOfCluster(topics);
    const ofIts = new Set([...topics, ...retryTopics(canaryGroup, topics)]);
    const former = before.get(canaryGroup);
    const ends = new Map<string, number>();
    const stuck = await Promise.all(
      brokers.map(async broker => {
        const queues = await administration.consumeStats(broker, canaryGroup).catch(unlessRefused);
        const known = queues.filter(({ topic }) => ofIts.has(topic));
        return known
          .map(({ topic, queueId, end, committed }) => {
            const key = `${broker.name} ${topic} ${queueId}`;
            ends.set(key, end);
            return committed < (former?.get(key) ?? 0);
          })
          .includes(true);
      }),
    );
    before.delete(canaryGroup);
    before.set(canaryGroup, ends);
    for (const oldest of before.keys()) {
      if (before.size <= REMEMBERED) break;
      before.delete(oldest);
    }
    return stuck.includes(true);
  }

  return {
    // Where it cannot be seen all stand in, as if nothing was shared out.
    isStuck: (canaryGroup, topics) =>
      look(canaryGroup, topics).catch(error => error instanceof BrokerAdministrationError),
  };
}

/** A broker that is away keeps nobody busy. @throws what it answers with */
function unlessRefused(error: unknown): readonly [] {
  if (error instanceof BrokerAdministrationError) throw error;
  return [];
}
