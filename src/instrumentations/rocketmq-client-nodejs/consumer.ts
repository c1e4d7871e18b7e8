/** Consumers of rocketmq-client-nodejs 1.x: what is made of one at its construction, and of its later subscriptions. */
import type { Agent } from '../../agent';
import type { Exports, LibraryCopy, Patch } from '../../loader/instrumentation';
import { overlay } from '../../loader/overlay';
import { type AnyFunction, wrapClass, wrapMethod } from '../../loader/wrap';
import type { ClientKind } from '../../rocketmq/consumer/client';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { StandInMaker } from '../../rocketmq/hand-over/stand-in';
import type { Subscription } from '../../rocketmq/plan/subscription';
import { endOfTaken, messageBatch } from '../../rocketmq/pull/message-batch';
import { type PullFamily, pullFamily } from '../../rocketmq/pull/pull-family';
import {
  type ClientConsumer,
  type ClientFilter,
  type ConsumerOptions,
  credentialsOf,
  type MessageView,
  type PushConsumer,
  planFilter,
  type SimpleConsumer,
  subscription,
} from './client';
import { onReceived, scopedListener, seeMessage } from './listener';
import {
  bringerOf,
  changedMethod,
  type Main,
  type PullMethods,
  pullMember,
  pullStandIns,
  pushStandIns,
  queuesOfFamily,
  snapshot,
  standInPlan,
} from './stand-in';

const CLIENT: ClientKind = { name: 'rocketmq-client-nodejs', knowsSql92: true, sharesQueues: true };

interface ConsumerState {
  readonly plan: ConsumerPlan;
  /** Those that the client has, by topic. */
  readonly subscriptions: Map<string, Subscription>;
  /** The application's options. */
  readonly options: ConsumerOptions;
  readonly topics: Set<string>;
  /** How stand-ins are made beside it; absent: it has none. Asked when it starts: its own constructor has run by then. */
  standIns?: () => StandInMaker | undefined;
  /** Messages of a pull consumer and its stand-ins. */
  family?: PullFamily<MessageView>;
  /** Awaited before the client shuts down. Never rejects. */
  onShutdown?: () => Promise<void>;
  preparing: Promise<void>;
  /** From the beginning of its startup to that of its shutdown. Before and after that nothing is prepared for it. */
  isUp: boolean;
  /** Said once to the policy for each startup. */
  leaving?: Promise<void> | undefined;
  left?: Promise<void> | undefined;
}

/** What was made of a consumer. A consumer that is not in here was left alone, or is a stand-in. */
const states = new WeakMap<object, ConsumerState>();

/** What was made of `consumer`; undefined for one that was left alone. */
export function planOf(consumer: object): ConsumerPlan | undefined {
  return states.get(consumer)?.plan ?? standInPlan(consumer);
}

/** What a kind of consumer adds to one that the application made: how its stand-ins are made. */
type Extend<C extends ClientConsumer> = (main: Main<C>, state: ConsumerState) => StandInMaker | undefined;

/** The consumer class with its construction changed: the canary's group, the environment's filter, the message's scope. */
function consumerClass<C extends ClientConsumer>(
  Original: Exports,
  agent: Agent,
  copy: LibraryCopy,
  extend: Extend<C>,
): Exports {
  return wrapClass(Original, (args, newTarget, make) => {
    const change = agent.guard('the construction of a consumer', undefined, () =>
      planConsumer(args[0] as ConsumerOptions, newTarget, agent, copy),
    );
    const consumer = make(change === undefined ? args : [change.options, ...args.slice(1)]);
    if (change === undefined) {
      if (!isLeftAlone(newTarget)) agent.messages.sayUnplanned(String(consumer.consumerGroup));
      return consumer;
    }
    const { state } = change;
    states.set(consumer, state);
    if (state.plan.tag === undefined && state.plan.isFiltered) {
      agent.guard('stand-ins of a consumer', undefined, () => {
        const main = { consumer, Original, options: state.options, agent, copy };
        const maker = extend(main, state);
        state.standIns = () => (canStandIn(main, state.plan) ? maker : undefined);
      });
    }
    return consumer;
  });
}

