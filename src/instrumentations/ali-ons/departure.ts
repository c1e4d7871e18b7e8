/**
 * How a consumer leaves its group, or gives up a queue, so that the next member neither misses nor repeats a message.
 *
 * The client's own close() (3.12.0, 2.0.4) commits what it has got to and unregisters: what is being handled is delivered
 * again, and 2.x goes on to handle all that it had pulled. It also counts as handled what it skips once it is closed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { privateMark } from '../../foreign-objects/private-mark';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { Turns } from '../../rocketmq/sharing/turns';
import type { Handling } from './handler';
import type { Message, Settle } from './message';

/** How long handlers that run may take to end once their consumer leaves, in ms; they are left to themselves then. */
const HANDLERS_MS = 10_000;
/** How long brokers may take to know the last offsets, in ms. */
const COMMIT_MS = 3000;

export interface MessageQueue {
  readonly key: string;
  readonly topic: string;
}

export interface ProcessQueue {
  msgList: Message[];
  /** Ms since 1970. */
  lastPullTimestamp?: number;
  putMessage(messages: unknown): void;
  /** Takes the first `count` messages off; the offset to go on at. */
  remove(count?: number): number;
}

/** A queue that a consumer pulls, as in its table; pull requests are the same object. */
export interface PulledQueue {
  readonly messageQueue: MessageQueue;
  readonly processQueue: ProcessQueue;
}

/** `RemoteBrokerOffsetStore` */
export interface OffsetStore {
  readonly offsetTable: ReadonlyMap<string, number>;
  updateConsumeOffsetToBroker(queue: MessageQueue, offset: number): unknown;
  fetchConsumeOffsetFromBroker(queue: MessageQueue): unknown;
}

export interface Leaver {
  readonly _processQueueTable: Map<string, PulledQueue>;
  readonly _offsetStore: OffsetStore;
}

export interface Departure {
  /** What it has to know of handlers. */
  readonly handlers: Required<Pick<Handling, 'begins' | 'ends'>>;
  /** The consumer leaves or has left: nothing is pulled any more. */
  readonly hasBegun: boolean;
  /** From now on nothing of this queue begins. */
  giveUp(consumer: Leaver, pulled: PulledQueue | undefined): void;
  isGivenUp(queue: ProcessQueue): boolean;
  /**
   * Gives up all queues, and settles once the handlers that run have ended (or after 10 s) and the brokers have the
   * offsets of what was handled. The consumer still is a member of its group then. Never rejects.
   */
  leave(consumer: Leaver): Promise<void>;
}

interface GivenUp {
  readonly queue: MessageQueue;
  readonly processQueue: ProcessQueue;
  /** What was handled ends before it. */
  offset: number | undefined;
}

/** Of messages whose handling began, or that were skipped. */
const begun = privateMark<true>();

/**
 * @param intake the consumer's, by which the gates know its handlers
 * @param sendsBack false for 2.x, which tries a message that failed again and again by itself
 */
export function departure(
  intake: Intake,
  gates: ReadonlyMap<string, Turns>,
  sendsBack: boolean,
  settle: Settle,
  told: {
    debug(error: unknown): void;
    /** So many messages were pulled, and are left to the other members of the group. */
    givenBack(count: number): void;
    /** Those, and others that the client holds on to and never begins. */
    leftToOthers(messages: readonly Message[]): void;
  },
): Departure {
  let hasBegun = false;
  let hasEnded = false;
  let running = 0;
  const givenUp = new Map<ProcessQueue, GivenUp>();

  const isIdle = () =>
    running === 0 &&
    // 3.x has an answer from the broker to wait for, when it sends back a message that a handler failed on.
    (!sendsBack || [...givenUp.values()].every(({ processQueue }) => processQueue.msgList.length === 0));

  const giveUp = ({ _offsetStore: store }: Leaver, pulled: PulledQueue | undefined) => {
    if (pulled === undefined || givenUp.has(pulled.processQueue)) return;
    told.leftToOthers(pulled.processQueue.msgList.filter(message => !hasBegunWith(message)));
    const { entry, dropped } = dropUnbegun(store, pulled);
    givenUp.set(pulled.processQueue, entry);
    if (dropped > 0) told.givenBack(dropped);
  };

  return {
    handlers: {
      begins(message) {
        // What the client tries again by itself had begun before.
        if (hasEnded || (hasBegun && !hasBegunWith(message))) return false;
        begun.set(message, true);
        running++;
        return true;
      },
      ends: () => void running--,
    },
    get hasBegun() {
      return hasBegun;
    },
    giveUp,
    isGivenUp: queue => givenUp.has(queue),
    async leave(consumer) {
      hasBegun = true;
      const queues = [...consumer._processQueueTable.values()];
      for (const pulled of queues) giveUp(consumer, pulled);
      // Loops that pull end with the table's entries.
      consumer._processQueueTable.clear();
      for (const gate of gates.values()) gate.turnAway(intake);
      const end = Date.now() + HANDLERS_MS;
      while (!isIdle() && Date.now() < end) await sleep(10);
      hasEnded = true;
      for (const { processQueue } of givenUp.values()) processQueue.msgList = [];
      // A rebalance that was under way may have put some back, of which nothing was pulled.
      consumer._processQueueTable.clear();
      const commits = queues.flatMap(({ processQueue }) => givenUp.get(processQueue) ?? []);
      const committed = commits.map(one => commit(consumer._offsetStore, one, settle).catch(told.debug));
      await Promise.race([Promise.all(committed), sleep(COMMIT_MS)]);
    },
  };
}

function hasBegunWith(message: Message): boolean {
  return begun.get(message) === true;
}

/** Drops what has not begun of what was pulled, and has nothing more come; how many messages that are. */
function dropUnbegun(
  store: OffsetStore,
  { messageQueue: queue, processQueue }: PulledQueue,
): { readonly entry: GivenUp; readonly dropped: number } {
  const messages = processQueue.msgList;
  const dropped = messages.length - (messages.findLastIndex(hasBegunWith) + 1);
  // One that waits for its turn may stand before others that were skipped.
  const end = messages.find(message => !hasBegunWith(message))?.queueOffset ?? Number.POSITIVE_INFINITY;
  const entry: GivenUp = { queue, processQueue, offset: store.offsetTable.get(queue.key) };
  processQueue.msgList = messages.slice(0, messages.length - dropped);
  processQueue.putMessage = () => {};
  const { remove } = processQueue;
  // The client commits when a batch of messages has ended, which may have been longer.
  processQueue.remove = (...count) => {
    const offset = Math.min(remove.apply(processQueue, count), end);
    entry.offset = Math.max(entry.offset ?? -1, offset);
    return offset;
  };
  return { entry, dropped };
}

/** The offset of what was handled, until the broker says that it has it: the commit itself gets no answer. */
async function commit(store: OffsetStore, { queue, offset }: GivenUp, settle: Settle): Promise<void> {
  if (offset === undefined || offset < 0) return;
  for (let attempt = 0; attempt < 3; attempt++) {
    await settle(store.updateConsumeOffsetToBroker(queue, offset));
    if ((await settle<number>(store.fetchConsumeOffsetFromBroker(queue))) >= offset) return;
    await sleep(50);
  }
}
