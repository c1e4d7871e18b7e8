/** The queues of push consumers: how they are shared out, pulled, and given up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import type { ConsumerPrototype, MQPushConsumer } from './client';
import type { Leaver, MessageQueue, PulledQueue } from './departure';
import { ended, inKindOf } from './either-kind';
import type { Hooks } from './hooks';
import { mayPull, type Puller } from './pull-limit';
import { countOwnKind } from './shared-group';

/** Until it is asked again whether a queue may be pulled, ms. */
const PAUSE_MS = 50;

export function patchQueues(prototype: ConsumerPrototype, hooks: Hooks): void {
  patchRebalance(prototype, hooks);
  patchPulls(prototype, hooks);
  patchPullLimit(prototype, hooks);
  if (hooks.client.knowsSql92) patchPullErrors(prototype, hooks);
}

function patchRebalance(prototype: ConsumerPrototype, { states }: Hooks): void {
  wrapMethod<AnyFunction>(prototype, 'rebalanceByTopic', original => {
    const before = async (consumer: MQPushConsumer, topic: string) => {
      const { own, standIn, intake } = states.of(consumer);
      // Groups of the baseline have no stand-ins in them.
      if (intake.tag !== undefined) countOwnKind(consumer);
      await standIn?.beforeRebalance();
      await own?.session.prepared([topic]);
    };
    return inKindOf(original, function* rebalanceByTopic(this: MQPushConsumer, topic: string) {
      yield before(this, topic);
      const result = yield* ended(original.call(this, topic));
      if (this._topicSubscribeInfoTable.get(topic)?.length) states.of(this).standIn?.onRebalanced(topic);
      return result;
    });
  });

  wrapMethod<AnyFunction>(prototype, 'removeProcessQueue', original => {
    const removeProcessQueue = function (this: MQPushConsumer & Leaver, queue: MessageQueue) {
      // A rebalance gave it to another member, which gets what has not begun here.
      states.of(this).departure?.giveUp(this, this._processQueueTable.get(queue.key));
      return original.call(this, queue);
    };
    return removeProcessQueue;
  });
}

function patchPulls(prototype: ConsumerPrototype, { states }: Hooks): void {
  wrapMethod<AnyFunction>(prototype, 'pullMessageQueue', original => {
    return function pullMessageQueue(this: MQPushConsumer, ...args: unknown[]) {
      return states.of(this).departure?.hasBegun ? undefined : original.apply(this, args);
    };
  });

  wrapMethod<AnyFunction>(prototype, 'correctTagsOffset', original => {
    return function correctTagsOffset(this: MQPushConsumer, request: PulledQueue) {
      const { intake, departure } = states.of(this);
      if (departure?.isGivenUp(request.processQueue)) return undefined;
      // 2.0.4: a pull that brings nothing moves the offset over what earlier ones brought and nobody has handled yet.
      // 3.x asks as this does.
      if (intake.isFiltered && request.processQueue.msgList.length > 0) return undefined;
      return original.call(this, request);
    };
  });
}

function patchPullLimit(prototype: ConsumerPrototype, { agent, states }: Hooks): void {
  /** False: to be asked again after a while. */
  const isAllowed = (consumer: Puller, { key }: { readonly key: string }): boolean =>
    agent.guard('the limit of a queue', true, () => {
      const { pullers } = states.of(consumer);
      const pulled = consumer._processQueueTable.get(key);
      const { pullThresholdForQueue } = consumer.options;
      if (pullers.size < 2 || pulled === undefined || pullThresholdForQueue === undefined) return true;
      const counts = [...pullers].map(
        ({ _processQueueTable }) => _processQueueTable.get(key)?.processQueue.msgList.length ?? 0,
      );
      if (mayPull(pulled.processQueue.msgList.length, counts, pullThresholdForQueue)) return true;
      // A queue that is not pulled for two minutes is a broken one to the client.
      pulled.processQueue.lastPullTimestamp = Date.now();
      return false;
    });

  wrapMethod<AnyFunction>(prototype, 'executePullRequestImmediately', original =>
    inKindOf(
      original,
      function* executePullRequestImmediately(this: Puller, queue: { readonly key: string }, ...rest: unknown[]) {
        if (!isAllowed(this, queue)) return yield sleep(PAUSE_MS);
        return yield* ended(original.call(this, queue, ...rest));
      },
    ),
  );
}

function patchPullErrors(prototype: ConsumerPrototype, { agent, states }: Hooks): void {
  wrapMethod<AnyFunction>(prototype, 'executePullRequestImmediately', original => {
    return async function executePullRequestImmediately(this: MQPushConsumer, ...args: unknown[]) {
      const { intake } = states.of(this);
      const before = intake.side;
      try {
        return await original.apply(this, args);
      } catch (error) {
        const next = agent.guard('explaining an error', 'pass', () => agent.sessions.onError(intake, error));
        // Pulls of other queues were under way when the first of them made the client filter.
        if (next === 'pass' && before === intake.side) throw error;
      }
    };
  });
}