/** Without stand-ins a consumer must not leave a canary's messages to anybody: the policy has to know before it starts. */
function canStandIn(main: Main, { group }: ConsumerPlan): boolean {
  const { agent } = main;
  const changed = agent.guard('the class of a consumer', undefined, () => changedMethod(main));
  if (changed === undefined) return true;
  const { mqBaseline } = agent.settings;
  if (mqBaseline === 'auto') {
    agent.log.warnOnce(
      `class:${group}`,
      `${group}: its class has a ${changed}() of its own, no other consumer can stand in for a canary beside it; it takes the messages of every environment`,
    );
  }
  return false;
}

function planConsumer(options: ConsumerOptions, newTarget: object, agent: Agent, copy: LibraryCopy) {
  if (isLeftAlone(newTarget)) return undefined;
  // What the client itself refuses, it refuses with its own words. Like the client, anything with entries is a Map.
  if (!options?.consumerGroup || typeof options.subscriptions?.entries !== 'function') return undefined;
  const { messageListener } = options;
  if (messageListener === undefined) agent.context.enableFlows();

  const plan = agent.messages.plan(String(options.consumerGroup), CLIENT);
  const entries = [...options.subscriptions.entries()];
  const asked = entries.flatMap(([topic, filter]) => subscription(topic, filter));
  agent.messages.announce(plan, asked);
  const changes = {
    consumerGroup: plan.group,
    subscriptions: new Map(entries.map(([topic, filter]) => [topic, plannedFilter(topic, filter, plan, copy)])),
    ...(messageListener && { messageListener: scopedListener(messageListener, plan, agent, copy) }),
  };
  const state: ConsumerState = {
    plan,
    subscriptions: new Map(asked.map(one => [one.topic, one])),
    options: snapshot(options),
    topics: new Set(entries.map(([topic]) => topic)),
    preparing: Promise.resolve(),
    isUp: false,
  };
  return { options: overlay(options, changes), state };
}

/** Prototypes of consumer classes that are built upon the ones changed here and are left as they are. */
const leftAlone = new WeakSet<object>();

function isLeftAlone(newTarget: object): boolean {
  let prototype = (newTarget as { prototype: object | null }).prototype;
  while (prototype !== null && !leftAlone.has(prototype)) prototype = Object.getPrototypeOf(prototype) as object | null;
  return prototype !== null;
}

/** The filter that the client gets in the place of the application's. */
function plannedFilter(
  topic: string,
  filter: string | ClientFilter,
  plan: ConsumerPlan,
  copy: LibraryCopy,
): string | ClientFilter {
  const asked = subscription(topic, filter)[0];
  return asked === undefined || !plan.isFiltered ? filter : planFilter(asked, plan, copy);
}

