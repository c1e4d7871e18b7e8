/** What people ask a cluster and the agent does not: each question is one command of the remoting protocol, and changes nothing. */

import type { Credentials } from '../../names/credentials';
import {
  type Broker,
  BrokerAdministrationError,
  brokersIn,
  type ClusterInfo,
  plainWords,
} from '../../rocketmq/administration/broker-administration';
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import {
  type AnnouncementKind,
  type Announcer,
  announcementGroup,
  parseAnnouncementGroup,
  parseAnnouncer,
} from '../../rocketmq/presence/announcement-name';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/stand-in-client-id';
import {
  CONSUMER_NOT_ONLINE,
  GET_ALL_PRODUCER_INFO,
  GET_BROKER_CLUSTER_INFO,
  GET_CONSUME_STATS,
  GET_CONSUMER_CONNECTION_LIST,
  GET_PRODUCER_CONNECTION_LIST,
  GET_ROUTEINFO_BY_TOPIC,
  NO_PERMISSION,
  NO_PRODUCER,
  REQUEST_CODE_NOT_SUPPORTED,
  SUCCESS,
  SYSTEM_ERROR,
  TOPIC_NOT_EXIST,
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
  VIEW_BROKER_STATS_DATA,
} from '../../rocketmq/remoting/codes';
import { type RemotingConnection, type RemotingResponse, remotingConnection } from '../../rocketmq/remoting/connection';
import { parseFastjson } from '../../rocketmq/remoting/frame';
import type { Member } from '../fleet/fleet-shape';
import { withoutAccount } from './answer';
import { releaseOf } from './broker-version';

export interface TopicHost {
  readonly broker: string;
  readonly cluster: string;
  readonly readQueues: number;
  readonly writeQueues: number;
  /** Bits of PermName.java: 4 read, 2 write. */
  readonly perm: number;
}

/** Who is connected in a consumer group. */
export interface GroupMembers {
  readonly members: readonly Member[];
  /** By topic: the filter that the broker has for the group, of whichever member said it last. */
  readonly filters: Readonly<Record<string, FilterExpression>>;
  readonly isBroadcast: boolean;
}

export interface AnnouncedProcess {
  readonly kind: AnnouncementKind;
  readonly group: string;
  readonly announcer: Announcer;
}

/** Where a group stands on one broker. */
export interface GroupStats {
  readonly queues: readonly {
    readonly topic: string;
    readonly queueId: number;
    readonly end: number;
    /** 0 also where the group has none. */
    readonly committed: number;
  }[];
}

export interface ClusterInspection {
  /** All brokers that a name server lists. */
  brokersBy(nameServer: string): Promise<Broker[]>;
  /** Undefined: there is no such topic. Also of a proxy. */
  topic(address: string, topic: string): Promise<TopicHost[] | undefined>;
  /** The release of the server; undefined: it does not say. It answers whoever asks. */
  release(address: string): Promise<string | undefined>;
  /** Nobody: no members. Also of a proxy. */
  members(address: string, group: string): Promise<GroupMembers>;
  /** All announcements on a broker; undefined: it cannot list them (before 4.9.3). */
  announcements(broker: string): Promise<AnnouncedProcess[] | undefined>;
  announcementsOf(broker: string, kind: AnnouncementKind, group: string): Promise<AnnouncedProcess[]>;
  stats(broker: string, group: string): Promise<GroupStats>;
  /** Messages a second of the last minute, taken by a group from a topic; 0 also where nothing was counted yet. */
  takenPerSecond(broker: string, topic: string, group: string): Promise<number>;
  /** Messages a second of the last minute, put into a topic. */
  putPerSecond(broker: string, topic: string): Promise<number>;
  /** What the broker says against this account's creating groups; undefined: nothing. Creates none. */
  refusalOfGroups(broker: string): Promise<string | undefined>;
  close(): void;
}

const TIMEOUT_MS = 3_000;

