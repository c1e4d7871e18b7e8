import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { refusal } from '../administration/refusal';
import {
  CONSUMER_NOT_ONLINE,
  GET_CONSUMER_CONNECTION_LIST,
  GET_PRODUCER_CONNECTION_LIST,
  NO_PRODUCER,
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
  close(): void;
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
    producers: producerGroup => producers(connection, producerGroup),
    consumers: consumerGroup => consumers(connection, consumerGroup),
    close() {
      beats.stop();
      connection.close();
    },
  };
}

async function producers(connection: RemotingConnection, producerGroup: string): Promise<string[]> {
  const command = GET_PRODUCER_CONNECTION_LIST;
  const response = await connection.request(command, { producerGroup }, undefined, REQUEST_TIMEOUT_MS);
  if (response.code === SYSTEM_ERROR && NO_PRODUCER.test(response.remark)) return [];
  return clientIds(connection.address, command, response);
}

async function consumers(connection: RemotingConnection, consumerGroup: string): Promise<string[]> {
  const command = GET_CONSUMER_CONNECTION_LIST;
  const response = await connection.request(command, { consumerGroup }, undefined, REQUEST_TIMEOUT_MS);
  if (response.code === CONSUMER_NOT_ONLINE) return [];
  return clientIds(connection.address, command, response);
}

/** @throws BrokerAdministrationError for an answer that is an error, or none that can be read */
function clientIds(address: string, command: number, { code, remark, body }: RemotingResponse): string[] {
  if (code !== SUCCESS) throw refusal(address, command, { code, remark });
  // ProducerConnection.java, ConsumerConnection.java
  const { connectionSet } = parseFastjson(body.toString()) as { connectionSet?: unknown };
  if (!Array.isArray(connectionSet)) throw refusal(address, command, { code, remark: 'no connections in the answer' });
  return connectionSet
    .map((connection: { clientId?: unknown } | null) => connection?.clientId)
    .filter(clientId => typeof clientId === 'string');
}
