/** Where a group stands in all the queues that it reads on a broker, by one question. */
import { GET_CONSUME_STATS } from '../remoting/codes';
import type { RemotingResponse } from '../remoting/connection';
import type { Broker } from './broker';
import { bodyOf, type Servers } from './servers';

export interface GroupInQueue {
  readonly topic: string;
  readonly queueId: number;
  /** Where the next message will be. */
  readonly end: number;
  /** Where the group goes on; 0 also where it has no offset. */
  readonly committed: number;
}

export interface ConsumeStats {
  /** The queues of every topic that the group ever read on the broker, and of its retries. */
  consumeStats(broker: Broker, group: string): Promise<readonly GroupInQueue[]>;
}

export const consumeStatsFields = (group: string) => ({ consumerGroup: group, topic: '' });

/** ConsumeStats.java: by MessageQueue. */
interface StatsBody {
  readonly offsetTable?: Readonly<Record<string, { brokerOffset: number; consumerOffset: number }>>;
}

export function consumeStatsIn(response: RemotingResponse): readonly GroupInQueue[] {
  const { offsetTable = {} } = bodyOf<StatsBody>(response);
  return Object.entries(offsetTable).map(([queue, { brokerOffset, consumerOffset }]) => {
    const { topic, queueId } = JSON.parse(queue) as { topic: string; queueId: number };
    return { topic, queueId, end: brokerOffset, committed: consumerOffset };
  });
}

export function consumeStats({ askBroker }: Servers): ConsumeStats {
  return {
    async consumeStats(broker, group) {
      return consumeStatsIn(await askBroker(broker, GET_CONSUME_STATS, consumeStatsFields(group)));
    },
  };
}