/** The methods that both kinds of consumer have. */
function patchConsumer({ prototype }: Exports, agent: Agent, copy: LibraryCopy): void {
  const prepare = (consumer: ClientConsumer, state: ConsumerState, subscriptions: readonly Subscription[]) =>
    agent.messages.prepare(
      state.plan,
      subscriptions,
      { endpoint: consumer.endpoints.facade, credentials: credentialsOf(state.options) },
      state.standIns?.(),
    );
  const leave = (state: ConsumerState) => {
    state.leaving ??= agent.messages.leaving(state.plan);
    return state.leaving;
  };
  const left = async (state: ConsumerState) => {
    await state.leaving;
    // What is being prepared for it would take its place again.
    await state.preparing;
    state.left ??= agent.messages.left(state.plan);
    await state.left;
  };

  wrapMethod<AnyFunction>(prototype, 'startup', original => {
    return async function startup(this: ClientConsumer, ...args: unknown[]) {
      const state = states.get(this);
      if (state === undefined) return original.apply(this, args);
      Object.assign(state, { isUp: true, leaving: undefined, left: undefined });
      state.preparing = prepare(this, state, [...state.subscriptions.values()]);
      await state.preparing;
      // Shut down meanwhile: it must not come to life in its group after that.
      if (!state.isUp) return undefined;
      try {
        return await original.apply(this, args);
      } catch (error) {
        state.isUp = false;
        void leave(state);
        await left(state);
        throw error;
      }
    };
  });

  wrapMethod<AnyFunction>(prototype, 'shutdown', original => {
    return async function shutdown(this: ClientConsumer, ...args: unknown[]) {
      const state = states.get(this);
      if (state === undefined) return original.apply(this, args);
      state.isUp = false;
      void leave(state);
      await state.onShutdown?.();
      try {
        return await original.apply(this, args);
      } finally {
        await left(state);
      }
    };
  });

  wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
    return async function subscribe(
      this: ClientConsumer,
      topic: string,
      filter: string | ClientFilter,
      ...rest: unknown[]
    ) {
      const state = states.get(this);
      if (state === undefined) return original.call(this, topic, filter, ...rest);
      const { plan } = state;
      const asked = agent.guard('a subscription', [], () => subscription(topic, filter));
      const planned = agent.guard('a subscription', filter, () => {
        agent.messages.announce(plan, asked);
        return plannedFilter(topic, filter, plan, copy);
      });
      if (state.isUp) await prepare(this, state, asked);
      try {
        const result: unknown = await original.call(this, topic, planned, ...rest);
        state.topics.add(topic);
        for (const one of asked) state.subscriptions.set(topic, one);
        return result;
      } catch (error) {
        if (!state.topics.has(topic)) agent.messages.unsubscribed(plan, topic);
        throw error;
      }
    };
  });

  wrapMethod<AnyFunction>(prototype, 'unsubscribe', original => {
    return function unsubscribe(this: ClientConsumer, topic: string, ...rest: unknown[]) {
      const result: unknown = original.call(this, topic, ...rest);
      const state = states.get(this);
      if (state?.topics.delete(topic)) {
        state.subscriptions.delete(topic);
        // A push consumer goes on polling the topic (1.0.8): so long its messages are still to be handed over.
        if (state.options.messageListener === undefined) {
          agent.guard('the end of a subscription', undefined, () => agent.messages.unsubscribed(state.plan, topic));
        }
      }
      return result;
    };
  });
}

/** What every kind of consumer receives: when its poll was sent, and errors, some of which mean something to the policy. */
export const patchReceiving: Patch = ({ Consumer }, agent) =>
  wrapMethod(Consumer.prototype, 'receiveMessage', original => {
    return async function receiveMessage(this: ClientConsumer, ...args: unknown[]) {
      const plan = planOf(this);
      const revision = plan?.revision ?? 0;
      try {
        const messages = (await original.apply(this, args)) as MessageView[];
        if (plan) agent.guard('noting received messages', undefined, () => onReceived(messages, plan, revision, agent));
        return messages;
      } catch (error) {
        if (plan) agent.guard('explaining an error', undefined, () => void agent.messages.onError(plan, error));
        throw error;
      }
    };
  });

export const patchPushConsumer: Patch = (exports, agent, copy) => {
  const { prototype } = exports.PushConsumer;
  patchConsumer(exports.PushConsumer, agent, copy);
  // The limits of the cache are shared out among so many queues.
  wrapMethod<AnyFunction>(prototype, 'getQueueSize', original => {
    return function getQueueSize(this: PushConsumer) {
      const own = original.call(this) as number;
      return agent.guard('the limits of a cache', own, () =>
        queuesOfFamily(this, own, other => original.call(other) as number),
      );
    };
  });
  exports.PushConsumer = consumerClass<PushConsumer>(exports.PushConsumer, agent, copy, (main, state) => {
    return state.options.messageListener === undefined ? undefined : pushStandIns(main);
  });
};

