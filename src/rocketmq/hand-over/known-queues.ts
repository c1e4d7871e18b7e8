/** Notices topics that have got queues since a canary's group had an offset on every one. */
import type { BrokerAdministration } from '../administration/broker-administration';

/** The queues of a topic: a number for each broker, by its name. */
type QueueCounts = ReadonlyMap<string, number>;

export interface ChangedQueues {
  readonly topics: readonly string[];
  /** Those of them that have more than ever before; of the others, a broker is back. */
  readonly grown: readonly string[];
}

export interface KnownQueues {
  /** The queues that topics have now. @throws BrokerAdministrationError, RemotingError */
  of(topics: readonly string[]): Promise<ReadonlyMap<string, QueueCounts>>;
  /** A group has offsets on these queues of a topic. @param away names of brokers that could not be asked */
  ensured(topic: string, queues: QueueCounts, away: ReadonlySet<string>): void;
  /** The topics with queues that were not there a moment ago, each told once. @throws as {@link of} */
  changed(): Promise<ChangedQueues>;
  forget(topic: string): void;
}

export function knownQueues(administration: Pick<BrokerAdministration, 'queuesOf'>): KnownQueues {
  const known = new Map<string, QueueCounts>();
  /** As many as there ever were. */
  const most = new Map<string, Map<string, number>>();
  /** @returns whether there were never as many */
  function isMost(topic: string, queues: QueueCounts): boolean {
    const former = most.get(topic) ?? new Map<string, number>();
    const more = [...queues].filter(([broker, count]) => count > (former.get(broker) ?? 0));
    most.set(topic, new Map([...former, ...more]));
    return more.length > 0;
  }

  async function of(topics: readonly string[]): Promise<Map<string, QueueCounts>> {
    const found = topics.map(async topic => {
      const hosts = await administration.queuesOf(topic);
      return [topic, new Map(hosts.map(({ broker, queues }) => [broker, queues]))] as const;
    });
    return new Map(await Promise.all(found));
  }

  return {
    of,
    ensured(topic, queues, away) {
      // Of a topic that was known, queues that came since are not forgotten. Those of brokers that were away count as new.
      if (!most.has(topic)) most.set(topic, new Map(queues));
      if (known.has(topic) && away.size === 0) return;
      known.set(topic, new Map([...queues].filter(([broker]) => !away.has(broker))));
    },
    async changed() {
      const topics: string[] = [];
      const grown: string[] = [];
      for (const [topic, now] of await of([...known.keys()])) {
        const before = known.get(topic);
        if (before === undefined) continue;
        // A broker that comes back counts as well: it may have lost what it had not yet written.
        known.set(topic, now);
        const isMore = isMost(topic, now);
        if (![...now].some(([broker, count]) => count > (before.get(broker) ?? 0))) continue;
        topics.push(topic);
        if (isMore) grown.push(topic);
      }
      return { topics, grown };
    },
    forget(topic) {
      known.delete(topic);
      most.delete(topic);
    },
  };
}
