import type { Credentials } from '../../names/credentials';
import type { FilterExpression } from '../plan/filter-expression';
import type { Beginning } from '../plan/subscription';
import {
  CHECK_CLIENT_CONFIG,
  DELETE_KV_CONFIG,
  GET_ALL_CONSUMER_OFFSET,
  GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
  GET_BROKER_CLUSTER_INFO,
  GET_KVLIST_BY_NAMESPACE,
  GET_MAX_OFFSET,
  GET_ROUTEINFO_BY_TOPIC,
  NO_PERMISSION,
  PUT_KV_CONFIG,
  QUERY_CONSUMER_OFFSET,
  QUERY_NOT_FOUND,
  SEARCH_OFFSET_BY_TIMESTAMP,
  SQL92_DISABLED,
  SUBSCRIPTION_PARSE_FAILED,
  SUCCESS,
  SYSTEM_ERROR,
  TOPIC_NOT_EXIST,
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
  UPDATE_CONSUMER_OFFSET,
} from '../remoting/codes';
import { type RemotingConnection, type RemotingResponse, remotingConnection } from '../remoting/connection';
import { parseFastjson } from '../remoting/frame';
import type { Connect } from '../remoting/runtime';

/** A broker of a cluster. */
export interface Broker {
  readonly name: string;
  readonly cluster: string;
  /** `host:port` of its master; undefined while only replicas are registered. */
  readonly address: string | undefined;
}

/** The queues of a topic that consumers read on one broker: 0 up to `queues - 1`. */
export interface TopicQueues {
  readonly broker: string;
  readonly cluster: string;
  readonly queues: number;
}

/** A consumer group's settings: the fields of SubscriptionGroupConfig.java, whichever the broker's version has. */
export interface GroupSettings {
  readonly groupName: string;
  readonly [field: string]: unknown;
}

/**
 * What mqadmin does to consumer groups, over the remoting protocol. Each call throws BrokerAdministrationError for a
 * server that answers with an error, RemotingError for one that does not answer within the time for a request.
 */
export interface BrokerAdministration {
  /** The name servers: `host:port;host:port` */
  readonly namesrv: string;
  /** All brokers of the clusters that host one of the topics; of the only cluster there is when none is hosted yet. */
  brokersOfCluster(topics: readonly string[]): Promise<Broker[]>;
  /** Where a topic's queues are; empty for an unknown topic. */
  queuesOf(topic: string): Promise<TopicQueues[]>;
  /** A group's settings; undefined when the broker has no such group. */
  groupSettings(broker: Broker, group: string): Promise<GroupSettings | undefined>;
  /** Creates a group, or replaces the settings of an existing one. */
  putGroup(broker: Broker, settings: GroupSettings): Promise<void>;
  /** Where a group continues to read a queue; undefined when it never committed an offset there. */
  committedOffset(broker: Broker, group: string, topic: string, queueId: number): Promise<number | undefined>;
  /**
   * Where a group that never committed an offset in a queue begins to read it now, by clients with this `beginning`: without
   * one at 0 or at its end. Undefined when the account is not told where that is.
   */
  initialOffset(
    broker: Broker,
    group: string,
    topic: string,
    queueId: number,
    beginning?: Beginning,
  ): Promise<number | undefined>;
  /** Sets where a group continues to read a queue. */
  commitOffset(broker: Broker, group: string, topic: string, queueId: number, offset: number): Promise<void>;
  /** Where the next message of a queue will be. */
  maxOffset(broker: Broker, topic: string, queueId: number): Promise<number>;
  /**
   * A namespace of the key-value configuration, from each name server that answers: each keeps its own. Empty when none
   * does.
   */
  keyValues(namespace: string): Promise<ReadonlyMap<string, string>[]>;
  /** Sets a value on every name server. @returns how many took it */
  putKeyValue(namespace: string, key: string, value: string): Promise<number>;
  /** Removes a key from every name server. @returns how many have it no longer */
  deleteKeyValue(namespace: string, key: string): Promise<number>;
  /** What a broker says against a filter; undefined when it takes it. */
  filterProblem(
    broker: Broker,
    group: string,
    topic: string,
    filter: FilterExpression,
  ): Promise<FilterProblem | undefined>;
  close(): void;
}

/** Why a broker does not take a filter: SQL92 is switched off (enablePropertyFilter=false), or it does not parse. */
export interface FilterProblem {
  readonly kind: 'disabled' | 'malformed';
  /** The broker's own. */
  readonly words: string;
}

