/**
 * A canary's consumer whose group was not ready on the brokers when it started: a name server was away, or the account may
 * not create groups and somebody does it by hand. It is tried again while the consumer is there: until then nobody knows of
 * it, and the baseline takes its messages too.
 */
import type { Subscription } from '../plan/subscription';

/** How long after an attempt the next one begins, ms. */
export const AGAIN_AFTER_MS = 30_000;

export interface LatePreparation {
  /** The group was not ready for these topics, beside those that it was not ready for before. */
  add(subscriptions: readonly Subscription[]): void;
  /** It is ready for this topic, or the application no longer subscribes to it. */
  forgetTopic(topic: string): void;
  /** The application closes the consumer. */
  stop(): void;
  isWaiting(): boolean;
}

/** @param attempt makes the group ready for all of them: whether it is, everywhere. Never rejects */
export function latePreparation(
  attempt: (subscriptions: readonly Subscription[]) => Promise<boolean>,
): LatePreparation {
  const topics = new Map<string, Subscription>();
  let timer: NodeJS.Timeout | undefined;

  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
    topics.clear();
  };
  const tryLater = () => {
    clearTimeout(timer);
    const mine = setTimeout(async () => {
      const isReady = await attempt([...topics.values()]);
      // Stopped, or added to meanwhile: then there is another timer.
      if (timer !== mine) return;
      if (isReady) stop();
      else tryLater();
    }, AGAIN_AFTER_MS).unref();
    timer = mine;
  };

  return {
    add(subscriptions) {
      for (const subscription of subscriptions) topics.set(subscription.topic, subscription);
      tryLater();
    },
    forgetTopic(topic) {
      if (topics.delete(topic) && topics.size === 0) stop();
    },
    stop,
    isWaiting: () => timer !== undefined,
  };
}
