/** Offsets of a group, as the client's `RemoteBrokerOffsetStore` keeps and commits them. */
import type { AnyFunction } from '../../foreign-objects/wrap';

/**
 * `persistAll` (3.12.0, 2.0.4) commits -1 for a queue that stands at 0, which brokers take for no offset at all; a member
 * that comes later would then start at the queue's end. Groups of canaries have offsets on every queue, and keep them.
 */
export function keepOffsetsOfOwn(store: object, usesGenerators: boolean): void {
  const commits = store as { updateConsumeOffsetToBroker: AnyFunction };
  const original = commits.updateConsumeOffsetToBroker;
  commits.updateConsumeOffsetToBroker = usesGenerators
    ? function* (queue: unknown, offset: number): Generator<unknown, unknown, unknown> {
        return offset < 0 ? undefined : yield* original.call(this, queue, offset);
      }
    : async function (queue: unknown, offset: number) {
        return offset < 0 ? undefined : original.call(this, queue, offset);
      };
}
