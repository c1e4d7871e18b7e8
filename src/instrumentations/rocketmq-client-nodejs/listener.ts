/** How a message of rocketmq-client-nodejs 1.x is seen, and the application's listener within the message's tag. */

import type { Agent } from '../../agent/agent';
import type { LibraryCopy } from '../../agent/instrumentation';
import { messageLines } from '../../lines/messages';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { MessageListener, MessageView } from './client';

/** How a message is seen: its tag, and whether the consumer takes it. */
interface SeenMessage {
  readonly tag: string | undefined;
  readonly isTaken: boolean;
}

/** `Intake.revision` when the poll that brought a message was sent, where the client is asked who takes it. */
const revisions = new WeakMap<MessageView, number>();

/** Notes what was brought by a poll that was sent at `revision` of the consumer's intake. */
export function onReceived(messages: readonly MessageView[], intake: Intake, revision: number, agent: Agent): void {
  if (!intake.isFiltered) return;
  for (const message of messages) {
    const tag = agent.messages.extract(message.properties);
    if (tag !== undefined) intake.tagSeen(tag);
    if (intake.side === 'client') revisions.set(message, revision);
  }
}

/** Reads a message for the consumer with `intake`. Never throws: what cannot be read is untagged, and taken. */
export function seeMessage(message: MessageView, intake: Intake | undefined, agent: Agent): SeenMessage {
  return agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () => {
    const tag = agent.messages.extract(message.properties);
    const isAsked = intake !== undefined && (intake.side === 'client' || (tag !== undefined && intake.revision > 0));
    if (!isAsked) return { tag, isTaken: true };
    const place = placeOf(message);
    const isTaken = intake.takes({
      topic: message.topic,
      tag,
      messageTag: message.tag,
      // A second delivery is no proof that the group took the message: it may have been skipped, and not acknowledged.
      isRetry: false,
      // What was given back without using up an attempt is counted as the first.
      isRedelivered: (message.deliveryAttempt ?? 1) > 1 || place?.isRetry === true,
      // What a broker that filters delivers was left out by no poll.
      revision: intake.side === 'client' ? (revisions.get(message) ?? 0) : 0,
      position: place,
    });
    return { tag, isTaken };
  });
}

/**
 * Where a message is in its topic, or in the group's retries of it, by its receipt handle: start offset, time of the pop,
 * invisible time, revive queue, kind of topic (0: the topic itself), broker, queue, offset … (ExtraInfoUtil.java, 5.x).
 * Undefined for one of another form.
 */
function placeOf({
  receiptHandle,
}: MessageView): { readonly queue: string; readonly offset: number; readonly isRetry: boolean } | undefined {
  const [, kind, broker, queueId, offset] =
    /^\d+ \d+ \d+ \d+ (\d+) (\S+) (\d+) (\d+)\b/.exec(receiptHandle ?? '') ?? [];
  if (broker === undefined) return undefined;
  return { queue: `${broker}:${queueId}`, offset: Number(offset), isRetry: kind !== '0' };
}

/** `ConsumeResult.SUCCESS` of the copy; looked up when it is needed, not with each message. */
export function success(copy: LibraryCopy): unknown {
  return copy.require('dist/consumer/ConsumeResult.js').ConsumeResult.SUCCESS;
}

export function scopedListener(
  listener: MessageListener,
  intake: Intake,
  agent: Agent,
  copy: LibraryCopy,
): MessageListener {
  return {
    consume(message) {
      const { tag, isTaken } = seeMessage(message, intake, agent);
      if (!isTaken) {
        const { topic, messageId: id } = message;
        agent.counts.skipped(intake, topic, tag);
        if (agent.log.isDebug) agent.log.say(messageLines.skipped, { group: intake.group, topic, id, tag });
        return success(copy);
      }
      const environment = intake.environmentOf(tag);
      agent.counts.consumed(intake, message.topic, environment, 'process');
      return agent.context.run(environment, () => listener.consume(message));
    },
  };
}
