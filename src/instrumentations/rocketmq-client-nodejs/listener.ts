/** How a message of rocketmq-client-nodejs 1.x is seen, and the application's listener within the message's tag. */
import type { Agent } from '../../agent';
import type { LibraryCopy } from '../../loader/instrumentation';
import { extractTag } from '../../propagation/message-properties';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { MessageListener, MessageView } from './client';

/** How a message is seen: its tag, and whether the consumer takes it. */
interface SeenMessage {
  readonly tag: string | undefined;
  readonly isTaken: boolean;
}

/** `ConsumerPlan.revision` when the poll that brought a message was sent, where the client is asked who takes it. */
const revisions = new WeakMap<MessageView, number>();

/** Notes what was brought by a poll that was sent at `revision` of the consumer's plan. */
export function sentAt(messages: readonly MessageView[], revision: number): void {
  for (const message of messages) revisions.set(message, revision);
}

/** Reads a message for a consumer with `plan`. Never throws: what cannot be read is untagged, and taken. */
export function seeMessage(message: MessageView, plan: ConsumerPlan | undefined, agent: Agent): SeenMessage {
  return agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () => {
    const tag = extractTag(message.properties, agent.settings.key);
    if (plan?.side !== 'client') return { tag, isTaken: true };
    const revision = revisions.get(message);
    const isTaken = plan.takes({
      topic: message.topic,
      tag,
      // A second delivery is no proof that the group took the message: it may have been skipped, and not acknowledged.
      isRetry: false,
      isRedelivered: (message.deliveryAttempt ?? 1) > 1,
      ...(revision === undefined ? {} : { revision }),
    });
    return { tag, isTaken };
  });
}

/** `ConsumeResult.SUCCESS` of the copy; looked up when it is needed, not with each message. */
export function success(copy: LibraryCopy): unknown {
  return copy.require('dist/consumer/ConsumeResult.js').ConsumeResult.SUCCESS;
}

export function scopedListener(
  listener: MessageListener,
  plan: ConsumerPlan,
  agent: Agent,
  copy: LibraryCopy,
): MessageListener {
  return {
    consume(message) {
      const { tag, isTaken } = seeMessage(message, plan, agent);
      return isTaken ? agent.context.run(tag, () => listener.consume(message)) : success(copy);
    },
  };
}
