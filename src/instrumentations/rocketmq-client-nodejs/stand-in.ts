/**
 * Stand-ins of rocketmq-client-nodejs 1.x: a second consumer beside one of the application's, in a canary's group.
 *
 * It is of the library's own class and made with the application's options, so that what the application's class adds to
 * it (state, methods of its own, what it does at startup) is not there twice. Nothing of it goes through the hooks of the
 * application's consumers.
 */
import type { Agent } from '../../agent';
import type { Exports, LibraryCopy } from '../../loader/instrumentation';
import { overlay } from '../../loader/overlay';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { StandIn, StandInMaker } from '../../rocketmq/hand-over/stand-in';
import type { Subscription } from '../../rocketmq/plan/subscription';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/stand-in-client-id';
import type { PullFamily, PullMember } from '../../rocketmq/pull/pull-family';
import {
  type ClientConsumer,
  type ConsumerOptions,
  type MessageView,
  type PushConsumer,
  planFilter,
  type SimpleConsumer,
} from './client';
import { type Delivery, giveBack, giveBackRequest, isHandledAfterAll } from './give-back';
import { scopedListener, success } from './listener';

/** A stand-in that does not get through its startup by then does not start. The client itself may wait for ever. */
const STARTUP_MS = 20_000;

/** Methods that the library calls for the application only: what its class does there is no matter for a stand-in. */
const ENTRY_POINTS: ReadonlySet<PropertyKey> = new Set([
  'constructor',
  'startup',
  'shutdown',
  'subscribe',
  'unsubscribe',
  'receive',
  'ack',
  'changeInvisibleDuration',
]);

/** One of the application's consumers, as far as another one of its kind can be made. */
export interface Main<C extends ClientConsumer = ClientConsumer> {
  readonly consumer: C;
  /** The library's class. */
  readonly Original: Exports;
  /** The application's options as they were. */
  readonly options: ConsumerOptions;
  readonly agent: Agent;
  readonly copy: LibraryCopy;
}

const plans = new WeakMap<object, ConsumerPlan>();

/** The plan of a stand-in; undefined for any other consumer. */
export function standInPlan(consumer: object): ConsumerPlan | undefined {
  return plans.get(consumer);
}

/** Push consumers and their stand-ins, of which the limits of the cache are those of one. */
const families = new WeakMap<object, Set<PushConsumer>>();

/** How many queues share the cache of `consumer`, of which it has `own`. */
export function queuesOfFamily(
  consumer: PushConsumer,
  own: number,
  sizeOf: (consumer: PushConsumer) => number,
): number {
  const family = families.get(consumer);
  if (family === undefined) return own;
  let size = own;
  for (const other of family) if (other !== consumer) size += sizeOf(other);
  return size;
}

/** A copy of the application's options, which it may use again for something else. */
export function snapshot(options: ConsumerOptions): ConsumerOptions {
  const values: Record<string, unknown> = {};
  for (const key in options) values[key] = options[key as keyof ConsumerOptions];
  return overlay(options, values);
}

/** Stand-ins of a push consumer. */
export function pushStandIns(main: Main<PushConsumer>): StandInMaker {
  return {
    async start(plan, subscriptions) {
      const { agent, copy, consumer } = main;
      const { messageListener } = main.options;
      if (messageListener === undefined) throw new Error('the consumer has no listener');
      let isLeaving = false;
      let maxAttempts: number | undefined;
      /** Where each message stands in what its poll brought. */
      const batches = new WeakMap<MessageView, { readonly batch: readonly Delivery[]; readonly index: number }>();
      const givenBack = new WeakSet<MessageView>();
      const requests = new WeakSet<object>();

      const isHandled = (message: MessageView): boolean => {
        const place = batches.get(message);
        if (!isLeaving || place === undefined) return !isLeaving;
        const isOrdered = standIn.getPushConsumerSettings().isFifo();
        return isHandledAfterAll(place.batch, place.index, { isOrdered, maxAttempts });
      };
      const listener = scopedListener(messageListener, plan, agent, copy);
      const standIn = construct(main, plan, subscriptions, {
        messageListener: {
          consume(message: MessageView) {
            if (isHandled(message)) return listener.consume(message);
            givenBack.add(message);
            return success(copy);
          },
        },
      });
      replace(standIn, 'onSettingsCommand', original => (endpoints, settings) => {
        maxAttempts = settings.getBackoffPolicy()?.getMaxAttempts() || undefined;
        return original(endpoints, settings);
      });
      let onPoll = () => {};
      const polls = new Promise<void>(resolve => {
        onPoll = resolve;
      });
      replace(standIn, 'receiveMessage', original => async (...args) => {
        // What was left of the client's startup when it left: nobody waits for it.
        if (isLeaving) return new Promise(() => {});
        onPoll();
        const messages = await original(...args);
        const batch = messages.map(({ deliveryAttempt = 1 }) => ({ attempt: deliveryAttempt }));
        for (const [index, message] of messages.entries()) batches.set(message, { batch, index });
        return messages;
      });
      // To the client a message that is given back was handled: it keeps its order, waits and counts as for any other.
      // Only what it tells the broker is something else.
      replace(standIn, 'wrapAckMessageRequest', original => message => {
        if (!givenBack.has(message)) return original(message);
        const request = giveBackRequest(standIn, message, copy);
        requests.add(request);
        return request;
      });
      replace(standIn, 'ackMessageViaRpc', original => async (endpoints, request, timeout) => {
        if (!requests.has(request)) return original(endpoints, request, timeout);
        sayGivenBack(main, plan, await giveBack(standIn, endpoints, request));
        return DONE;
      });

      const family = families.get(consumer) ?? new Set([consumer]);
      families.set(consumer, family);
      families.set(standIn, family);
      family.add(standIn);
      const closing = closer(main, standIn, () => family.delete(standIn));
      try {
        await startUp(main, standIn, plan, subscriptions);
      } catch (error) {
        isLeaving = true;
        void closing();
        throw error;
      }
      // The client begins to poll a second after its startup.
      await Promise.race([polls, new Promise(resolve => setTimeout(resolve, 3000).unref())]);
      return handle(main, standIn, plan, {
        leave() {
          isLeaving = true;
          return { left: Promise.resolve(), closed: closing() };
        },
      });
    },
  };
}