/** A broker by its name. One that is not listed is away, which a question to it will say. */
export function brokerNamed(brokers: readonly Broker[], name: string): Broker {
  return brokers.find(broker => broker.name === name) ?? { name, cluster: '', address: undefined };
}

/** A server's refusal; the message names the server, the command and the server's own words. */
export class BrokerAdministrationError extends Error {
  override readonly name = 'BrokerAdministrationError';

  constructor(
    readonly address: string,
    readonly command: number,
    /** Of ResponseCode.java; undefined when there was no server to ask. */
    readonly code: number | undefined,
    problem: string,
  ) {
    super(`RocketMQ at ${address}, command ${command}: ${problem}`);
  }
}

/** MQVersion.V5_0_0_SNAPSHOT */
const VERSION_5 = 412;

const MASTER_ID = '0';
const REQUEST_TIMEOUT_MS = 3_000;

/** @param options namesrv: `host:port;host:port`; credentials: each request is signed; timeoutMs: for one request */
export function brokerAdministration({
  namesrv,
  credentials,
  timeoutMs = REQUEST_TIMEOUT_MS,
  connect = remotingConnection,
}: {
  namesrv: string;
  credentials?: Credentials | undefined;
  timeoutMs?: number;
  connect?: Connect;
}): BrokerAdministration {
  const nameServers = namesrv.split(/[;,\s]+/).filter(address => address !== '');
  const connections = new Map<string, RemotingConnection>();
  const tablesUnderWay = new Map<string, Promise<unknown>>();
  /** The name server that answered last: one that is away costs its time-out once, not at each request. */
  let preferred = 0;

  function connectionTo(address: string): RemotingConnection {
    let connection = connections.get(address);
    if (!connection) {
      connection = connect(address, { credentials });
      connections.set(address, connection);
    }
    return connection;
  }

  async function askNameServer(command: number, fields: Record<string, string>): Promise<[RemotingResponse, string]> {
    let failure: unknown;
    const first = preferred;
    for (let attempt = 0; attempt < nameServers.length; attempt++) {
      const index = (first + attempt) % nameServers.length;
      const address = nameServers[index] ?? '';
      try {
        const response = await connectionTo(address).request(command, fields, undefined, timeoutMs);
        preferred = index;
        return [response, address];
      } catch (error) {
        failure = error;
      }
    }
    throw failure ?? new BrokerAdministrationError(namesrv, command, undefined, 'no name server is given');
  }

  /** The answers of those that answered with one of `allowed` or without an error. */
  async function askEachNameServer(
    command: number,
    fields: Record<string, string>,
    allowed: readonly number[] = [],
  ): Promise<RemotingResponse[]> {
    const asked = nameServers.map(address => connectionTo(address).request(command, fields, undefined, timeoutMs));
    const answers = await Promise.allSettled(asked);
    return answers
      .filter(answer => answer.status === 'fulfilled')
      .map(({ value }) => value)
      .filter(({ code }) => code === SUCCESS || allowed.includes(code));
  }

  /** @param allowed error codes that are an answer */
  async function askBroker(
    broker: Broker,
    command: number,
    fields: Record<string, string>,
    { body, allowed = [] }: { body?: Buffer; allowed?: readonly number[] } = {},
  ): Promise<RemotingResponse> {
    const { address } = broker;
    if (address === undefined) {
      throw new BrokerAdministrationError(broker.name, command, undefined, 'no master is registered');
    }
    const response = await connectionTo(address).request(command, fields, body, timeoutMs);
    if (!allowed.includes(response.code)) succeed(address, command, response);
    return response;
  }

  async function queuesOf(topic: string): Promise<TopicQueues[]> {
    const [response, address] = await askNameServer(GET_ROUTEINFO_BY_TOPIC, { topic });
    if (response.code === TOPIC_NOT_EXIST) return [];
    succeed(address, GET_ROUTEINFO_BY_TOPIC, response);
    const { brokerDatas = [], queueDatas = [] } = parseBody<TopicRouteData>(response);
    const clusters = new Map(brokerDatas.map(({ brokerName, cluster }) => [brokerName, cluster]));
    return queueDatas.map(({ brokerName, readQueueNums }) => ({
      broker: brokerName,
      cluster: clusters.get(brokerName) ?? '',
      queues: readQueueNums,
    }));
  }

  async function queryOffset(broker: Broker, fields: Record<string, string>) {
    const response = await askBroker(broker, QUERY_CONSUMER_OFFSET, fields, { allowed: [QUERY_NOT_FOUND] });
    const { code, version } = response;
    return {
      offset: code === QUERY_NOT_FOUND ? undefined : offsetOf(broker, QUERY_CONSUMER_OFFSET, response),
      version,
    };
  }

  /** A broker's table of something of all groups; those who ask at the same time share an answer. */
  function wholeTable<Table>(broker: Broker, command: number): Promise<Table> {
    const key = `${broker.name} ${command}`;
    let table = tablesUnderWay.get(key) as Promise<Table> | undefined;
    if (!table) {
      table = askBroker(broker, command, {})
        .then(parseBody<Table>)
        .finally(() => tablesUnderWay.delete(key));
      tablesUnderWay.set(key, table);
    }
    return table;
  }
  const allOffsets = (broker: Broker) => wholeTable<ConsumerOffsets>(broker, GET_ALL_CONSUMER_OFFSET);

  return {
    namesrv,
    queuesOf,
    async brokersOfCluster(topics) {
      const [routes, [response, address]] = await Promise.all([
        Promise.all(topics.map(queuesOf)),
        askNameServer(GET_BROKER_CLUSTER_INFO, {}),
      ]);
      succeed(address, GET_BROKER_CLUSTER_INFO, response);
      const info = parseBody<ClusterInfo>(response);
      const hosting = new Set(routes.flat().map(({ cluster }) => cluster));
      const all = Object.keys(info.clusterAddrTable ?? {});
      if (hosting.size === 0 && all.length > 1) {
        const problem = `no broker hosts ${topics.join(', ')}, and there are several clusters: ${all.join(', ')}`;
        throw new BrokerAdministrationError(address, GET_BROKER_CLUSTER_INFO, undefined, problem);
      }
      return brokersIn(info).filter(({ cluster }) => hosting.size === 0 || hosting.has(cluster));
    },
    async groupSettings(broker, group) {
      // All groups (201), not the one (352): a 5.x broker with autoCreateSubscriptionGroup creates the group that 352
      // asks for, with default settings (SubscriptionGroupManager.findSubscriptionGroupConfig); 4.x does not know 352.
      const groups = await wholeTable<SubscriptionGroups>(broker, GET_ALL_SUBSCRIPTIONGROUP_CONFIG);
      const { subscriptionGroupTable = {} } = groups;
      return Object.hasOwn(subscriptionGroupTable, group) ? subscriptionGroupTable[group] : undefined;
    },
    async putGroup(broker, settings) {
      const body = Buffer.from(JSON.stringify(settings));
      await askBroker(broker, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { body });
    },
    async committedOffset(broker, group, topic, queueId) {
      const queue = { consumerGroup: group, topic, queueId: `${queueId}` };
      const { offset, version } = await queryOffset(broker, { ...queue, setZeroIfNotFound: 'false' });
      if (offset !== 0 || version >= VERSION_5) return offset;
      // A broker before 5.0 does not know setZeroIfNotFound: the 0 of a queue whose first message is still in its memory
      // may be none. Only the table of all offsets tells.
      const { offsetTable = {} } = await allOffsets(broker);
      return offsetTable[`${topic}@${group}`]?.[queueId];
    },
    async initialOffset(broker, group, topic, queueId, beginning) {
      const queue = { consumerGroup: group, topic, queueId: `${queueId}` };
      // As clients ask before their first pull: 0 while the queue's first message is still in the broker's memory.
      const { offset } = await queryOffset(broker, queue);
      if (offset !== undefined) return offset;
      if (beginning === 'first') return 0;
      const fields = { topic, queueId: `${queueId}` };
      const [command, more] =
        beginning === undefined
          ? [GET_MAX_OFFSET, {}]
          : [SEARCH_OFFSET_BY_TIMESTAMP, { timestamp: `${beginning.since}` }];
      const response = await askBroker(broker, command, { ...fields, ...more }, { allowed: [NO_PERMISSION] });
      // The authentication of 5.x does not count this as part of sending and receiving.
      if (response.code === NO_PERMISSION) return undefined;
      return offsetOf(broker, command, response);
    },
    async commitOffset(broker, group, topic, queueId, offset) {
      const fields = { consumerGroup: group, topic, queueId: `${queueId}`, commitOffset: `${offset}` };
      await askBroker(broker, UPDATE_CONSUMER_OFFSET, fields);
    },
    async maxOffset(broker, topic, queueId) {
      const response = await askBroker(broker, GET_MAX_OFFSET, { topic, queueId: `${queueId}` });
      return offsetOf(broker, GET_MAX_OFFSET, response);
    },
    async keyValues(namespace) {
      const answers = await askEachNameServer(GET_KVLIST_BY_NAMESPACE, { namespace }, [QUERY_NOT_FOUND]);
      return answers.map(answer => {
        const { table = {} } = answer.code === SUCCESS ? parseBody<KeyValues>(answer) : {};
        return new Map(Object.entries(table));
      });
    },
    async putKeyValue(namespace, key, value) {
      return (await askEachNameServer(PUT_KV_CONFIG, { namespace, key, value })).length;
    },
    async deleteKeyValue(namespace, key) {
      return (await askEachNameServer(DELETE_KV_CONFIG, { namespace, key })).length;
    },
    async filterProblem(broker, group, topic, { type, expression }) {
      const subscriptionData = { topic, subString: expression, expressionType: type };
      const body = Buffer.from(JSON.stringify({ clientId: 'rocketmq-gray', group, subscriptionData }));
      const options = { body, allowed: [SYSTEM_ERROR, SUBSCRIPTION_PARSE_FAILED] };
      const { code, remark } = await askBroker(broker, CHECK_CLIENT_CONFIG, {}, options);
      if (code === SUBSCRIPTION_PARSE_FAILED) return { kind: 'malformed', words: firstLine(remark) };
      if (code === SUCCESS) return undefined;
      if (SQL92_DISABLED.test(remark)) return { kind: 'disabled', words: firstLine(remark) };
      const problem = `error ${code}, ${plainWords(remark)}`;
      throw new BrokerAdministrationError(broker.address ?? broker.name, CHECK_CLIENT_CONFIG, code, problem);
    },
    close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

/** TopicRouteData.java, as far as it is used. */
interface TopicRouteData {
  brokerDatas?: { brokerName: string; cluster: string }[];
  queueDatas?: { brokerName: string; readQueueNums: number }[];
}

/** ClusterInfo.java */
export interface ClusterInfo {
  readonly brokerAddrTable?: Readonly<Record<string, { readonly brokerAddrs?: Readonly<Record<string, string>> }>>;
  readonly clusterAddrTable?: Readonly<Record<string, readonly string[]>>;
}

/** All brokers, cluster by cluster, by name. */
export function brokersIn({ brokerAddrTable = {}, clusterAddrTable = {} }: ClusterInfo): Broker[] {
  return Object.entries(clusterAddrTable).flatMap(([cluster, names]) =>
    names
      .map(name => ({ name, cluster, address: brokerAddrTable[name]?.brokerAddrs?.[MASTER_ID] }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

/** SubscriptionGroupWrapper.java */
interface SubscriptionGroups {
  subscriptionGroupTable?: Record<string, GroupSettings>;
}

/** ConsumerOffsetSerializeWrapper.java: by `topic@group`, then by queue. */
interface ConsumerOffsets {
  offsetTable?: Record<string, Record<string, number>>;
}

/** KVTable.java */
interface KeyValues {
  table?: Record<string, string>;
}

function offsetOf({ address, name }: Broker, command: number, { code, extFields }: RemotingResponse): number {
  const offset = Number(extFields.offset);
  if (Number.isSafeInteger(offset)) return offset;
  throw new BrokerAdministrationError(address ?? name, command, code, `offset ${extFields.offset}`);
}

function parseBody<Body>(response: RemotingResponse): Body {
  return parseFastjson(response.body.toString()) as Body;
}

function succeed(address: string, command: number, { code, remark }: RemotingResponse): void {
  if (code !== SUCCESS) {
    throw new BrokerAdministrationError(address, command, code, `error ${code}, ${plainWords(remark)}`);
  }
}

/** Without the Java class and the place that 4.x brokers put around a message of their access control. */
export function plainWords(remark: string): string {
  return firstLine(remark).replace(/^(?:\w+\.)+\w+Exception: (.*), [\w.$]+\(\w+\.java:\d+\)$/, '$1');
}

/** Servers append a Java stack trace or a link to their documentation. */
function firstLine(remark: string): string {
  return remark.trim().split(/\r?\n/, 1)[0] ?? '';
}
