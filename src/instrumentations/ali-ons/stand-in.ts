/**
 * Stand-ins of push consumers: a second consumer of the client's own class beside one of the application's, with its
 * options and its handlers, in the group of an absent canary.
 *
 * Stand-ins have a client (`MQClient`: connections, heartbeats, rebalancing) of their own, which all those of a process
 * share. What fails for one of them in the application's client would end the application's subscriptions: a rebalance
 * that rejects does, when it happens within `subscribe`. And the client's id tells a stand-in from a canary.
 */
import type { Agent } from '../../agent';
import type { AnyClass } from '../../loader/wrap';
import type { Subscription } from '../../rocketmq/client';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { StandIn, StandInMaker } from '../../rocketmq/hand-over/stand-in';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/stand-in-client-id';
import { coalesced } from './coalesced';
import type { ConsumerState, MQPushConsumer } from './consumer';
import type { Handling } from './handler';
import type { HandlerGate } from './handler-gate';
import type { Message, Settle } from './message';

/** How long handlers that run may take to end once their consumer leaves, in ms; they are left to themselves then. */
const HANDLERS_MS = 10_000;
/** How long the other members of the group have to give up queues that a new one gets, and to commit their offsets, in ms. */
const ROOM_MS = 500;
/** How long the client may take to share out the queues of its topics, in ms. */
const START_MS = 20_000;
/** How long brokers may take to know the last offsets, in ms. */
const COMMIT_MS = 3000;
/** `RequestCode.NOTIFY_CONSUMER_IDS_CHANGED` */
const NOTIFY_CONSUMER_IDS_CHANGED = 40;

interface MessageQueue {
  readonly key: string;
  readonly topic: string;
}

interface ProcessQueue {
  msgList: Message[];
  putMessage(messages: unknown): void;
  /** Takes the first `count` messages off; the offset to go on at. */
  remove(count?: number): number;
}

interface Entry {
  readonly messageQueue: MessageQueue;
  readonly processQueue: ProcessQueue;
}

interface MQClient {
  readonly clientId: string;
  readonly _consumerTable: Map<string, unknown>;
  readonly _brokerAddrTable: ReadonlyMap<string, Readonly<Record<string, string>> | undefined>;
  unregisterClient(address: string, clientId: string, producers: null, consumers: string, timeout: number): unknown;
  doRebalance(): unknown;
  ready(): Promise<void>;
  close(): unknown;
  emit(event: 'close'): boolean;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'request', listener: (command: { readonly code: number }) => void): void;
  removeAllListeners(event: 'error'): void;
}

interface OffsetStore {
  readonly offsetTable: ReadonlyMap<string, number>;
  updateConsumeOffsetToBroker(queue: MessageQueue, offset: number): unknown;
  fetchConsumeOffsetFromBroker(queue: MessageQueue): unknown;
  on(event: 'error', listener: (error: unknown) => void): void;
  removeAllListeners(event: 'error'): void;
}

interface StandInConsumer {
  _isClosed: boolean;
  readonly _mqClient: MQClient;
  readonly _offsetStore: OffsetStore;
  readonly _processQueueTable: Map<string, Entry>;
  readonly _subscriptions: Map<string, unknown>;
  ready(): Promise<void>;
  subscribe(topic: string, user: unknown, handler: unknown): void;
  on(event: 'error', listener: (error: unknown) => void): void;
}

/** A queue that is given up: nothing of it begins any more. */
interface GivenUp {
  readonly queue: MessageQueue;
  readonly processQueue: ProcessQueue;
  /** What is handled ends before it. */
  offset: number | undefined;
}

export interface StandInMakerOptions {
  readonly MQPushConsumer: AnyClass;
  readonly agent: Agent;
  readonly usesGenerators: boolean;
  readonly settle: Settle;
  /** Has the hooks treat `consumer` by `state`; called again and again. */
  join(consumer: object, state: ConsumerState): void;
}

