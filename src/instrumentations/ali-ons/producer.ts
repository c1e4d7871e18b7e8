/** Producers of ali-ons and its fork: the tag of each message. */

import type { Exports, Patch } from '../../agent/instrumentation';
import { shallowCopy } from '../../foreign-objects/shallow-copy';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { extractTag, injectTag, recordCarrier } from '../../propagation/message-properties';
import { isGeneratorFunction, type Message, RETRY_TOPIC } from './message';

export const patchProducer: Patch = (MQProducer: Exports, agent) =>
  wrapMethod<AnyFunction>(MQProducer.prototype, 'sendKernelImpl', original => {
    const isGenerator = isGeneratorFunction(original);
    const { counts, settings } = agent;
    const tagged = (message: Message): Message => {
      const outgoing = agent.context.outgoingMessageTag();
      if (outgoing.tag === undefined && !outgoing.remove) return message;
      const copy = Object.assign(Object.create(Object.getPrototypeOf(message) as object), message) as Message & {
        properties: Record<string, string>;
      };
      copy.properties = shallowCopy(message.properties);
      injectTag(recordCarrier(copy.properties), settings.key, outgoing);
      return copy;
    };
    const change = (message: Message) =>
      agent.guard('writing the tag of a message', message, () => {
        // What a consumer sends back keeps the tag it came with.
        if (message.topic.startsWith(RETRY_TOPIC)) return message;
        const sent = tagged(message);
        if (counts.countsMessages()) counts.sent(sent.topic, extractTag(recordCarrier(sent.properties), settings.key));
        return sent;
      });
    return isGenerator
      ? function* sendKernelImpl(
          this: unknown,
          message: Message,
          ...rest: unknown[]
        ): Generator<unknown, unknown, unknown> {
          return yield* original.call(this, change(message), ...rest);
        }
      : function sendKernelImpl(this: unknown, message: Message, ...rest: unknown[]) {
          return original.call(this, change(message), ...rest);
        };
  });
