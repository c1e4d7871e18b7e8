/**
 * How a canary and those that stand in for it keep apart in one group where they subscribe to different topics. The client
 * shares out the queues of a topic among all members of a group, whether they subscribe to it or not.
 */
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { isStandInId } from '../../rocketmq/presence/consumer-client-id';
import type { MQPushConsumer } from './client';
import { ended, inKindOf } from './either-kind';

const counted = new WeakSet<object>();

/** Queues are shared out among members of the consumer's own kind: canaries, or stand-ins. */
export function countOwnKind({ _mqClient: client }: MQPushConsumer): void {
  if (counted.has(client)) return;
  counted.add(client);
  const ofOwnKind = (ids: readonly string[] | undefined) =>
    ids?.filter(id => isStandInId(id) === isStandInId((client as unknown as { readonly clientId: string }).clientId));
  const { findConsumerIdList: method } = client as unknown as { readonly findConsumerIdList: AnyFunction };
  wrapMethod<AnyFunction>(client, 'findConsumerIdList', original =>
    inKindOf(method, function* findConsumerIdList(...args: unknown[]) {
      return ofOwnKind(yield* ended<readonly string[] | undefined>(original.apply(this, args)));
    }),
  );
}