export function standInMaker(options: StandInMakerOptions): {
  standIns(main: MQPushConsumer, state: ConsumerState): StandInMaker;
} {
  const { settle, agent } = options;
  /** Clients of stand-ins, and how many of those have not ended. */
  const users = new WeakMap<MQClient, number>();

  const enter = (client: MQClient) => {
    const count = users.get(client);
    users.set(client, (count ?? 0) + 1);
    if (count !== undefined) return;
    const debug = (error: unknown) => agent.log.debug(`the client of stand-ins: ${String(error)}`);
    client.on('error', debug);
    // ali-ons itself looks for new members of its groups every 10 s only. Until then, two would pull the same queues.
    const rebalance = coalesced(() => settle<void>(client.doRebalance()), debug);
    client.on('request', ({ code }) => {
      if (code === NOTIFY_CONSUMER_IDS_CHANGED) rebalance();
    });
  };
  const leave = async (client: MQClient) => {
    const count = (users.get(client) ?? 1) - 1;
    users.set(client, count);
    if (count > 0) return;
    // The client's own table of clients forgets it at once: what starts from now on gets a new one.
    client.emit('close');
    await client.ready().then(
      () => settle(client.close()),
      () => {},
    );
  };

  return {
    standIns: (main, state) => ({
      async start(plan, subscriptions) {
        const standIn = makeStandIn(main, state, plan, options);
        const { client } = standIn;
        enter(client);
        let settleClosed = () => {};
        const closed = new Promise<void>(resolve => {
          settleClosed = resolve;
        });
        const end = async () => {
          await standIn.leave();
          void leave(client)
            .catch(() => {})
            .then(settleClosed);
        };
        try {
          await standIn.start(subscriptions);
        } catch (error) {
          await end();
          await closed;
          throw error;
        }
        return { subscribe: standIn.subscribe, unsubscribe: standIn.unsubscribe, leave: end, closed };
      },
    }),
  };
}

interface Making extends Omit<StandIn, 'closed'> {
  readonly client: MQClient;
  start(subscriptions: readonly Subscription[]): Promise<void>;
}

