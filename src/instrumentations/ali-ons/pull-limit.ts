/**
 * `pullThresholdForQueue`, which holds for each queue over a consumer of the application and its stand-ins together.
 *
 * The client (3.12.0, 2.0.4) by itself: a consumer that has more messages of a queue than that waits before it pulls again.
 */
import type { AnyFunction } from '../../foreign-objects/wrap';
import type { PulledQueue } from './departure';
import { ended, inKindOf } from './either-kind';

/** A consumer as one that pulls. */
export interface Puller {
  readonly _processQueueTable: ReadonlyMap<string, PulledQueue>;
  readonly options: { readonly pullThresholdForQueue?: number; readonly pullBatchSize?: number };
}

/**
 * Whether a consumer may pull a queue: while there are few of its messages in all, or it has no more than its share. Only
 * who has some counts; so one that has nothing to do takes nothing from the others.
 *
 * @param counts messages of the queue that each consumer has; `own` is one of them
 */
export function mayPull(own: number, counts: readonly number[], threshold: number): boolean {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const busy = counts.filter(count => count > 0).length;
  return all <= threshold || own * Math.max(1, busy) <= threshold;
}

/** How many messages are pulled next from a queue where nothing was known to lie: one at first, then as many as come. */
export function nextBatch(asked: number, brought: number): number {
  return brought >= asked ? 2 * asked : Math.max(1, brought);
}

/** `pullKernelImpl` of a stand-in: it pulls few messages from a queue where nothing was known to lie. */
export function pullingCarefully(original: AnyFunction): AnyFunction {
  const batches = new Map<string, number>();
  return inKindOf(
    original,
    function* pullKernelImpl(this: Puller, queue: { readonly key: string }, ...rest: unknown[]) {
      const { pullBatchSize = 1 } = this.options;
      const batch = Math.min(batches.get(queue.key) ?? 1, pullBatchSize);
      const options = { ...this.options, pullBatchSize: batch };
      const view = Object.create(this, { options: { value: options } }) as object;
      const result = yield* ended<PullResult | undefined>(original.call(view, queue, ...rest));
      batches.set(queue.key, nextBatch(batch, result?.msgFoundList?.length ?? 0));
      return result;
    },
  );
}

interface PullResult {
  readonly msgFoundList?: readonly unknown[] | null;
}
