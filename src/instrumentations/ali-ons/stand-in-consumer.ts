/** The consumer of a stand-in: of the client's own class, with the application's options and handlers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../../agent/agent';
import type { LibraryCopy } from '../../agent/instrumentation';
import type { AnyClass, AnyFunction } from '../../foreign-objects/wrap';
import { handOverLines } from '../../lines/hand-over';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { StandIn } from '../../rocketmq/hand-over/stand-in';
import type { Subscription } from '../../rocketmq/plan/subscription';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/consumer-client-id';
import type { Turns } from '../../rocketmq/sharing/turns';
import type { MQPushConsumer } from './client';
import type { ConsumerState, ConsumerStates, TopicHandler } from './consumer-state';
import type { Departure, Leaver, OffsetStore } from './departure';
import type { AskedClient, RequestListener } from './direct-consumption';
import type { Handler } from './handler';
import type { Settle } from './message';
import { beginningOnlyWhereKnown } from './offsets';
import { type Puller, pullingCarefully } from './pull-limit';
import { type Rebalances, rebalances } from './rebalances';

/** How long the other members of the group have to give up queues that a new one gets, and to commit their offsets, in ms. */
const ROOM_MS = 500;
/** How long a broker may take to answer that a consumer has left, in ms. */
const UNREGISTER_MS = 3000;

/** Emits errors. */
interface Errors {
  on(event: 'error', listener: (error: unknown) => void): void;
  removeAllListeners(event: 'error'): void;
}

export interface MQClient extends Errors, Pick<AskedClient, 'getAndCreateChannel'> {
  readonly clientId: string;
  readonly _consumerTable: Map<string, unknown>;
  readonly _brokerAddrTable: ReadonlyMap<string, Readonly<Record<string, string>> | undefined>;
  unregisterClient(address: string, clientId: string, producers: null, consumers: string, timeout: number): unknown;
  doRebalance(): unknown;
  sendHeartbeatToAllBroker(): unknown;
  ready(): Promise<void>;
  close(): unknown;
  emit(event: 'close'): boolean;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'request', listener: RequestListener): void;
}

export interface StandInConsumer extends Leaver, Pick<Puller, 'options'> {
  _isClosed: boolean;
  readonly _mqClient: MQClient;
  readonly _offsetStore: OffsetStore & Errors;
  readonly _subscriptions: Map<string, { readonly handler: Handler }>;
  ready(): Promise<void>;
  subscribe(topic: string, user: unknown, handler: unknown): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  emit(event: 'error', error: unknown): boolean;
}

export interface StandInOptions {
  readonly copy: LibraryCopy;
  readonly MQPushConsumer: AnyClass;
  readonly agent: Agent;
  readonly settle: Settle;
  readonly states: ConsumerStates;
  departureOf(intake: Intake, gates: Map<string, Turns>): Departure;
  tellBrokersOfChanges(consumer: MQPushConsumer, intake: Intake): void;
}

export interface StandInInTheMaking extends Omit<StandIn, 'closed'> {
  readonly client: MQClient;
  start(subscriptions: readonly Subscription[]): Promise<void>;
}

export function makeStandIn(
  main: MQPushConsumer,
  mainState: ConsumerState,
  intake: Intake,
  options: StandInOptions,
): StandInInTheMaking {
  const debug = (error: unknown) =>
    options.agent.log.say(handOverLines.standInFailed, { canaryGroup: intake.group, problem: String(error) });
  const departure = options.departureOf(intake, mainState.gates);
  const rebalanced = rebalances();
  const consumer = construct({ main, mainState, intake, options, departure, rebalanced, debug });
  const { _mqClient: client } = consumer;
  const subscriber = subscribing(consumer, mainState.own?.handlers, rebalanced, departure);

  return {
    client,
    async start(subscriptions) {
      if (client._consumerTable.has(intake.group)) throw new Error(`${intake.group} has a stand-in in this process`);
      await subscriber.subscribe(subscriptions);
      if (client._consumerTable.get(intake.group) !== consumer) throw new Error(`${intake.group} could not be joined`);
    },
    async subscribe(subscription) {
      try {
        await subscriber.subscribe([subscription]);
      } catch (error) {
        subscriber.unsubscribe(subscription.topic);
        throw error;
      }
    },
    unsubscribe: subscriber.unsubscribe,
    async leave() {
      mainState.pullers.delete(consumer);
      await departure.leave(consumer);
      consumer._isClosed = true;
      consumer._subscriptions.clear();
      await unregister(consumer, intake.group, options.settle, debug);
    },
  };
}

