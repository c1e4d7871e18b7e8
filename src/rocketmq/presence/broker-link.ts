import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { type ConnectedConsumers, connectedConsumers } from '../administration/consumer-connection';
import { refusal } from '../administration/refusal';
import { bodyOf } from '../administration/servers';
import {
  CONSUMER_NOT_ONLINE,
  GET_CONSUMER_CONNECTION_LIST,
  GET_PRODUCER_CONNECTION_LIST,
  NO_PRODUCER,
  QUERY_TOPIC_CONSUME_BY_WHO,
  SUCCESS,
  SYSTEM_ERROR,
} from '../remoting/codes';
import type { RemotingConnection, RemotingResponse } from '../remoting/connection';
import { parseFastjson } from '../remoting/frame';
import type { Runtime } from '../remoting/runtime';
import { HEARTBEAT_MS, heartbeats } from './heartbeats';

/**
 * A connection to one broker that stays: what is announced over it is there as long as this process is, and is announced
 * again as soon as the connection is back. Keeps no process alive.
 */
export interface BrokerLink {
  /** Since when the connection has been open, by the clock that nobody sets. */
  readonly connectedAt: number;
  /**
   * Puts this process into a producer group, under `clientId`, until {@link withdraw} or the end of the process. A broker
   * keeps one client id for each group and connection, the first one.
   *
   * @returns what the broker says against it; undefined once it is there
   * @throws RemotingError for a broker that does not answer; it is tried again on its own
   */
  announce(producerGroup: string, clientId: string): Promise<string | undefined>;
  /** Takes it out. A broker that does not answer loses the connection, which has the same effect. Never rejects. */
  withdraw(producerGroup: string): Promise<void>;
  /** Client ids of a producer group. @throws BrokerAdministrationError, RemotingError */
  producers(producerGroup: string): Promise<string[]>;
  /** Client ids of a consumer group; also a proxy knows them. @throws BrokerAdministrationError, RemotingError */
  consumers(consumerGroup: string): Promise<string[]>;
  /** The same with where they are connected from. @throws as {@link producers} */
  announcers(producerGroup: string): Promise<Connected[]>;
  /** Who is connected in a consumer group, and the group's filters by topic. @throws as {@link consumers} */
  members(
    consumerGroup: string,
  ): Promise<{ readonly members: readonly Connected[] } & Pick<ConnectedConsumers, 'filters'>>;
  /** The consumer groups that consume a topic, or did. @throws as {@link producers} */
  groupsOf(topic: string): Promise<string[]>;
  close(): void;
}

/** A client of a broker. */
export interface Connected {
  readonly clientId: string;
  /** `host:port`, where it is connected from. */
  readonly address: string;
}

export interface BrokerLinkOptions {
  readonly credentials: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
  /** Called when something announced could not be put there. */
  onUnreachable(): void;
}

/** More than the time between two heartbeats: a connection over which something is announced is never idle. */
const IDLE_MS = 3 * HEARTBEAT_MS;
const REQUEST_TIMEOUT_MS = 3_000;

/** @param address `host:port` */
export function brokerLink(
  address: string,
  { clock, connect }: Runtime,
  { credentials, tls, onUnreachable }: BrokerLinkOptions,
): BrokerLink {
  let connectedAt = Number.NEGATIVE_INFINITY;
  const connection = connect(address, {
    credentials,
    tls,
    idleMs: IDLE_MS,
    onOpen() {
      connectedAt = clock.now();
      beats.opened();
    },
    onLost: () => beats.lost(),
  });
  const beats = heartbeats(connection, clock, onUnreachable);
  return {
    get connectedAt() {
      return connectedAt;
    },
    announce: beats.announce,
    withdraw: beats.withdraw,
    producers: async producerGroup => (await producers(connection, producerGroup)).map(({ clientId }) => clientId),
    consumers: async consumerGroup =>
      (await members(connection, consumerGroup)).members.map(({ clientId }) => clientId),
    announcers: producerGroup => producers(connection, producerGroup),
    members: consumerGroup => members(connection, consumerGroup),
    groupsOf: topic => groupsOf(connection, topic),
    close() {
      beats.stop();
      connection.close();
    },
  };
}

async function producers(connection: RemotingConnection, producerGroup: string): Promise<Connected[]> {
  const command = GET_PRODUCER_CONNECTION_LIST;
  const response = await connection.request(command, { producerGroup }, undefined, REQUEST_TIMEOUT_MS);
  if (response.code === SYSTEM_ERROR && NO_PRODUCER.test(response.remark)) return [];
  return connectedIn(connection.address, command, response);
}

async function members(connection: RemotingConnection, consumerGroup: string) {
  const command = GET_CONSUMER_CONNECTION_LIST;
  const response = await connection.request(command, { consumerGroup }, undefined, REQUEST_TIMEOUT_MS);
  if (response.code === CONSUMER_NOT_ONLINE) return { members: [], filters: {} };
  const members = connectedIn(connection.address, command, response);
  return { members, filters: connectedConsumers(response).filters };
}

async function groupsOf(connection: RemotingConnection, topic: string): Promise<string[]> {
  const command = QUERY_TOPIC_CONSUME_BY_WHO;
  const response = await connection.request(command, { topic }, undefined, REQUEST_TIMEOUT_MS);
  if (response.code !== SUCCESS) throw refusal(connection.address, command, response);
  // GroupList.java
  const { groupList } = bodyOf<{ groupList?: unknown }>(response);
  return Array.isArray(groupList) ? groupList.filter(group => typeof group === 'string') : [];
}

/** @throws BrokerAdministrationError for an answer that is an error, or none that can be read */
function connectedIn(address: string, command: number, { code, remark, body }: RemotingResponse): Connected[] {
  if (code !== SUCCESS) throw refusal(address, command, { code, remark });
  // ProducerConnection.java, ConsumerConnection.java
  const { connectionSet } = parseFastjson(body.toString()) as { connectionSet?: unknown };
  if (!Array.isArray(connectionSet)) throw refusal(address, command, { code, remark: 'no connections in the answer' });
  return connectionSet
    .filter((connection: { clientId?: unknown } | null) => typeof connection?.clientId === 'string')
    .map(({ clientId, clientAddr }: { clientId: string; clientAddr?: unknown }) => ({
      clientId,
      address: String(clientAddr),
    }));
}
