/** The queues of push consumers: how they are shared out, pulled, and given up. */
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import type { ConsumerPrototype, MQPushConsumer } from './client';
import type { Leaver, MessageQueue, PulledQueue } from './departure';
import type { Hooks } from './hooks';
import { countOwnKind } from './shared-group';

export function patchQueues(prototype: ConsumerPrototype, hooks: Hooks): void {
  patchRebalance(prototype, hooks);
  patchPulls(prototype, hooks);
  if (hooks.client.knowsSql92) patchPullErrors(prototype, hooks);
}

function patchRebalance(prototype: ConsumerPrototype, { states, usesGenerators }: Hooks): void {
  wrapMethod<AnyFunction>(prototype, 'rebalanceByTopic', original => {
    const before = async (consumer: MQPushConsumer, topic: string) => {
      const { own, standIn, intake } = states.of(consumer);
      // Groups of the baseline have no stand-ins in them.
      if (intake.tag !== undefined) countOwnKind(consumer, usesGenerators);
      await standIn?.beforeRebalance();
      await own?.session.prepared([topic]);
    };
    const after = (consumer: MQPushConsumer, topic: string) => {
      if (consumer._topicSubscribeInfoTable.get(topic)?.length) states.of(consumer).standIn?.onRebalanced(topic);
    };
    return usesGenerators
      ? function* rebalanceByTopic(this: MQPushConsumer, topic: string) {
          yield before(this, topic);
          const result: unknown = yield* original.call(this, topic);
          after(this, topic);
          return result;
        }
      : async function rebalanceByTopic(this: MQPushConsumer, topic: string) {
          await before(this, topic);
          const result: unknown = await original.call(this, topic);
          after(this, topic);
          return result;
        };
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