function makeStandIn(
  main: MQPushConsumer,
  mainState: ConsumerState,
  plan: ConsumerPlan,
  { MQPushConsumer, agent, usesGenerators, settle, join }: StandInMakerOptions,
): Making {
  let hasLeft = false;
  let hasEnded = false;
  let roomMade: Promise<void> | undefined;
  /** Messages whose handling began, or that were skipped. */
  const begun = new WeakSet<Message>();
  const running = new Set<Message>();
  const gates = new Set<HandlerGate>();
  const givenUp = new Map<ProcessQueue, GivenUp>();
  const handlerErrors = new WeakSet<object>();
  const rebalancing = new Set<{ rebalanced(topic: string): void; failed(error: unknown): void }>();
  const debug = (error: unknown) => agent.log.debug(`the stand-in in ${plan.group}: ${String(error)}`);

  const handling: Handling = {
    plan,
    gate(source) {
      const gate = mainState.handling.gate(source);
      gates.add(gate);
      return gate;
    },
    begins(message) {
      // What the client tries again by itself had begun before.
      if (hasEnded || (hasLeft && !begun.has(message))) return false;
      begun.add(message);
      running.add(message);
      return true;
    },
    ends(message) {
      running.delete(message);
    },
    failed(error) {
      if (typeof error === 'object' && error !== null) handlerErrors.add(error);
    },
  };
  const state: ConsumerState = {
    plan,
    subscriptions: new Map(),
    given: new Map(),
    handling,
    prepared: new Map(),
    standIn: {
      beforeRebalance() {
        roomMade ??= sleep(ROOM_MS);
        return roomMade;
      },
      onRebalanced(topic) {
        for (const one of rebalancing) one.rebalanced(topic);
      },
    },
  };

  /**
   * What was pulled and has not begun is dropped, for the next member of the group. The client commits an offset once a
   * batch of messages has ended: it must not be beyond what was dropped.
   */
  const giveUp = (entry: Entry | undefined) => {
    if (entry === undefined || givenUp.has(entry.processQueue)) return;
    const { messageQueue: queue, processQueue } = entry;
    const messages = processQueue.msgList;
    const dropped = messages.slice(messages.findLastIndex(message => begun.has(message)) + 1);
    const end = dropped[0]?.queueOffset ?? Number.POSITIVE_INFINITY;
    const one: GivenUp = { queue, processQueue, offset: consumer._offsetStore.offsetTable.get(queue.key) };
    givenUp.set(processQueue, one);
    processQueue.msgList = messages.slice(0, messages.length - dropped.length);
    processQueue.putMessage = () => {};
    const { remove } = processQueue;
    processQueue.remove = (...count) => {
      const offset = Math.min(remove.apply(processQueue, count), end);
      one.offset = Math.max(one.offset ?? -1, offset);
      return offset;
    };
  };

  class Consumer extends MQPushConsumer {
    get clientId() {
      return `${super.clientId}${STAND_IN_SUFFIX}`;
    }
    get consumerGroup() {
      join(this, state);
      return plan.group;
    }
    pullMessageQueue(...args: unknown[]) {
      if (!hasLeft) super.pullMessageQueue(...args);
    }
    /** A rebalance gave the queue to somebody else. */
    removeProcessQueue(queue: MessageQueue) {
      giveUp(consumer._processQueueTable.get(queue.key));
      return super.removeProcessQueue(queue);
    }
    correctTagsOffset(request: Entry) {
      if (!givenUp.has(request.processQueue)) super.correctTagsOffset(request);
    }
    /** What the client fails with in the background; pulls it sends again itself. */
    _handleError(error: Error) {
      debug(error);
      if (error.name === 'MQConsumerPullMessageError') return;
      for (const one of rebalancing) one.failed(error);
    }
  }
  // The canary's group has an offset on every queue: one without is a new one, whose messages all count.
  const own = { ...main.options, consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' };
  const consumer = new Consumer(own) as unknown as StandInConsumer;
  const { _mqClient: client, _offsetStore: store } = consumer;
  // The constructor listens to errors of a client that outlives it.
  client.removeAllListeners('error');
  client.on('error', debug);
  store.removeAllListeners('error');
  store.on('error', debug);
  consumer.on('error', error => {
    // The application's own error, which it is told as those of its other messages.
    if (typeof error === 'object' && error !== null && handlerErrors.has(error)) main.emit('error', error);
    else debug(error);
  });

  /** Settles once the queues of `topics` have been shared out among the group's members. */
  const rebalanced = async (topics: readonly string[]): Promise<void> => {
    const missing = new Set(topics);
    let timer: NodeJS.Timeout | undefined;
    let one: Parameters<typeof rebalancing.add>[0] | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        one = {
          rebalanced(topic) {
            missing.delete(topic);
            if (missing.size === 0) resolve();
          },
          failed: reject,
        };
        rebalancing.add(one);
        timer = setTimeout(() => reject(new Error(`no queues of ${[...missing].join(', ')} in time`)), START_MS);
        if (missing.size === 0) resolve();
      });
    } finally {
      clearTimeout(timer);
      if (one !== undefined) rebalancing.delete(one);
    }
  };

  const subscribe = async (subscriptions: readonly Subscription[]): Promise<void> => {
    const topics = subscriptions.map(({ topic }) => topic);
    const polling = rebalanced(topics);
    try {
      for (const topic of topics) {
        const given = mainState.given.get(topic);
        if (given === undefined) throw new Error(`the application has no handler for ${topic}`);
        consumer.subscribe(topic, given.user, given.handler);
      }
    } catch (error) {
      polling.catch(() => {});
      throw error;
    }
    await Promise.all([consumer.ready(), polling]);
  };

  /** The offsets of what was handled, until the brokers say that they have them: the commits themselves get no answer. */
  const commit = async ({ queue, offset }: GivenUp): Promise<void> => {
    if (offset === undefined || offset < 0) return;
    for (let attempt = 0; attempt < 3; attempt++) {
      await settle(store.updateConsumeOffsetToBroker(queue, offset));
      if ((await settle<number>(store.fetchConsumeOffsetFromBroker(queue))) >= offset) return;
      await sleep(50);
    }
  };

  const unsubscribe = (topic: string) => {
    consumer._subscriptions.delete(topic);
    for (const [key, entry] of consumer._processQueueTable) {
      if (entry.messageQueue.topic !== topic) continue;
      giveUp(entry);
      consumer._processQueueTable.delete(key);
    }
  };

  const isIdle = () =>
    running.size === 0 &&
    // 3.x has an answer from the broker to wait for, when it gives a message back that a handler failed on.
    (usesGenerators || [...givenUp.values()].every(({ processQueue }) => processQueue.msgList.length === 0));

  return {
    client,
    async start(subscriptions) {
      if (client._consumerTable.has(plan.group)) throw new Error(`${plan.group} has a stand-in in this process`);
      await subscribe(subscriptions);
      if (client._consumerTable.get(plan.group) !== consumer) throw new Error(`${plan.group} could not be joined`);
    },
    async subscribe(subscription) {
      try {
        await subscribe([subscription]);
      } catch (error) {
        unsubscribe(subscription.topic);
        throw error;
      }
    },
    unsubscribe,
    async leave() {
      hasLeft = true;
      const queues = [...consumer._processQueueTable.values()];
      for (const entry of queues) giveUp(entry);
      // Loops that pull end with the table's entries.
      consumer._processQueueTable.clear();
      for (const gate of gates) gate.turnAway(handling);
      const end = Date.now() + HANDLERS_MS;
      while (!isIdle() && Date.now() < end) await sleep(10);
      hasEnded = true;
      for (const { processQueue } of givenUp.values()) processQueue.msgList = [];

      const isMember = client._consumerTable.get(plan.group) === consumer;
      const commits = queues.flatMap(({ processQueue }) => givenUp.get(processQueue) ?? []);
      if (isMember) await Promise.race([Promise.all(commits.map(one => commit(one).catch(debug))), sleep(COMMIT_MS)]);
      consumer._isClosed = true;
      consumer._subscriptions.clear();
      if (!isMember) return;
      client._consumerTable.delete(plan.group);
      const addresses = [...client._brokerAddrTable.values()].flatMap(table => Object.values(table ?? {}));
      const unregister = async (address: string) =>
        settle(client.unregisterClient(address, client.clientId, null, plan.group, 3000));
      // One broker that does not answer keeps no other from knowing.
      await Promise.all(addresses.map(address => unregister(address).catch(debug)));
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
