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
  const groups = announcedGroups(connection);
  let isOpen = false;
  let wasLost = false;
  let isBeating = false;
  let isStopped = false;
  let retryMs = FIRST_RETRY_MS;
  let cancel: (() => void) | undefined;

  function schedule(ms: number, work = beat): void {
    cancel?.();
    cancel = undefined;
    if (!isStopped && groups.size() > 0) cancel = clock.after(ms, work);
  }

  /** All that is to be there, again. */
  function beatAll(): Promise<void> {
    groups.doubtAll();
    return beat();
  }

  /** What is to be there and is not. */
  async function beat(): Promise<void> {
    cancel = undefined;
    if (isBeating) return;
    isBeating = true;
    wasLost = false;
    const beats = await Promise.allSettled(groups.missing().map(groups.announce));
    isBeating = false;
    // A connection that was lost after its answers came counts as well.
    if (!wasLost && beats.every(({ status }) => status === 'fulfilled')) {
      retryMs = FIRST_RETRY_MS;
      schedule(HEARTBEAT_MS, beatAll);
      return;
    }
    schedule(retryMs);
    retryMs = Math.min(LAST_RETRY_MS, 2 * retryMs);
    onUnreachable();
  }

  return {
    async announce(producerGroup, clientId) {
      if (groups.isTaken(producerGroup, clientId)) return undefined;
      groups.add(producerGroup, clientId);
      try {
        const problem = await groups.announce(producerGroup);
        if (cancel === undefined && !isBeating) schedule(HEARTBEAT_MS, beatAll);
        return problem;
      } catch (error) {
        if (!isBeating) schedule(retryMs);
        throw error;
      }
    },
    async withdraw(producerGroup) {
      await groups.remove(producerGroup, async clientID => {
        if (!isOpen || (await unregister(connection, producerGroup, clientID))) return;
        connection.close();
        isOpen = false;
        schedule(0);
      });
    },
    opened() {
      isOpen = true;
      // Also when it was a question that brought the connection back.
      if (!isBeating && groups.size() > 0) schedule(0);
    },
    lost() {
      isOpen = false;
      wasLost = true;
      groups.lost();
      schedule(retryMs);
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

/** The producer groups that this process is to be in, and those in which the broker has it. */
function announcedGroups(connection: RemotingConnection) {
  /** Client ids by producer group. */
  const announced = new Map<string, string>();
  /** Those that the broker has taken over this connection since the last heartbeat was due. */
  const taken = new Set<string>();
  /** Of commands about a group: a broker carries out several at once, in any order. */
  const { take } = turns();
  /** How often the connection was lost. */
  let losses = 0;

  return {
    size: () => announced.size,
    isTaken: (producerGroup: string, clientId: string) =>
      taken.has(producerGroup) && announced.get(producerGroup) === clientId,
    missing: () => [...announced.keys()].filter(producerGroup => !taken.has(producerGroup)),
    add: (producerGroup: string, clientId: string) => void announced.set(producerGroup, clientId),
    announce: (producerGroup: string) =>
      take(producerGroup, async () => {
        const before = losses;
        const problem = await heartbeat(connection, producerGroup, announced.get(producerGroup));
        // Another connection knows nothing of it.
        if (problem === undefined && losses === before && announced.has(producerGroup)) taken.add(producerGroup);
        return problem;
      }),
    /** @param withdraw not called where it was announced again meanwhile */
    async remove(producerGroup: string, withdraw: (clientId: string) => Promise<void>): Promise<void> {
      const clientId = announced.get(producerGroup);
      announced.delete(producerGroup);
      taken.delete(producerGroup);
      if (clientId === undefined) return;
      const work = async () => {
        if (!announced.has(producerGroup)) await withdraw(clientId);
      };
      await take(producerGroup, work).catch(() => {});
    },
    doubtAll: () => taken.clear(),
    lost(): void {
      losses++;
      taken.clear();
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
