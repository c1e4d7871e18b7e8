/**
 * Canaries' consumers whose group was not ready on the brokers when they started: a name server was away, or the account may
 * not create groups and somebody does it by hand. They are tried again while they are there: until then nobody knows of them,
 * and the baseline takes their messages too.
 */
import type { Subscription } from '../client';
import type { ConsumerPlan } from '../consumer-plan';

/** How long after an attempt the next one begins, ms. */
export const AGAIN_AFTER_MS = 30_000;

export interface LatePreparations {
  /**
   * The group of `plan` was not ready for these topics, beside those that it was not ready for before.
   *
   * @param attempt makes it ready for all of them: whether it is; never rejects
   * @param onReady called once it is, unless the consumer has been removed meanwhile
   */
  add(
    plan: ConsumerPlan,
    subscriptions: readonly Subscription[],
    attempt: (subscriptions: readonly Subscription[]) => Promise<boolean>,
    onReady: (subscriptions: readonly Subscription[]) => void,
  ): void;
  /** Its group is ready, or the application closes the consumer. */
  remove(plan: ConsumerPlan): void;
  isWaiting(plan: ConsumerPlan): boolean;
}

export function latePreparations(): LatePreparations {
  const waiting = new WeakMap<
    ConsumerPlan,
    { readonly topics: Map<string, Subscription>; readonly timer: NodeJS.Timeout }
  >();

  const add: LatePreparations['add'] = (plan, subscriptions, attempt, onReady) => {
    const before = waiting.get(plan);
    clearTimeout(before?.timer);
    const topics = before?.topics ?? new Map<string, Subscription>();
    for (const subscription of subscriptions) topics.set(subscription.topic, subscription);
    const again = async () => {
      const all = [...topics.values()];
      const isReady = await attempt(all);
      // Removed, or added to meanwhile: then there is another timer.
      if (waiting.get(plan)?.timer !== timer) return;
      if (!isReady) return add(plan, [], attempt, onReady);
      waiting.delete(plan);
      onReady(all);
    };
    const timer = setTimeout(again, AGAIN_AFTER_MS).unref();
    waiting.set(plan, { topics, timer });
  };

  return {
    add,
    remove(plan) {
      clearTimeout(waiting.get(plan)?.timer);
      waiting.delete(plan);
    },
    isWaiting: plan => waiting.has(plan),
  };
}