/** What the client takes for the answer to an acknowledgement. */
const DONE = { getStatus: () => ({ toObject: () => ({ code: 20_000 }) }) };

/** Who brought a message that the application did not get from its own consumer. */
const bringers = new WeakMap<MessageView, SimpleConsumer>();

/** The consumer of the family that `message` is to be acknowledged with. */
export function bringerOf(message: MessageView, main: SimpleConsumer): SimpleConsumer {
  return (typeof message === 'object' && message !== null && bringers.get(message)) || main;
}

/** The methods of the library, as they were before they were changed. */
export interface PullMethods {
  receive(consumer: SimpleConsumer, max: number, invisible: number): Promise<readonly MessageView[]>;
  changeInvisibleDuration(consumer: SimpleConsumer, message: MessageView, invisible: number): Promise<void>;
}

export function pullMember(
  main: Main<SimpleConsumer>,
  consumer: SimpleConsumer,
  methods: PullMethods,
  plan: ConsumerPlan,
): PullMember<MessageView> {
  return {
    async poll(max, invisible) {
      const messages = await methods.receive(consumer, max, invisible);
      if (consumer !== main.consumer) for (const message of messages) bringers.set(message, consumer);
      return messages;
    },
    renew: (message, invisible) => methods.changeInvisibleDuration(consumer, message, invisible),
    async giveBack(messages) {
      for (const message of messages) {
        const request = giveBackRequest(consumer, message, main.copy);
        sayGivenBack(main, plan, await giveBack(consumer, message.endpoints, request));
      }
    },
    onError: error => main.agent.log.debug(`a poll in ${plan.group} failed: ${error}`),
  };
}

/** Stand-ins of a pull consumer, whose messages come with the application's own. */
export function pullStandIns(
  main: Main<SimpleConsumer>,
  family: PullFamily<MessageView>,
  methods: PullMethods,
): StandInMaker & { /** The application closes its consumer: stand-ins wait for nothing any more. */ hurry(): void } {
  const waiting = new Set<() => void>();
  return {
    hurry() {
      for (const stop of waiting) stop();
    },
    async start(plan, subscriptions) {
      const standIn = construct(main, plan, subscriptions, {});
      let stop = () => {};
      const hurried = new Promise<void>(resolve => {
        stop = resolve;
      });
      waiting.add(stop);
      const closing = closer(main, standIn, () => {
        waiting.delete(stop);
        // What it brought is acknowledged over the application's own connection, in its group.
        standIn.rpcClientManager = main.consumer.rpcClientManager;
      });
      try {
        await startUp(main, standIn, plan, subscriptions);
      } catch (error) {
        void closing();
        throw error;
      }
      const member = pullMember(main, standIn, methods, plan);
      family.add(member);
      return handle(main, standIn, plan, {
        leave() {
          const removed = family.remove(member);
          return { left: Promise.resolve(), closed: Promise.race([removed, hurried]).then(closing) };
        },
      });
    },
  };
}

