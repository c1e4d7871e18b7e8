/**
 * Canaries' consumers whose group was not ready on the brokers when they started: a name server was away, or the account may
 * not create groups and somebody does it by hand. They are tried again while they are there: until then nobody knows of them,
 * and the baseline takes their messages too.
 */

import type { ConsumerPlan } from '../consumer-plan';
import type { Subscription } from '../plan/subscription';

/** How long after an attempt the next one begins, ms. */
export const AGAIN_AFTER_MS = 30_000;

export interface LatePreparations {
  /**
   * The group of `plan` was not ready for these topics, beside those that it was not ready for before.
   *
   * @param attempt makes it ready for all of them: whether it is, everywhere. Never rejects
   */
  add(
    plan: ConsumerPlan,
    subscriptions: readonly Subscription[],
    attempt: (subscriptions: readonly Subscription[]) => Promise<boolean>,
  ): void;
  /** It is ready for this topic, or the application no longer subscribes to it. */
  forgetTopic(plan: ConsumerPlan, topic: string): void;
  /** The application closes the consumer. */
  remove(plan: ConsumerPlan): void;
  isWaiting(plan: ConsumerPlan): boolean;
}

export function latePreparations(): LatePreparations {
  const waiting = new WeakMap<
    ConsumerPlan,
    { readonly topics: Map<string, Subscription>; readonly timer: NodeJS.Timeout }
  >();

  const add: LatePreparations['add'] = (plan, subscriptions, attempt) => {
    const before = waiting.get(plan);
    clearTimeout(before?.timer);
    const topics = before?.topics ?? new Map<string, Subscription>();
    for (const subscription of subscriptions) topics.set(subscription.topic, subscription);
    const again = async () => {
      const isReady = await attempt([...topics.values()]);
      // Removed, or added to meanwhile: then there is another timer.
      if (waiting.get(plan)?.timer !== timer) return;
      if (isReady) waiting.delete(plan);
      else add(plan, [], attempt);
    };
    const timer = setTimeout(again, AGAIN_AFTER_MS).unref();
    waiting.set(plan, { topics, timer });
  };
  const remove: LatePreparations['remove'] = plan => {
    clearTimeout(waiting.get(plan)?.timer);
    waiting.delete(plan);
  };

  return {
    add,
    forgetTopic(plan, topic) {
      const topics = waiting.get(plan)?.topics;
      if (topics?.delete(topic) && topics.size === 0) remove(plan);
    },
    remove,
    isWaiting: plan => waiting.has(plan),
  };
}
