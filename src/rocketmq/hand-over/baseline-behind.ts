/**
 * A canary's group that nobody prepared may begin ahead of where the baseline's group stands: one that another agent, or nobody,
 * made a canary, begins at the end. What is between is the baseline's to take: it leaves nothing out before it got there.
 */
import { brokerNamed } from '../administration/broker';
import type { BrokerAdministration } from '../administration/broker-administration';
import type { QueueOffsets } from '../plan/left-out';
import type { Beginning } from '../plan/subscription';

export interface BaselineBehind {
  /**
   * Whether the baseline's group is still behind the place in a topic where a canary's group was when it was asked for first.
   *
   * @param offsets of the canary's group now
   * @throws BrokerAdministrationError, RemotingError
   */
  isBehind(tag: string, topic: string, offsets: QueueOffsets): Promise<boolean>;
}

type Means = Pick<BrokerAdministration, 'brokersOfCluster' | 'committedOffset' | 'initialOffset'>;

export function baselineBehind(
  administration: Means,
  baselineGroup: string,
  beginning: Beginning | undefined,
): BaselineBehind {
  /** By tag and topic, neither of which has a blank in it. */
  const first = new Map<string, QueueOffsets>();

  return {
    async isBehind(tag, topic, offsets) {
      const place = `${tag} ${topic}`;
      const begun = first.get(place) ?? offsets;
      first.set(place, begun);
      const brokers = await administration.brokersOfCluster([topic]);
      const behind = [...begun].map(async ([queue, offset]) => {
        if (offset === 0) return false;
        const at = queue.lastIndexOf(':');
        const broker = brokerNamed(brokers, queue.slice(0, at));
        const asked = [broker, baselineGroup, topic, Number(queue.slice(at + 1))] as const;
        const own =
          (await administration.committedOffset(...asked)) ?? (await administration.initialOffset(...asked, beginning));
        return own !== undefined && own < offset;
      });
      const isBehind = (await Promise.all(behind)).some(Boolean);
      if (!isBehind) first.delete(place);
      return isBehind;
    },
  };
}