function construct<C extends ClientConsumer>(
  main: Main<C>,
  plan: ConsumerPlan,
  subscriptions: readonly Subscription[],
  changes: { readonly messageListener?: ConsumerOptions['messageListener'] },
): C {
  const changed = changedMethod(main);
  if (changed !== undefined) throw new Error(`its class has a ${changed}() of its own`);
  const { Original, options, copy } = main;
  // The client (1.0.8) does not get through its startup with several topics: the others are added afterwards.
  const first = subscriptions.slice(0, 1).map(asked => [asked.topic, planFilter(asked, plan, copy)] as const);
  const { logger } = main.consumer as unknown as { readonly logger: object };
  const standIn = Reflect.construct(Original, [
    overlay(options, {
      consumerGroup: plan.group,
      subscriptions: new Map(first),
      logger: withoutClose(logger),
      ...changes,
    }),
  ]) as C;
  standIn.clientId += STAND_IN_SUFFIX;
  plans.set(standIn, plan);
  // Without it the client would not get to the end of its shutdown when the proxy is gone, and reconnect for ever.
  replace(standIn.rpcClientManager, 'notifyClientTermination', original => async (...args) => {
    try {
      return await original(...args);
    } catch (error) {
      main.agent.log.debug(`${plan.group} could not be told that a stand-in leaves: ${error}`);
      return DONE;
    }
  });
  return standIn;
}

/** The client closes its logger when it shuts down, and this one is the application's. */
function withoutClose<L extends object>(logger: L): L {
  // Not of the logger itself: it may be frozen, and a proxy must then say what it says.
  return new Proxy(Object.create(logger) as L, {
    get(_target, property) {
      if (property === 'close') return undefined;
      const value = Reflect.get(logger, property, logger) as unknown;
      return typeof value === 'function' ? value.bind(logger) : value;
    },
  });
}

/**
 * A method that the library itself calls and the application changed: a consumer made without that would be another one.
 * Told apart once the consumer's own constructor has run.
 */
export function changedMethod({ consumer, Original }: Main): string | undefined {
  const isChange = (owner: object) => (name: PropertyKey) =>
    !ENTRY_POINTS.has(name) && name in Original.prototype && Object.getOwnPropertyDescriptor(owner, name) !== undefined;
  const own = Reflect.ownKeys(consumer).filter(
    name => typeof (consumer as unknown as Record<PropertyKey, unknown>)[name] === 'function',
  );
  let changes = own.filter(isChange(consumer));
  let prototype = Object.getPrototypeOf(consumer) as object | null;
  while (changes.length === 0 && prototype !== null && prototype !== Original.prototype) {
    changes = Reflect.ownKeys(prototype).filter(isChange(prototype));
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return changes[0] === undefined ? undefined : String(changes[0]);
}

async function startUp(
  main: Main,
  standIn: ClientConsumer,
  plan: ConsumerPlan,
  [, ...later]: readonly Subscription[],
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${plan.group} was not joined in ${STARTUP_MS / 1000} s`)), STARTUP_MS);
  });
  const started = standIn.startup();
  try {
    await Promise.race([started, late]);
    for (const asked of later) await standIn.subscribe(asked.topic, planFilter(asked, plan, main.copy));
  } catch (error) {
    // A startup that goes on after the shutdown leaves timers behind.
    started.then(
      () => standIn.shutdown().catch(() => {}),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Shuts the client of a stand-in down, once. Never rejects. */
function closer(main: Main, standIn: ClientConsumer, afterwards: () => void): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= standIn
      .shutdown()
      .catch((error: unknown) => {
        main.agent.log.debug(`the client of a stand-in did not shut down as it should: ${error}`);
        standIn.rpcClientManager.close();
      })
      .then(afterwards);
    return closed;
  };
}

function handle(
  { copy }: Main,
  standIn: ClientConsumer,
  plan: ConsumerPlan,
  { leave }: { leave(): { readonly left: Promise<void>; readonly closed: Promise<void> } },
): StandIn {
  let settle = (_closed: Promise<void>) => {};
  const closed = new Promise<void>(resolve => {
    settle = resolve;
  });
  return {
    closed,
    subscribe: asked => standIn.subscribe(asked.topic, planFilter(asked, plan, copy)),
    unsubscribe: topic => standIn.unsubscribe(topic),
    leave() {
      const leaving = leave();
      settle(leaving.closed);
      return leaving.left;
    },
  };
}

function sayGivenBack({ agent }: Main, plan: ConsumerPlan, isDone: boolean): void {
  const { group } = plan;
  if (isDone) agent.counts.givenBack(plan, 1);
  agent.log.debug(
    isDone
      ? `a message was given back to ${group}`
      : `a message could not be given back to ${group}: it comes again when its invisible time is over`,
  );
}

/** Puts `make(original)` in place of a method of this one object. */
function replace<T extends object, K extends keyof T>(target: T, name: K, make: (original: T[K]) => T[K]): void {
  const original = target[name];
  if (typeof original !== 'function') throw new Error(`the client has no ${String(name)}()`);
  const bound = original.bind(target) as T[K];
  Object.defineProperty(target, name, { configurable: true, writable: true, value: make(bound) });
}
