/** Offsets of a group, as the client's `RemoteBrokerOffsetStore` keeps and commits them. */
import type { AnyFunction } from '../../foreign-objects/wrap';
import { ended, inKindOf } from './either-kind';

/**
 * `persistAll` (3.12.0, 2.0.4) commits -1 for a queue that stands at 0, which brokers take for no offset at all; a member
 * that comes later would then start at the queue's end. Groups of canaries have offsets on every queue, and keep them.
 */
export function keepOffsetsOfOwn(store: object): void {
  const commits = store as { updateConsumeOffsetToBroker: AnyFunction };
  const original = commits.updateConsumeOffsetToBroker;
  commits.updateConsumeOffsetToBroker = inKindOf(original, function* (queue: unknown, offset: number) {
    return offset < 0 ? undefined : yield* ended(original.call(this, queue, offset));
  });
}

interface Beginner {
  readonly _mqClient: { findBrokerAddressInAdmin(brokerName: string): { readonly slave: boolean } | null };
  readonly _offsetStore: { readonly offsetTable: ReadonlyMap<string, number> };
}

interface QueueOfBroker {
  readonly key: string;
  readonly brokerName: string;
}

/**
 * `computePullFromWhere` (3.12.0, 2.0.4) of a stand-in: not the queue's first message where a slave was asked for the group's
 * offset and does not know it. A slave of 5.5.0 never gets offsets from its master (apache/rocketmq#10284): all that the queue
 * still holds would come again. The client takes -1 for a queue that it is to try again at the next rebalance.
 */
export function beginningOnlyWhereKnown(original: AnyFunction): AnyFunction {
  const checked = ({ _mqClient, _offsetStore }: Beginner, { key, brokerName }: QueueOfBroker, offset: unknown) =>
    _mqClient.findBrokerAddressInAdmin(brokerName)?.slave && !_offsetStore.offsetTable.has(key) ? -1 : offset;
  return inKindOf(original, function* computePullFromWhere(this: Beginner, queue: QueueOfBroker) {
    return checked(this, queue, yield* ended(original.call(this, queue)));
  });
}