export const patchSimpleConsumer: Patch = (exports, agent, copy) => {
  const { prototype } = exports.SimpleConsumer;
  const { ack, changeInvisibleDuration, receive: original } = prototype as Record<string, AnyFunction>;
  if (ack === undefined || changeInvisibleDuration === undefined || original === undefined) {
    throw new TypeError('SimpleConsumer is not what was expected');
  }
  /** Receives, without what the client has to skip. */
  const receiveTaken = async (consumer: SimpleConsumer, args: readonly unknown[]): Promise<MessageView[]> => {
    const messages = (await original.apply(consumer, args as unknown[])) as MessageView[];
    const plan = planOf(consumer);
    if (plan === undefined || (plan.side !== 'client' && plan.revision === 0)) return messages;
    const skip = (message: MessageView, tag: string | undefined) => {
      agent.counts.skipped(plan, message.topic, tag);
      // One that is not acknowledged comes again, and is skipped again.
      const said = (error: unknown) => agent.log.debug(`a skipped message was not acknowledged: ${error}`);
      ack.call(consumer, message).catch(said);
    };
    return messages.filter(message => {
      const { tag, isTaken } = seeMessage(message, plan, agent);
      if (!isTaken) skip(message, tag);
      return isTaken;
    });
  };
  const count = (main: SimpleConsumer, messages: readonly MessageView[]) => {
    if (!agent.counts.countsMessages()) return;
    for (const message of messages) {
      const plan = planOf(bringerOf(message, main));
      const { tag } = seeMessage(message, undefined, agent);
      if (plan !== undefined) agent.counts.consumed(plan, message.topic, tag, 'receive');
    }
  };
  const methods: PullMethods = {
    receive: (consumer, max, invisible) => receiveTaken(consumer, [max, invisible]),
    changeInvisibleDuration: (consumer, message, invisible) =>
      changeInvisibleDuration.call(consumer, message, invisible) as Promise<void>,
  };

  patchConsumer(exports.SimpleConsumer, agent, copy);
  wrapMethod(prototype, 'receive', () => {
    return async function receive(this: SimpleConsumer, ...args: unknown[]) {
      agent.guard('ending the work for a message', undefined, () => endOfTaken(this, agent.context));
      const family = states.get(this)?.family;
      // The defaults are the client's. What it refuses, it refuses with its own words.
      const [max = 10, invisible = 15_000] = args;
      const taken =
        family !== undefined && isPositive(max) && isPositive(invisible)
          ? await family.receive(max, invisible)
          : await receiveTaken(this, args);
      agent.guard('counting received messages', undefined, () => count(this, taken));
      return agent.guard('following received messages', taken, () =>
        messageBatch(taken, {
          tagOf: message => seeMessage(message, undefined, agent).tag,
          source: this,
          context: agent.context,
        }),
      );
    };
  });
  for (const name of ['ack', 'changeInvisibleDuration']) {
    wrapMethod<AnyFunction>(prototype, name, original => {
      const method = async function (this: SimpleConsumer, message: MessageView, ...rest: unknown[]) {
        return original.call(bringerOf(message, this), message, ...rest);
      };
      return method;
    });
  }
  exports.SimpleConsumer = consumerClass<SimpleConsumer>(exports.SimpleConsumer, agent, copy, (main, state) => {
    const family = pullFamily(pullMember(main, main.consumer, methods, state.plan));
    const standIns = pullStandIns(main, family, methods);
    state.family = family;
    state.onShutdown = async () => {
      await family.close(new Promise(resolve => setTimeout(resolve, main.consumer.requestTimeout).unref()));
      standIns.hurry();
    };
    return standIns;
  });
};

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

export const patchLitePushConsumer: Patch = (exports, agent) => {
  leftAlone.add(exports.LitePushConsumerImpl.prototype);
  exports.LitePushConsumerImpl = wrapClass(exports.LitePushConsumerImpl, (args, _newTarget, make) => {
    agent.log.warnOnce(
      'LitePushConsumer',
      'LitePushConsumer of rocketmq-client-nodejs is left alone: its group is not renamed and it takes the messages of every environment',
    );
    return make(args);
  });
};
