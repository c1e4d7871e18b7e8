import { BrokerAdministrationError, plainWords } from '../administration/broker-administration';
import {
  CONSUMER_NOT_ONLINE,
  GET_CONSUMER_CONNECTION_LIST,
  GET_PRODUCER_CONNECTION_LIST,
  HEART_BEAT,
  NO_PRODUCER,
  SUCCESS,
  SYSTEM_ERROR,
  UNREGISTER_CLIENT,
} from '../remoting/codes';
import { type RemotingResponse, remotingConnection } from '../remoting/connection';
import { parseFastjson } from '../remoting/frame';
import type { Credentials } from '../remoting/signature';

/**
 * A connection to one broker that stays: what is announced over it is there as long as this process is, and is announced
 * again as soon as the connection is back. Keeps no process alive.
 */
export interface BrokerLink {
  /** Since when the connection has been open, on the clock of performance.now(). */
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

/** Brokers drop a client that is silent for 120 s (ProducerManager.CHANNEL_EXPIRED_TIMEOUT). */
const HEARTBEAT_MS = 30_000;
/** More than the time between two heartbeats: a connection over which something is announced is never idle. */
const IDLE_MS = 3 * HEARTBEAT_MS;
/** A busy broker is not a lost one. */
const HEARTBEAT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 3_000;
const WITHDRAW_TIMEOUT_MS = 2_000;
/** Between attempts to get a lost connection back. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 1_000;

/**
 * @param address `host:port`
 * @param options onUnreachable: called when something announced could not be put there
 */
export function brokerLink(
  address: string,
  { credentials, onUnreachable }: { credentials?: Credentials | undefined; onUnreachable(): void },
): BrokerLink {
  /** Client ids by producer group. */
  const announced = new Map<string, string>();
  /** The last command about a group that is under way: a broker carries out several at once, in any order. */
  const underWay = new Map<string, Promise<unknown>>();
  const connection = remotingConnection(address, {
    credentials,
    idleMs: IDLE_MS,
    onOpen() {
      isOpen = true;
      connectedAt = performance.now();
      // Also when it was a question that brought the connection back.
      if (!isBeating && announced.size > 0) schedule(0);
    },
    onLost() {
      isOpen = false;
      wasLost = true;
      schedule(retryMs);
    },
  });
  let isOpen = false;
  let connectedAt = Number.NEGATIVE_INFINITY;
  let wasLost = false;
  let isBeating = false;
  let isClosed = false;
  let retryMs = FIRST_RETRY_MS;
  let timer: NodeJS.Timeout | undefined;

  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = undefined;
    if (isClosed || announced.size === 0) return;
    timer = setTimeout(beat, ms);
    timer.unref();
  }

  /** Announces all that is to be there, again. */
  async function beat(): Promise<void> {
    timer = undefined;
    if (isBeating) return;
    isBeating = true;
    wasLost = false;
    const beats = await Promise.allSettled([...announced.keys()].map(heartbeat));
    isBeating = false;
    // A connection that was lost after its answers came counts as well.
    if (!wasLost && beats.every(({ status }) => status === 'fulfilled')) {
      retryMs = FIRST_RETRY_MS;
      schedule(HEARTBEAT_MS);
      return;
    }
    schedule(retryMs);
    retryMs = Math.min(LAST_RETRY_MS, 2 * retryMs);
    onUnreachable();
  }

  function oneAfterAnother<T>(producerGroup: string, work: () => Promise<T>): Promise<T> {
    const turn = (underWay.get(producerGroup) ?? Promise.resolve()).then(work, work);
    underWay.set(producerGroup, turn);
    const over = () => {
      if (underWay.get(producerGroup) === turn) underWay.delete(producerGroup);
    };
    turn.then(over, over);
    return turn;
  }

  function heartbeat(producerGroup: string): Promise<string | undefined> {
    return oneAfterAnother(producerGroup, async () => {
      const clientID = announced.get(producerGroup);
      if (clientID === undefined) return undefined;
      // HeartbeatData.java
      const data = { clientID, producerDataSet: [{ groupName: producerGroup }], consumerDataSet: [] };
      const body = Buffer.from(JSON.stringify(data));
      const { code, remark } = await connection.request(HEART_BEAT, {}, body, HEARTBEAT_TIMEOUT_MS);
      return code === SUCCESS ? undefined : problem(address, HEART_BEAT, code, remark).message;
    });
  }

  return {
    get connectedAt() {
      return connectedAt;
    },
    async announce(producerGroup, clientId) {
      announced.set(producerGroup, clientId);
      try {
        const refusal = await heartbeat(producerGroup);
        if (timer === undefined && !isBeating) schedule(HEARTBEAT_MS);
        return refusal;
      } catch (error) {
        if (!isBeating) schedule(retryMs);
        throw error;
      }
    },
    async withdraw(producerGroup) {
      const clientID = announced.get(producerGroup);
      announced.delete(producerGroup);
      if (clientID === undefined) return;
      await oneAfterAnother(producerGroup, async () => {
        if (announced.has(producerGroup) || !isOpen) return;
        const fields = { clientID, producerGroup };
        await connection.request(UNREGISTER_CLIENT, fields, undefined, WITHDRAW_TIMEOUT_MS).catch(() => {
          connection.close();
          isOpen = false;
          schedule(0);
        });
      }).catch(() => {});
    },
    async producers(producerGroup) {
      const response = await connection.request(
        GET_PRODUCER_CONNECTION_LIST,
        { producerGroup },
        undefined,
        REQUEST_TIMEOUT_MS,
      );
      if (response.code === SYSTEM_ERROR && NO_PRODUCER.test(response.remark)) return [];
      return clientIds(address, GET_PRODUCER_CONNECTION_LIST, response);
    },
    async consumers(consumerGroup) {
      const response = await connection.request(
        GET_CONSUMER_CONNECTION_LIST,
        { consumerGroup },
        undefined,
        REQUEST_TIMEOUT_MS,
      );
      if (response.code === CONSUMER_NOT_ONLINE) return [];
      return clientIds(address, GET_CONSUMER_CONNECTION_LIST, response);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      connection.close();
    },
  };
}

/** @throws BrokerAdministrationError for an answer that is an error, or none that can be read */
function clientIds(address: string, command: number, { code, remark, body }: RemotingResponse): string[] {
  if (code !== SUCCESS) throw problem(address, command, code, remark);
  // ProducerConnection.java, ConsumerConnection.java
  const { connectionSet } = parseFastjson(body.toString()) as { connectionSet?: unknown };
  if (!Array.isArray(connectionSet)) throw problem(address, command, code, 'no connections in the answer');
  return connectionSet
    .map((connection: { clientId?: unknown } | null) => connection?.clientId)
    .filter(clientId => typeof clientId === 'string');
}

function problem(address: string, command: number, code: number, remark: string): BrokerAdministrationError {
  return new BrokerAdministrationError(address, command, code, `error ${code}, ${plainWords(remark)}`);
}
