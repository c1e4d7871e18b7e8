/** How many messages a second a broker takes in and gives out: the mean of the last minute. */
import { refusal } from '../../rocketmq/administration/refusal';
import { bodyOf } from '../../rocketmq/administration/servers';
import { SYSTEM_ERROR, VIEW_BROKER_STATS_DATA } from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';

export interface RateQuestions {
  /** Messages a second that a group takes from a topic; 0 also where nothing was counted yet. */
  takenPerSecond(broker: string, topic: string, group: string): Promise<number>;
  /** Messages a second that are put into a topic; 0 also where nothing was counted yet. */
  putPerSecond(broker: string, topic: string): Promise<number>;
}

/** BrokerStatsData.java */
interface BrokerStats {
  readonly statsMinute?: { readonly tps?: number };
}

export function rateQuestions(ask: Ask): RateQuestions {
  async function perSecond(broker: string, statsName: string, statsKey: string): Promise<number> {
    const response = await ask(broker, VIEW_BROKER_STATS_DATA, { statsName, statsKey }, { allowed: [SYSTEM_ERROR] });
    if (response.code === SYSTEM_ERROR) {
      // "The stats <…> not exist": nothing was counted under that name.
      if (/not exist/.test(response.remark)) return 0;
      throw refusal(broker, VIEW_BROKER_STATS_DATA, response);
    }
    return bodyOf<BrokerStats>(response).statsMinute?.tps ?? 0;
  }

  return {
    takenPerSecond: (broker, topic, group) => perSecond(broker, 'GROUP_GET_NUMS', `${topic}@${group}`),
    putPerSecond: (broker, topic) => perSecond(broker, 'TOPIC_PUT_NUMS', topic),
  };
}
