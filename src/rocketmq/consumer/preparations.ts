/** What a consumer's subscriptions need before it consumes them: each once, one of a topic after the other. */
import type { Subscription } from '../plan/subscription';

export interface Preparations {
  /** Settles once all of these are prepared. Where there are none, what needs no subscription is. */
  prepare(subscriptions: readonly Subscription[]): Promise<void>;
  /** The application no longer subscribes to a topic. */
  forget(topic: string): void;
  /** Whether the application has given a topic up since it was prepared, or as it is. */
  isForgotten(topic: string): boolean;
}

/** @param prepare settles once they are prepared. Never rejects */
export function createPreparations(prepare: (subscriptions: readonly Subscription[]) => Promise<void>): Preparations {
  /** By topic. Without a subscription: it is forgotten. */
  const topics = new Map<string, { readonly subscription?: Subscription; readonly done: Promise<void> }>();

  return {
    async prepare(subscriptions) {
      const missing = subscriptions.filter(one => topics.get(one.topic)?.subscription !== one);
      if (missing.length > 0 || subscriptions.length === 0) {
        const earlier = Promise.all(missing.map(({ topic }) => topics.get(topic)?.done));
        const done = earlier.then(() => prepare(missing));
        for (const subscription of missing) topics.set(subscription.topic, { subscription, done });
        await done;
      }
      await Promise.all(subscriptions.map(({ topic }) => topics.get(topic)?.done));
    },
    forget(topic) {
      const done = topics.get(topic)?.done;
      if (done !== undefined) topics.set(topic, { done });
    },
    isForgotten(topic) {
      const entry = topics.get(topic);
      return entry !== undefined && entry.subscription === undefined;
    },
  };
}
