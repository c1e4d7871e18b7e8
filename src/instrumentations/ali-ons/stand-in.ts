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
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { StandIn, StandInMaker } from '../../rocketmq/hand-over/stand-in';
import type { Subscription } from '../../rocketmq/plan/subscription';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/stand-in-client-id';
import { coalesced } from './coalesced';
import type { ConsumerState, MQPushConsumer } from './consumer';
import type { Departure, Leaver, OffsetStore } from './departure';
import type { Handling } from './handler';
import type { HandlerGate } from './handler-gate';
import type { Settle } from './message';

/** How long the other members of the group have to give up queues that a new one gets, and to commit their offsets, in ms. */
const ROOM_MS = 500;
/** How long the client may take to share out the queues of its topics, in ms. */
const START_MS = 20_000;
/** `RequestCode.NOTIFY_CONSUMER_IDS_CHANGED` */
const NOTIFY_CONSUMER_IDS_CHANGED = 40;

/** Emits errors. */
interface Errors {
  on(event: 'error', listener: (error: unknown) => void): void;
  removeAllListeners(event: 'error'): void;
}

interface MQClient extends Errors {
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
}

interface StandInConsumer extends Leaver {
  _isClosed: boolean;
  readonly _mqClient: MQClient;
  readonly _offsetStore: OffsetStore & Errors;
  readonly _subscriptions: Map<string, unknown>;
  ready(): Promise<void>;
  subscribe(topic: string, user: unknown, handler: unknown): void;
  on(event: 'error', listener: (error: unknown) => void): void;
}

export interface StandInMakerOptions {
  readonly MQPushConsumer: AnyClass;
  readonly agent: Agent;
  readonly settle: Settle;
  departureOf(plan: ConsumerPlan, gates: Map<string, HandlerGate>): Departure;
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
  { MQPushConsumer, agent, settle, departureOf, join }: StandInMakerOptions,
): Making {
  let roomMade: Promise<void> | undefined;
  const departure = departureOf(plan, mainState.gates);
  const handlerErrors = new WeakSet<object>();
  const rebalancing = new Set<{ rebalanced(topic: string): void; failed(error: unknown): void }>();
  const debug = (error: unknown) => agent.log.debug(`the stand-in in ${plan.group}: ${String(error)}`);

  const handling: Handling = {
    plan,
    gate: mainState.handling.gate,
    ...departure.handlers,
    failed(error) {
      if (typeof error === 'object' && error !== null) handlerErrors.add(error);
    },
  };
  const state: ConsumerState = {
    plan,
    subscriptions: new Map(),
    given: new Map(),
    handling,
    gates: mainState.gates,
    departure,
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

  class Consumer extends MQPushConsumer {
    get clientId() {
      return `${super.clientId}${STAND_IN_SUFFIX}`;
    }
    get consumerGroup() {
      join(this, state);
      return plan.group;
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

  const unsubscribe = (topic: string) => {
    consumer._subscriptions.delete(topic);
    for (const [key, entry] of consumer._processQueueTable) {
      if (entry.messageQueue.topic !== topic) continue;
      departure.giveUp(consumer, entry);
      consumer._processQueueTable.delete(key);
    }
  };

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
      await departure.leave(consumer);
      consumer._isClosed = true;
      consumer._subscriptions.clear();
      if (client._consumerTable.get(plan.group) !== consumer) return;
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
