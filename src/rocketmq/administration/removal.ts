/** Removes groups and topics from brokers: for people who clean up, no agent does it. */
import {
  CONSUMER_NOT_ONLINE,
  DELETE_SUBSCRIPTIONGROUP,
  DELETE_TOPIC_IN_BROKER,
  DELETE_TOPIC_IN_NAMESRV,
  GET_CONSUMER_CONNECTION_LIST,
  SYSTEM_ERROR,
  TOPIC_NOT_EXIST,
} from '../remoting/codes';
import type { Broker } from './broker';
import { connectedConsumers } from './consumer-connection';
import { type ServersOptions, serversAt } from './servers';

export interface Removal {
  /** Who is connected in a group, by client id. */
  membersOf(broker: Broker, group: string): Promise<readonly string[]>;
  /** A group with its settings and, where the broker can (4.9 and later), its offsets. One that is not there is no error. */
  removeGroup(broker: Broker, group: string): Promise<void>;
  /** A topic, from a broker. One that is not there is no error. */
  removeTopic(broker: Broker, topic: string): Promise<void>;
  /** What name servers know of a topic. */
  forgetTopic(topic: string): Promise<void>;
  close(): void;
}

/** Each of them throws BrokerAdministrationError or RemotingError. */
export function removal(options: ServersOptions): Removal {
  const { askBroker, askEachNameServer, close } = serversAt(options);
  return {
    async membersOf(broker, consumerGroup) {
      const allowed = [CONSUMER_NOT_ONLINE];
      const response = await askBroker(broker, GET_CONSUMER_CONNECTION_LIST, { consumerGroup }, { allowed });
      if (response.code === CONSUMER_NOT_ONLINE) return [];
      return connectedConsumers(response).members.map(({ clientId }) => clientId);
    },
    async removeGroup(broker, groupName) {
      // DeleteSubscriptionGroupRequestHeader.java: `removeOffset` in 4.9, `cleanOffset` since 5.0.
      const fields = { groupName, removeOffset: 'true', cleanOffset: 'true' };
      await askBroker(broker, DELETE_SUBSCRIPTIONGROUP, fields);
    },
    async removeTopic(broker, topic) {
      await askBroker(broker, DELETE_TOPIC_IN_BROKER, { topic }, { allowed: [TOPIC_NOT_EXIST] });
    },
    async forgetTopic(topic) {
      await askEachNameServer(DELETE_TOPIC_IN_NAMESRV, { topic }, [SYSTEM_ERROR]);
    },
    close,
  };
}
