/** Push consumers of ali-ons and its fork: their group, their filter, and the handler of their messages. */

import type { Exports, Patch } from '../../agent/instrumentation';
import { type AnyFunction, wrapGetter, wrapMethod } from '../../foreign-objects/wrap';
import type { ConsumerPrototype, MQPushConsumer } from './client';
import type { Leaver } from './departure';
import { inKindOf } from './either-kind';
import { type Handler, isHandler, scopedHandler } from './handler';
import { type Hooks, hooksOf } from './hooks';
import { RETRY_TOPIC } from './message';
import { keepOffsetsOfOwn } from './offsets';
import { patchQueues } from './queues';
import { retryHandler } from './retries';
import { filterOf, liveSubscription, type UserExpression } from './subscription';

export const patchConsumer =
  (name: string): Patch =>
  (MQPushConsumer: Exports, agent, copy) => {
    const { prototype } = MQPushConsumer;
    const hooks = hooksOf(name, MQPushConsumer, agent, copy);
    // The first look opens the consumer's session: the client's own constructor needs the group (newOffsetStoreInstance).
    wrapGetter<string>(prototype, 'consumerGroup', consumer => hooks.states.of(consumer).intake.group);
    patchSubscriptions(prototype, hooks);
    patchLife(prototype, hooks);
    patchQueues(prototype, hooks);
  };

/** What it subscribes to, as brokers are told and with the handlers of the application. */
function patchSubscriptions(prototype: ConsumerPrototype, hooks: Hooks): void {
  const { agent, client, states, settle } = hooks;
  wrapMethod<AnyFunction>(prototype, 'buildSubscriptionData', original => {
    return function buildSubscriptionData(this: MQPushConsumer, group: string, topic: string, user: UserExpression) {
      const asWritten = original.call(this, group, topic, user);
      const { intake, own } = states.of(this);
      if (topic.startsWith(RETRY_TOPIC)) return asWritten;
      return agent.guard('a subscription', asWritten, () => {
        const filter = filterOf(user);
        own?.session.subscribed([{ topic, filter }]);
        if (!intake.isFiltered || !client.knowsSql92) return asWritten;
        return liveSubscription(
          asWritten,
          filter,
          () => intake.filter(filter, topic),
          ({ expression: subString, type: expressionType }) =>
            original.call(this, group, topic, { subString, expressionType }),
        );
      });
    };
  });

  wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
    return function subscribe(this: MQPushConsumer, ...args: unknown[]) {
      const { handling, own, intake } = states.of(this);
      const [topic] = args;
      if (intake.tag !== undefined && typeof topic === 'string' && topic.startsWith(RETRY_TOPIC)) {
        // Retries are the canary's; what it does not subscribe to it gives to a stand-in.
        if (!intake.isBeside) original.call(this, topic, args[1], retryHandler(this, topic, args[2] as Handler, hooks));
        return;
      }
      const at = args.length === 2 ? 1 : 2;
      const handler = args[at];
      // What is no handler to the client, it refuses with its own words; it handles the retry topic itself.
      if (typeof topic !== 'string' || topic.startsWith(RETRY_TOPIC) || !isHandler(handler)) {
        return original.apply(this, args);
      }
      const user = at === 2 ? (args[1] as UserExpression) : undefined;
      const scoped = scopedHandler(handler, filterOf(user), handling, agent, settle);
      const result = original.apply(this, [...args.slice(0, at), scoped, ...args.slice(at + 1)]);
      own?.handlers.set(this.formatTopic?.(topic) ?? topic, { user, handler });
      return result;
    };
  });
}

/** How it starts and ends. */
function patchLife(prototype: ConsumerPrototype, { states, settle }: Hooks): void {
  wrapMethod<AnyFunction>(prototype, 'init', original => {
    const start = async (consumer: MQPushConsumer): Promise<unknown> => {
      const { intake, own } = states.of(consumer);
      if (intake.tag !== undefined) keepOffsetsOfOwn(consumer._offsetStore);
      // A stand-in may have been closed by now.
      const init = () => (consumer._isClosed ? undefined : settle(original.call(consumer)));
      return own === undefined ? init() : own.session.start(own.reach, init);
    };
    return inKindOf(original, function* init(this: MQPushConsumer) {
      return yield start(this);
    });
  });

  wrapMethod<AnyFunction>(prototype, 'close', original => {
    return function close(this: MQPushConsumer, ...args: unknown[]) {
      const { own, departure } = states.of(this);
      const close = () => original.apply(this, args) as Promise<void>;
      // Only the first call is the end of it; the client takes others too.
      if (own === undefined || own.isClosing) return close();
      own.isClosing = true;
      return own.session.close(async () => {
        if (this._inited) await departure?.leave(this as unknown as Leaver);
        return close();
      });
    };
  });
}
