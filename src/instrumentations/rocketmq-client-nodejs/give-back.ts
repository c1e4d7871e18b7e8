/**
 * Giving a message back to its group, which another consumer of the group is to handle.
 *
 * A message comes again when its invisible time is over, which a consumer may shorten. Run on 5.5.0 with 1, 100, 1000 and
 * 2000 ms: delivered again after 2.2, 2.2, 3.5 and 4.5 s, in an ordered group 0.1 to 0.2 s after the time given. Whether
 * that uses up an attempt:
 * - with `suspend` in the request, which 5.5.0 knows (`PopReviveService.reviveRetry`), it does not. The client sets it for
 *   lite topics only, the broker heeds it for all;
 * - a proxy or broker before 5.5.0 does not know it, and counts;
 * - in an ordered group each delivery counts, on 5.5.0 too (`ConsumerOrderInfoManager`), with or without it.
 * A message whose attempts are used up goes to the dead letter queue instead of being delivered.
 */
import type { LibraryCopy } from '../../agent/instrumentation';
import { systemClock } from '../../rocketmq/remoting/clock';
import type { ClientConsumer, MessageView } from './client';

/** Milliseconds; what the broker adds to it is longer. */
const GIVE_BACK_MS = 100;
const TRIES = 3;
const PAUSE_MS = 1000;
/** `Code` of proto/apache/rocketmq/v2/definition.proto. */
const OK = 20_000;

/** Deliveries of a message so far, this one included, as the broker counts them. */
export interface Delivery {
  readonly attempt: number;
}

/**
 * Whether a message is handled although its consumer leaves: it would be lost to the dead letter queue. In an ordered
 * group so are those before it in its batch, which it would overtake.
 *
 * @param batch what one poll brought, in its order
 * @param maxAttempts deliveries of a message that its group allows; undefined: not known
 */
export function isHandledAfterAll(
  batch: readonly Delivery[],
  index: number,
  group: { readonly isOrdered: boolean; readonly maxAttempts: number | undefined },
): boolean {
  const { isOrdered, maxAttempts } = group;
  if (maxAttempts === undefined) return false;
  return batch.slice(index, isOrdered ? undefined : index + 1).some(({ attempt }) => attempt >= maxAttempts);
}

/** The request that gives `message` back to the group of `consumer`. */
export function giveBackRequest(consumer: ClientConsumer, message: MessageView, copy: LibraryCopy): object {
  const { ChangeInvisibleDurationRequest } = copy.require('proto/apache/rocketmq/v2/service_pb.js');
  const { createDuration, createResource } = copy.require('dist/util/index.js');
  const request = new ChangeInvisibleDurationRequest()
    .setGroup(createResource(consumer.consumerGroup))
    .setTopic(createResource(message.topic))
    .setReceiptHandle(message.receiptHandle)
    .setInvisibleDuration(createDuration(GIVE_BACK_MS))
    .setMessageId(message.messageId);
  request.setSuspend?.(true);
  return request;
}

/**
 * Sends a {@link giveBackRequest}, a few times if need be.
 *
 * @returns false when it was in vain: then the message comes again when its invisible time is over. Never rejects
 */
export async function giveBack(consumer: ClientConsumer, endpoints: object, request: object): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      const response = await consumer.rpcClientManager.changeInvisibleDuration(
        endpoints,
        request,
        consumer.requestTimeout,
      );
      if (response.getStatus()?.toObject().code === OK) return true;
    } catch {
      // Tried again.
    }
    if (tries === TRIES) return false;
    await systemClock.sleep(PAUSE_MS);
  }
}
