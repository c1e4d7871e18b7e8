/** The application's handler of a topic, as a consumer runs it. */

import type { Agent } from '../../agent/agent';
import { messageLines } from '../../lines/messages';
import { recordCarrier } from '../../propagation/property-carrier';
import type { Intake } from '../../rocketmq/hand-over/intake';
import { type FilterExpression, tagsOf } from '../../rocketmq/plan/filter-expression';
import type { Turns } from '../../rocketmq/sharing/turns';
import { isGeneratorFunction, type Message, RETRY_TOPIC, type Settle } from './message';

/** What a handler returns for a message that it has not begun with, because its consumer leaves. */
export const LEFT_TO_OTHERS = Symbol('left to others');

export type Handler = (message: Message, ...rest: unknown[]) => unknown;

/** The two kinds of function that the versions of the client take; each refuses the other's, and plain ones. */
export function isHandler(value: unknown): value is Handler {
  return isGeneratorFunction(value) || (typeof value === 'function' && value.constructor.name === 'AsyncFunction');
}

/** A consumer as its handlers see it. */
export interface Handling {
  readonly intake: Intake;
  /** What lets in the handlers of messages that come from the topic `source`. */
  gate(source: string): Turns;
  /** A message is about to be handled or skipped. False: it must be neither, and its offset will not be committed. */
  begins?(message: Message): boolean;
  /** What began has ended. */
  ends?(): void;
  /** The application's handler failed with this. */
  failed?(error: unknown): void;
}

/** `handler` within the message's tag; messages of other environments are skipped. */
export function scopedHandler(
  handler: Handler,
  filter: FilterExpression,
  handling: Handling,
  agent: Agent,
  settle: Settle,
): Handler {
  const { intake } = handling;
  const tags = filter.type === 'TAG' ? tagsOf(filter.expression) : undefined;
  const see = (message: Message) =>
    agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () => {
      const tag = agent.messages.extract(recordCarrier(message.properties));
      const isRetry = message.reconsumeTimes > 0;
      // A broker before 5.x filters a pull for the whole group, with whichever member's filter came last. And the client
      // decided once, when it subscribed, whether it checks tags itself: not while its filter was SQL92.
      const isTaken =
        intake.takes({ topic: message.topic, tag, messageTag: message.tags, isRetry }) &&
        // The group's own retries come whatever their tags: the client itself does not look at them.
        (tags === undefined || !intake.isFiltered || isRetry || tags.includes(message.tags ?? ''));
      return { tag, isTaken };
    });

  // One async function about the application's own, not two: while messages are followed, each promise costs Node.js 20 as
  // much as all else here.
  const scoped = (call: (consumer: unknown, args: [Message, ...unknown[]]) => unknown) =>
    async function (this: unknown, ...args: [Message, ...unknown[]]): Promise<unknown> {
      const [message, queue] = args;
      let seen = see(message);
      const { tag } = seen;
      if (tag !== undefined) agent.guard('telling of a message', undefined, () => intake.tagSeen(tag));
      // The client hands over what comes from the retry topic without its queue; it handles that beside the topic's own.
      const gate = handling.gate((queue as { readonly topic: string } | undefined)?.topic ?? RETRY_TOPIC);
      // What is skipped waits for nobody.
      let entered = false;
      if (seen.isTaken) {
        const turn = gate.enter(intake);
        if (turn !== undefined && !(await turn)) return LEFT_TO_OTHERS;
        entered = true;
        // The filter may have become narrower while it waited.
        if (turn !== undefined) seen = see(message);
      }
      let begun = false;
      try {
        begun = handling.begins?.(message) ?? true;
        if (!begun) return LEFT_TO_OTHERS;
        if (!seen.isTaken) {
          const { topic, msgId: id } = message;
          agent.counts.skipped(intake, topic, seen.tag);
          if (agent.log.isDebug) agent.log.say(messageLines.skipped, { group: intake.group, topic, id, tag: seen.tag });
          return undefined;
        }
        const environment = intake.environmentOf(seen.tag);
        agent.counts.consumed(intake, message.topic, environment, 'process');
        return await agent.context.run(environment, () => call(this, args));
      } catch (error) {
        handling.failed?.(error);
        throw error;
      } finally {
        if (begun) handling.ends?.();
        if (entered) gate.leave(intake);
      }
    };

  if (!isGeneratorFunction(handler)) return scoped((consumer, args) => handler.apply(consumer, args));
  // What the handler yields is run within the scope as well.
  const settled = scoped((consumer, args) => settle(handler.apply(consumer, args)));
  return function* (this: unknown, ...args: [Message, ...unknown[]]): Generator<unknown, unknown, unknown> {
    return yield settled.apply(this, args);
  };
}
