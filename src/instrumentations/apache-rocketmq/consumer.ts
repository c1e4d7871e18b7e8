/** Push consumers of apache-rocketmq: their group, which messages they emit, and within which tag. */

import type { Agent } from '../../agent/agent';
import type { Exports, LibraryCopy, Patch } from '../../agent/instrumentation';
import { type AnyFunction, wrapClass, wrapMethod } from '../../foreign-objects/wrap';
import { messageLines } from '../../lines/messages';
import { recordCarrier } from '../../propagation/property-carrier';
import type { ClientKind } from '../../rocketmq/consumer/client';
import type { Reach } from '../../rocketmq/consumer/duties';
import type { Session } from '../../rocketmq/consumer/session';
import type { Intake } from '../../rocketmq/hand-over/intake';
import { type Addon, addonOf } from './addon';

interface ConsumerState {
  readonly session: Session;
  readonly reach: Reach;
}

interface Message {
  readonly topic: string;
  readonly msgId: string;
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
    const session = agent.sessions.open(String(group), client);
    const consumer = make([session.intake.group, instanceName, options, ...rest]) as object;
    const given = (options as { readonly nameServer?: unknown } | undefined)?.nameServer;
    const namesrv = typeof given === 'string' ? given : undefined;
    const connection = { endpoint: namesrv ?? 'an address server', namesrv };
    states.set(consumer, { session, reach: { connection: () => connection } });
    return consumer;
  });
  const { prototype } = addon.PushConsumer;
  patchMessages(prototype, states, agent);
  patchStart(prototype, states);
  patchShutdown(prototype, states);
};

type States = WeakMap<object, ConsumerState>;

/** What it subscribes to, and what emits its messages. */
function patchMessages(prototype: Exports, states: States, agent: Agent): void {
  wrapMethod<AnyFunction>(prototype, 'setListener', original => {
    return function setListener(this: object, listener: Listener, ...rest: unknown[]) {
      const intake = states.get(this)?.session.intake;
      return original.call(this, intake === undefined ? listener : scopedListener(listener, intake, agent), ...rest);
    };
  });

  wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
    return function subscribe(this: object, topic: string, expression: string, ...rest: unknown[]) {
      const result: unknown = original.call(this, topic, expression, ...rest);
      agent.guard('a subscription', undefined, () =>
        states.get(this)?.session.subscribed([{ topic, filter: { type: 'TAG', expression: expression || '*' } }]),
      );
      return result;
    };
  });
}

function patchStart(prototype: Exports, states: States): void {
  wrapMethod<AnyFunction>(prototype, 'start', original => {
    return function start(this: object, callback: AnyFunction, ...rest: unknown[]) {
      const state = states.get(this);
      if (state === undefined) return original.call(this, callback, ...rest);
      const { session, reach } = state;
      if (!session.intake.isFiltered) {
        // Nothing to prepare: as without the agent.
        void session.start(reach, () => {});
        return original.call(this, callback, ...rest);
      }
      const startNow = () =>
        new Promise<'started'>((resolve, reject) => {
          const called = (error: unknown, status: unknown, ...more: unknown[]) => {
            if (error || status !== STARTED) return reject([error, status, ...more]);
            resolve('started');
            callback(error, status, ...more);
          };
          original.call(this, called, ...rest);
        });
      session.start(reach, startNow).then(
        outcome => {
          if (outcome === undefined) outOfPromise(callback, [new Error('the consumer was shut down as it started')]);
        },
        failure => outOfPromise(callback, Array.isArray(failure) ? failure : [failure]),
      );
      return undefined;
    };
  });
}

function patchShutdown(prototype: Exports, states: States): void {
  wrapMethod<AnyFunction>(prototype, 'shutdown', original => {
    return function shutdown(this: object, callback: AnyFunction, ...rest: unknown[]) {
      const session = states.get(this)?.session;
      if (session === undefined) return original.call(this, callback, ...rest);
      if (!session.intake.isFiltered) {
        void session.close(() => {});
        return original.call(this, callback, ...rest);
      }
      const shutDown = () =>
        new Promise<unknown[]>(resolve => {
          original.call(this, (...result: unknown[]) => resolve(result), ...rest);
        });
      session.close(shutDown).then(
        result => outOfPromise(callback, result),
        error => outOfPromise(callback, [error]),
      );
      return undefined;
    };
  });
}

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
export function scopedListener(listener: Listener, intake: Intake, agent: Agent): Listener {
  return function (this: unknown, message, acknowledgement, ...rest) {
    const { tag, isTaken } = agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () =>
      see(message, intake, agent),
    );
    if (!isTaken) {
      const { topic, msgId: id } = message;
      agent.counts.skipped(intake, topic, tag);
      if (agent.log.isDebug) agent.log.say(messageLines.skipped, { group: intake.group, topic, id, tag });
      return acknowledgement.done();
    }
    agent.counts.consumed(intake, message.topic, tag, 'process');
    return agent.context.run(tag, () => listener.call(this, message, acknowledgement, ...rest));
  };
}

function see({ topic, properties }: Message, intake: Intake, agent: Agent) {
  const tag = agent.messages.extract(properties && recordCarrier(properties));
  if (tag !== undefined) intake.tagSeen(tag);
  // A retry is no proof that the group took the message: with one message that fails, the client sends back all that it
  // had pulled with it, skipped ones included.
  return { tag, isTaken: intake.takes({ topic, tag, isRetry: false }) };
}
