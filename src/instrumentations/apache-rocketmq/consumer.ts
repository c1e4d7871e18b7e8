/** Push consumers of apache-rocketmq: their group, which messages they emit, and within which tag. */
import type { Agent } from '../../agent';
import type { LibraryCopy, Patch } from '../../loader/instrumentation';
import { type AnyFunction, wrapClass, wrapMethod } from '../../loader/wrap';
import { extractTag, recordCarrier } from '../../propagation/message-properties';
import type { ClientKind } from '../../rocketmq/consumer/client';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { Subscription } from '../../rocketmq/plan/subscription';
import { type Addon, addonOf } from './addon';

interface ConsumerState {
  readonly plan: ConsumerPlan;
  /** The client's own, `host:port;host:port`. */
  readonly namesrv: string | undefined;
  readonly subscriptions: Map<string, Subscription>;
}

interface Message {
  readonly topic: string;
  /** Of builds with message-properties.patch. */
  readonly properties?: Record<string, string>;
}

interface Acknowledgement {
  done(isHandled?: boolean): void;
}

type Listener = (message: Message, acknowledgement: Acknowledgement, ...rest: unknown[]) => unknown;

export const patchConsumer: Patch = (_exports, agent, copy) => {
  const addon = addonOf(copy);
  const client = clientKind(addon, copy);
  const states = new WeakMap<object, ConsumerState>();

  addon.PushConsumer = wrapClass(addon.PushConsumer, (args, _newTarget, make) => {
    const [group, instanceName, options, ...rest] = args as unknown[];
    // What the client refuses as it starts, it refuses with its own words.
    if (!group) return make(args);
    const plan = agent.messages.plan(String(group), client);
    const consumer = make([plan.group, instanceName, options, ...rest]) as object;
    const namesrv = (options as { readonly nameServer?: unknown } | undefined)?.nameServer;
    states.set(consumer, {
      plan,
      namesrv: typeof namesrv === 'string' ? namesrv : undefined,
      subscriptions: new Map(),
    });
    return consumer;
  });
  const { prototype } = addon.PushConsumer;

  wrapMethod<AnyFunction>(prototype, 'setListener', original => {
    return function setListener(this: object, listener: Listener, ...rest: unknown[]) {
      const plan = states.get(this)?.plan;
      return original.call(this, plan === undefined ? listener : scopedListener(listener, plan, agent), ...rest);
    };
  });

  wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
    return function subscribe(this: object, topic: string, expression: string, ...rest: unknown[]) {
      const result: unknown = original.call(this, topic, expression, ...rest);
      const state = states.get(this);
      if (state !== undefined) {
        agent.guard('a subscription', undefined, () => {
          const subscription: Subscription = { topic, filter: { type: 'TAG', expression: expression || '*' } };
          state.subscriptions.set(topic, subscription);
          agent.messages.announce(state.plan, [subscription]);
        });
      }
      return result;
    };
  });

  wrapMethod<AnyFunction>(prototype, 'start', original => {
    return function start(this: object, callback: AnyFunction, ...rest: unknown[]) {
      const state = states.get(this);
      // Nothing to prepare: as without the agent.
      if (state === undefined || !state.plan.isFiltered) return original.call(this, callback, ...rest);
      const { plan, namesrv, subscriptions } = state;
      const started = (error: unknown, status: unknown, ...more: unknown[]) => {
        const result = [error, status, ...more];
        if (!error && status === STARTED) callback(...result);
        else void agent.messages.left(plan).then(() => outOfPromise(callback, result));
      };
      const connection = { endpoint: namesrv ?? 'an address server', namesrv };
      void agent.messages
        .prepare(plan, [...subscriptions.values()], connection)
        .then(() => original.call(this, started, ...rest));
      return undefined;
    };
  });

  wrapMethod<AnyFunction>(prototype, 'shutdown', original => {
    return function shutdown(this: object, callback: AnyFunction, ...rest: unknown[]) {
      const plan = states.get(this)?.plan;
      if (plan === undefined || !plan.isFiltered) return original.call(this, callback, ...rest);
      void agent.messages.leaving(plan);
      const ended = (...result: unknown[]) => {
        void agent.messages.left(plan).then(() => outOfPromise(callback, result));
      };
      return original.call(this, ended, ...rest);
    };
  });
};

/** What `start` calls back with when it went well (`OK` of CCommon.h); 20: the process has a consumer of the group. */
const STARTED = 0;

/** What the application's callback throws is an uncaught exception, as from the addon, and no rejection. */
function outOfPromise(callback: AnyFunction, result: readonly unknown[]): void {
  process.nextTick(callback, ...result);
}

function clientKind(addon: Addon, copy: LibraryCopy): ClientKind {
  const name = `apache-rocketmq ${copy.version}`;
  // The mark of message-properties.patch. Known before there is a message, so that nothing starts which cannot work.
  const showsProperties = addon.PushConsumer.prototype.hasMessageProperties === true;
  return {
    name,
    knowsSql92: false,
    sharesQueues: false,
    canStandIn: false,
    ...(showsProperties
      ? {}
      : { blindness: `this ${name} was built without message-properties.patch (see docs/apache-rocketmq.md)` }),
  };
}

/** `listener` within the message's tag; messages of other environments are acknowledged and not handed to it. */
export function scopedListener(listener: Listener, plan: ConsumerPlan, agent: Agent): Listener {
  return function (this: unknown, message, acknowledgement, ...rest) {
    const { tag, isTaken } = agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () =>
      see(message, plan, agent),
    );
    if (!isTaken) {
      agent.counts.skipped(plan, message.topic, tag);
      return acknowledgement.done();
    }
    agent.counts.consumed(plan, message.topic, tag, 'process');
    return agent.context.run(tag, () => listener.call(this, message, acknowledgement, ...rest));
  };
}

function see({ topic, properties }: Message, plan: ConsumerPlan, agent: Agent) {
  const tag = extractTag(properties && recordCarrier(properties), agent.settings.key);
  if (tag !== undefined) plan.saw(tag);
  // A retry is no proof that the group took the message: with one message that fails, the client sends back all that it
  // had pulled with it, skipped ones included.
  return { tag, isTaken: plan.takes({ topic, tag, isRetry: false }) };
}