/** All addresses are `host:port`. Each question rejects with BrokerAdministrationError or RemotingError. */
export function clusterInspection(
  credentials: Credentials | undefined,
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {},
): ClusterInspection {
  const connections = new Map<string, RemotingConnection>();

  /** @param allowed error codes that are an answer */
  async function ask(
    address: string,
    command: number,
    fields: Record<string, string> = {},
    { body, allowed = [] }: { body?: Buffer; allowed?: readonly number[] | 'all' } = {},
  ): Promise<RemotingResponse> {
    let connection = connections.get(address);
    if (connection === undefined) {
      connection = remotingConnection(address, { credentials });
      connections.set(address, connection);
    }
    const response = await connection.request(command, fields, body, timeoutMs);
    const isAnswer = response.code === SUCCESS || allowed === 'all' || allowed.includes(response.code);
    if (!isAnswer) throw refusal(address, command, response);
    return response;
  }

  async function perSecond(broker: string, statsName: string, statsKey: string): Promise<number> {
    const response = await ask(broker, VIEW_BROKER_STATS_DATA, { statsName, statsKey }, { allowed: [SYSTEM_ERROR] });
    if (response.code === SYSTEM_ERROR) {
      // "The stats <…> not exist": nothing was counted under that name.
      if (/not exist/.test(response.remark)) return 0;
      throw refusal(broker, VIEW_BROKER_STATS_DATA, response);
    }
    // BrokerStatsData.java
    const { statsMinute } = bodyOf<{ statsMinute?: { tps?: number } }>(response);
    return statsMinute?.tps ?? 0;
  }

  return {
    async brokersBy(nameServer) {
      const response = await ask(nameServer, GET_BROKER_CLUSTER_INFO);
      return brokersIn(bodyOf<ClusterInfo>(response)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async topic(address, topic) {
      const response = await ask(address, GET_ROUTEINFO_BY_TOPIC, { topic }, { allowed: [TOPIC_NOT_EXIST] });
      if (response.code === TOPIC_NOT_EXIST) return undefined;
      const { brokerDatas = [], queueDatas = [] } = bodyOf<TopicRoute>(response);
      const clusters = new Map(brokerDatas.map(({ brokerName, cluster }) => [brokerName, cluster]));
      return queueDatas
        .map(({ brokerName, readQueueNums, writeQueueNums, perm }) => ({
          broker: brokerName,
          cluster: clusters.get(brokerName) ?? '',
          readQueues: readQueueNums,
          writeQueues: writeQueueNums,
          perm,
        }))
        .sort((a, b) => (a.broker < b.broker ? -1 : 1));
    },
    async release(address) {
      // Whatever it answers, also that it does not let this account in, it answers as what it is.
      const fields = { producerGroup: 'rocketmq-gray' };
      const { version } = await ask(address, GET_PRODUCER_CONNECTION_LIST, fields, { allowed: 'all' });
      return releaseOf(version);
    },
    async members(address, group) {
      const fields = { consumerGroup: group };
      const response = await ask(address, GET_CONSUMER_CONNECTION_LIST, fields, { allowed: [CONSUMER_NOT_ONLINE] });
      if (response.code === CONSUMER_NOT_ONLINE) return { members: [], filters: {}, isBroadcast: false };
      const { connectionSet = [], subscriptionTable = {}, messageModel } = bodyOf<ConsumerConnection>(response);
      return {
        members: connectionSet
          .map(({ clientId, clientAddr, language }) => ({
            clientId,
            address: clientAddr,
            language,
            isStandIn: clientId.endsWith(STAND_IN_SUFFIX),
          }))
          .sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
        filters: Object.fromEntries(
          Object.entries(subscriptionTable).map(([topic, { subString, expressionType }]) => [
            topic,
            { type: expressionType === 'SQL92' ? ('SQL92' as const) : ('TAG' as const), expression: subString },
          ]),
        ),
        isBroadcast: messageModel === 'BROADCASTING',
      };
    },
    async announcements(broker) {
      const response = await ask(broker, GET_ALL_PRODUCER_INFO, {}, { allowed: [REQUEST_CODE_NOT_SUPPORTED] });
      if (response.code === REQUEST_CODE_NOT_SUPPORTED) return undefined;
      // ProducerTableInfo.java
      const { data = {} } = bodyOf<{ data?: Record<string, { clientId?: string }[]> }>(response);
      return Object.entries(data).flatMap(([producerGroup, clients]) => {
        const announced = parseAnnouncementGroup(producerGroup);
        return announced === undefined ? [] : processesIn(announced.kind, announced.group, clients);
      });
    },
    async announcementsOf(broker, kind, group) {
      const fields = { producerGroup: announcementGroup(kind, group) };
      const response = await ask(broker, GET_PRODUCER_CONNECTION_LIST, fields, { allowed: [SYSTEM_ERROR] });
      if (response.code === SYSTEM_ERROR) {
        if (NO_PRODUCER.test(response.remark)) return [];
        throw refusal(broker, GET_PRODUCER_CONNECTION_LIST, response);
      }
      return processesIn(kind, group, bodyOf<ConsumerConnection>(response).connectionSet ?? []);
    },
    async stats(broker, group) {
      const response = await ask(broker, GET_CONSUME_STATS, { consumerGroup: group, topic: '' });
      const { offsetTable = {} } = bodyOf<ConsumeStats>(response);
      return {
        queues: Object.entries(offsetTable).map(([queue, { brokerOffset, consumerOffset }]) => {
          const { topic, queueId } = JSON.parse(queue) as { topic: string; queueId: number };
          return { topic, queueId, end: brokerOffset, committed: consumerOffset };
        }),
      };
    },
    takenPerSecond: (broker, topic, group) => perSecond(broker, 'GROUP_GET_NUMS', `${topic}@${group}`),
    putPerSecond: (broker, topic) => perSecond(broker, 'TOPIC_PUT_NUMS', topic),
    async refusalOfGroups(broker) {
      // Settings of no group: a broker that lets the account create groups has nothing to do
      // (AdminBrokerProcessor.updateAndCreateSubscriptionGroup, 4.5 to 5.5).
      const nothing = { body: Buffer.from('null'), allowed: [SYSTEM_ERROR, NO_PERMISSION] };
      const { code, remark } = await ask(broker, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, nothing);
      return code === SUCCESS ? undefined : withoutAccount(plainWords(remark), credentials);
    },
    close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

function processesIn(
  kind: AnnouncementKind,
  group: string,
  clients: readonly { readonly clientId?: string }[],
): AnnouncedProcess[] {
  return clients.flatMap(({ clientId }) => {
    const announcer = parseAnnouncer(clientId ?? '');
    return announcer === undefined ? [] : [{ kind, group, announcer }];
  });
}

/** TopicRouteData.java, as far as it is used. */
interface TopicRoute {
  brokerDatas?: { brokerName: string; cluster: string }[];
  queueDatas?: { brokerName: string; readQueueNums: number; writeQueueNums: number; perm: number }[];
}

/** ConsumerConnection.java, ProducerConnection.java */
interface ConsumerConnection {
  connectionSet?: { clientId: string; clientAddr: string; language: string }[];
  subscriptionTable?: Record<string, { subString: string; expressionType?: string }>;
  messageModel?: string;
}

/** ConsumeStats.java: by MessageQueue. */
interface ConsumeStats {
  offsetTable?: Record<string, { brokerOffset: number; consumerOffset: number }>;
}

function bodyOf<Body>(response: RemotingResponse): Body {
  return parseFastjson(response.body.toString()) as Body;
}

function refusal(address: string, command: number, { code, remark }: RemotingResponse): BrokerAdministrationError {
  return new BrokerAdministrationError(address, command, code, `error ${code}, ${plainWords(remark)}`);
}