interface Construction {
  readonly main: MQPushConsumer;
  readonly mainState: ConsumerState;
  readonly intake: Intake;
  readonly options: StandInOptions;
  readonly departure: Departure;
  readonly rebalanced: Rebalances;
  debug(error: unknown): void;
}

function construct({ main, mainState, intake, options, departure, rebalanced, debug }: Construction): StandInConsumer {
  const { MQPushConsumer, states, tellBrokersOfChanges } = options;
  const handlerErrors = new WeakSet<object>();
  let roomMade: Promise<void> | undefined;
  const registered = (): Promise<void> => {
    roomMade ??= sleep(ROOM_MS);
    return roomMade;
  };

  class Consumer extends MQPushConsumer {
    get clientId() {
      return `${super.clientId}${STAND_IN_SUFFIX}`;
    }
    /** What the client fails with in the background; pulls it sends again itself. */
    _handleError(error: Error) {
      debug(error);
      if (error.name !== 'MQConsumerPullMessageError') rebalanced.failed(error);
    }
  }
  // As methods of the class that is made here: its constructor pulls already.
  for (const [name, change] of [
    ['pullKernelImpl', pullingCarefully],
    ['computePullFromWhere', beginningOnlyWhereKnown],
  ] as const) {
    const value = change(MQPushConsumer.prototype[name] as AnyFunction);
    Object.defineProperty(Consumer.prototype, name, { configurable: true, writable: true, value });
  }
  const state: ConsumerState = {
    intake,
    handling: {
      intake,
      gate: mainState.handling.gate,
      ...departure.handlers,
      failed(error) {
        if (typeof error === 'object' && error !== null) handlerErrors.add(error);
      },
    },
    gates: mainState.gates,
    pullers: mainState.pullers,
    departure,
    standIn: {
      registered,
      beforeRebalance: registered,
      onRebalanced: rebalanced.done,
    },
  };
  states.noteStandIn(Consumer.prototype, state);
  // The canary's group has an offset on every queue: one without is a new one, whose messages all count.
  const made: object = new Consumer({ ...main.options, consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' });
  // Views of it pull.
  states.noteStandIn(made, state);
  tellBrokersOfChanges(made as MQPushConsumer, intake);
  const consumer = made as StandInConsumer;
  mainState.pullers.add(consumer);
  // The constructor listens to errors of a client that outlives it.
  for (const emitter of [consumer._mqClient, consumer._offsetStore] as Errors[]) {
    emitter.removeAllListeners('error');
    emitter.on('error', debug);
  }
  consumer.on('error', error => {
    // The application's own error, which it is told as those of its other messages.
    if (typeof error === 'object' && error !== null && handlerErrors.has(error)) main.emit('error', error);
    else debug(error);
  });
  return consumer;
}

/** @param handlers what the application gave for each topic */
function subscribing(
  consumer: StandInConsumer,
  handlers: ReadonlyMap<string, TopicHandler> | undefined,
  rebalanced: Rebalances,
  departure: Departure,
) {
  return {
    async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
      const topics = subscriptions.map(({ topic }) => topic);
      const polling = rebalanced.of(topics);
      try {
        for (const topic of topics) {
          const asked = handlers?.get(topic);
          if (asked === undefined) throw new Error(`the application has no handler for ${topic}`);
          consumer.subscribe(topic, asked.user, asked.handler);
        }
      } catch (error) {
        polling.catch(() => {});
        throw error;
      }
      await Promise.all([consumer.ready(), polling]);
    },
    unsubscribe(topic: string): void {
      consumer._subscriptions.delete(topic);
      for (const [key, entry] of consumer._processQueueTable) {
        if (entry.messageQueue.topic !== topic) continue;
        departure.giveUp(consumer, entry);
        consumer._processQueueTable.delete(key);
      }
    },
  };
}

/** Tells every broker that the consumer is no member of its group any more. */
async function unregister(
  consumer: StandInConsumer,
  group: string,
  settle: Settle,
  debug: (error: unknown) => void,
): Promise<void> {
  const { _mqClient: client } = consumer;
  if (client._consumerTable.get(group) !== consumer) return;
  client._consumerTable.delete(group);
  const addresses = [...client._brokerAddrTable.values()].flatMap(table => Object.values(table ?? {}));
  const leave = async (address: string) =>
    settle(client.unregisterClient(address, client.clientId, null, group, UNREGISTER_MS));
  // One broker that does not answer keeps no other from knowing.
  await Promise.all(addresses.map(address => leave(address).catch(debug)));
}
