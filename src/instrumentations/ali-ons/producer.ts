/** Producers of ali-ons and its fork: the tag of each message, and what is refused for it. */

import type { Agent } from '../../agent/agent';
import type { Exports, Patch } from '../../agent/instrumentation';
import { shallowCopy } from '../../foreign-objects/shallow-copy';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { recordCarrier } from '../../propagation/property-carrier';
import { propertyBytes, sayTagRefused } from '../refused-tag';
import { isGeneratorFunction, type Message, RETRY_TOPIC } from './message';

export const patchProducer: Patch = (MQProducer: Exports, agent) =>
  wrapMethod<AnyFunction>(MQProducer.prototype, 'sendKernelImpl', original => {
    const isGenerator = isGeneratorFunction(original);
    const { counts, messages } = agent;
    const tagged = (message: Message): Message => {
      const outgoing = agent.context.outgoingMessageTag();
      if (outgoing.tag === undefined && !outgoing.remove) return message;
      const copy = Object.assign(Object.create(Object.getPrototypeOf(message) as object), message) as Message & {
        properties: Record<string, string>;
      };
      copy.properties = shallowCopy(message.properties);
      messages.inject(recordCarrier(copy.properties), outgoing);
      return copy;
    };
    const change = (message: Message) =>
      agent.guard('writing the tag of a message', message, () => {
        // What a consumer sends back keeps the tag it came with.
        if (message.topic.startsWith(RETRY_TOPIC)) return message;
        const sent = tagged(message);
        if (counts.countsMessages()) counts.sent(sent.topic, messages.extract(recordCarrier(sent.properties)));
        return sent;
      });
    const refused = (error: unknown, sent: Message) =>
      agent.guard('explaining an error', undefined, () => explain(error, sent, agent));
    return isGenerator
      ? function* sendKernelImpl(
          this: unknown,
          message: Message,
          ...rest: unknown[]
        ): Generator<unknown, unknown, unknown> {
          const sent = change(message);
          try {
            return yield* original.call(this, sent, ...rest);
          } catch (error) {
            refused(error, sent);
            throw error;
          }
        }
      : function sendKernelImpl(this: unknown, message: Message, ...rest: unknown[]): Promise<unknown> {
          const changed = change(message);
          const sent = original.call(this, changed, ...rest) as Promise<unknown>;
          if (changed === message) return sent;
          return sent.catch(error => {
            refused(error, changed);
            throw error;
          });
        };
  });

/** `ResponseCode.MESSAGE_ILLEGAL`: of its body or its properties. */
const MESSAGE_ILLEGAL = 13;
/** Of the properties as they are stored, to which the broker adds its own (4.5.2, 4.9.7, 5.5.0). */
const MOST_BYTES = 32_767;
const OF_THE_BROKER = 512;

function explain(error: unknown, { topic, properties }: Message, agent: Agent): void {
  const { code, message: words } = error as { readonly code?: number; readonly message: string };
  const { messages } = agent;
  const tag = messages.extract(recordCarrier(properties));
  if (tag === undefined || code !== MESSAGE_ILLEGAL) return;
  const all = propertyBytes(properties);
  const own = all - propertyBytes(messages.written(tag));
  if (all > MOST_BYTES - OF_THE_BROKER && own <= MOST_BYTES) sayTagRefused(agent, { topic, tag, words });
}
