/** Which brokers there are, and which of them host a topic. */
import type { Broker } from '../../rocketmq/administration/broker';
import { brokersIn, type TopicHost, topicHostsIn } from '../../rocketmq/administration/cluster-map';
import { GET_BROKER_CLUSTER_INFO, GET_ROUTEINFO_BY_TOPIC, TOPIC_NOT_EXIST } from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';

export interface RouteQuestions {
  /** All brokers that a name server lists. */
  brokersBy(nameServer: string): Promise<Broker[]>;
  /** Undefined: there is no such topic. Also of a proxy. */
  topic(address: string, topic: string): Promise<TopicHost[] | undefined>;
}

export function routeQuestions(ask: Ask): RouteQuestions {
  return {
    async brokersBy(nameServer) {
      const response = await ask(nameServer, GET_BROKER_CLUSTER_INFO);
      return brokersIn(response).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async topic(address, topic) {
      const response = await ask(address, GET_ROUTEINFO_BY_TOPIC, { topic }, { allowed: [TOPIC_NOT_EXIST] });
      if (response.code === TOPIC_NOT_EXIST) return undefined;
      return topicHostsIn(response).sort((a, b) => (a.broker < b.broker ? -1 : 1));
    },
  };
}
