/** Keeps what this process announces at one broker there, over a connection that may break. Keeps no process alive. */

import { refusal } from '../administration/refusal';
import type { Clock } from '../remoting/clock';
import { HEART_BEAT, SUCCESS, UNREGISTER_CLIENT } from '../remoting/codes';
import type { RemotingConnection } from '../remoting/connection';
import { turns } from './turns';

export interface Heartbeats {
  /** See {@link BrokerLink.announce}. */
  announce(producerGroup: string, clientId: string): Promise<string | undefined>;
  /** See {@link BrokerLink.withdraw}. */
  withdraw(producerGroup: string): Promise<void>;
  /** The connection was opened. */
  opened(): void;
  /** The connection was lost, or could not be opened. */
  lost(): void;
  stop(): void;
}

/** Brokers drop a client that is silent for 120 s (ProducerManager.CHANNEL_EXPIRED_TIMEOUT). */
export const HEARTBEAT_MS = 30_000;
/** A busy broker is not a lost one. */
const HEARTBEAT_TIMEOUT_MS = 10_000;
const WITHDRAW_TIMEOUT_MS = 2_000;
/** Between attempts to get a lost connection back. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 1_000;

/** @param onUnreachable called when something announced could not be put there */
export function heartbeats(connection: RemotingConnection, clock: Clock, onUnreachable: () => void): Heartbeats {
  /** Client ids by producer group. */
  const announced = new Map<string, string>();
  /** Of commands about a group: a broker carries out several at once, in any order. */
  const { take } = turns();
  let isOpen = false;
  let wasLost = false;
  let isBeating = false;
  let isStopped = false;
  let retryMs = FIRST_RETRY_MS;
  let cancel: (() => void) | undefined;

  function schedule(ms: number): void {
    cancel?.();
    cancel = undefined;
    if (!isStopped && announced.size > 0) cancel = clock.after(ms, beat);
  }

  /** Announces all that is to be there, again. */
  async function beat(): Promise<void> {
    cancel = undefined;
    if (isBeating) return;
    isBeating = true;
    wasLost = false;
    const beats = await Promise.allSettled([...announced.keys()].map(announceAgain));
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

  const announceAgain = (producerGroup: string) =>
    take(producerGroup, () => heartbeat(connection, producerGroup, announced.get(producerGroup)));

  return {
    async announce(producerGroup, clientId) {
      announced.set(producerGroup, clientId);
      try {
        const problem = await announceAgain(producerGroup);
        if (cancel === undefined && !isBeating) schedule(HEARTBEAT_MS);
        return problem;
      } catch (error) {
        if (!isBeating) schedule(retryMs);
        throw error;
      }
    },
    async withdraw(producerGroup) {
      const clientID = announced.get(producerGroup);
      announced.delete(producerGroup);
      if (clientID === undefined) return;
      const work = async () => {
        if (announced.has(producerGroup) || !isOpen || (await unregister(connection, producerGroup, clientID))) return;
        connection.close();
        isOpen = false;
        schedule(0);
      };
      await take(producerGroup, work).catch(() => {});
    },
    opened() {
      isOpen = true;
      // Also when it was a question that brought the connection back.
      if (!isBeating && announced.size > 0) schedule(0);
    },
    lost() {
      isOpen = false;
      wasLost = true;
      schedule(retryMs);
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

/** @param clientID undefined: withdrawn meanwhile @returns what the broker says against it @throws RemotingError */
async function heartbeat(
  connection: RemotingConnection,
  producerGroup: string,
  clientID: string | undefined,
): Promise<string | undefined> {
  if (clientID === undefined) return undefined;
  // HeartbeatData.java
  const data = { clientID, producerDataSet: [{ groupName: producerGroup }], consumerDataSet: [] };
  const body = Buffer.from(JSON.stringify(data));
  const { code, remark } = await connection.request(HEART_BEAT, {}, body, HEARTBEAT_TIMEOUT_MS);
  return code === SUCCESS ? undefined : refusal(connection.address, HEART_BEAT, { code, remark }).message;
}

/** @returns whether the broker answers */
async function unregister(connection: RemotingConnection, producerGroup: string, clientID: string): Promise<boolean> {
  try {
    await connection.request(UNREGISTER_CLIENT, { clientID, producerGroup }, undefined, WITHDRAW_TIMEOUT_MS);
    return true;
  } catch {
    return false;
  }
}
