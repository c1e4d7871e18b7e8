/** Waits until the queues of a stand-in's topics have been shared out among the members of its group. */
import { deferred } from '../../rocketmq/remoting/deferred';

/** How long the client may take for it, in ms. */
const START_MS = 20_000;

export interface Rebalances {
  /** Settles once it has happened for all of `topics`. Rejects with what failed meanwhile, and when it takes too long. */
  of(topics: readonly string[]): Promise<void>;
  /** It has happened for a topic. */
  done(topic: string): void;
  failed(error: unknown): void;
}

export function rebalances(): Rebalances {
  const waiting = new Set<{ done(topic: string): void; failed(error: unknown): void }>();
  return {
    async of(topics) {
      const missing = new Set(topics);
      if (missing.size === 0) return;
      const { promise, resolve, reject } = deferred();
      const waiter = {
        done(topic: string) {
          missing.delete(topic);
          if (missing.size === 0) resolve();
        },
        failed: reject,
      };
      waiting.add(waiter);
      const timer = setTimeout(() => reject(new Error(`no queues of ${[...missing].join(', ')} in time`)), START_MS);
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(waiter);
      }
    },
    done(topic) {
      for (const waiter of waiting) waiter.done(topic);
    },
    failed(error) {
      for (const waiter of waiting) waiter.failed(error);
    },
  };
}
