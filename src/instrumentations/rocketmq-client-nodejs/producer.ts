/** Producers of rocketmq-client-nodejs 1.x: the tag of each message, what is refused for it, and the context of the transaction checker. */

import type { Agent } from '../../agent/agent';
import type { Exports, Patch } from '../../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { BASE } from '../../names/tag';
import type { RemovablePropertyCarrier } from '../../propagation/property-carrier';
import { isForTag, sayTagRefused } from '../refused-tag';

/** Each attempt to send makes a new protobuf object: that one is tagged, not the application's message. */
export const patchPublishingMessage: Patch = ({ PublishingMessage }, agent) =>
  wrapMethod(PublishingMessage.prototype, 'toProtobuf', original => {
    return function toProtobuf(this: { readonly topic: string }, ...args: unknown[]) {
      const message = original.apply(this, args);
      agent.guard('writing the tag of a message', undefined, () => {
        const outgoing = agent.context.outgoingMessageTag();
        const isChanged = outgoing.tag !== undefined || outgoing.remove;
        const isCounted = agent.counts.countsMessages();
        if (!isChanged && !isCounted) return;
        const properties = message.getUserPropertiesMap() as RemovablePropertyCarrier;
        if (isChanged) agent.messages.inject(properties, outgoing);
        if (isCounted) agent.counts.sent(this.topic, agent.messages.extract(properties));
      });
      return message;
    };
  });

/** `Code.MESSAGE_PROPERTIES_TOO_LARGE` of proto/apache/rocketmq/v2/definition.proto. */
const PROPERTIES_TOO_LARGE = 43_101;

export const patchProducer: Patch = ({ Producer }, agent) => {
  wrapMethod<AnyFunction>(Producer.prototype, 'send', original => {
    return function send(this: unknown, message: SentMessage, ...rest: unknown[]) {
      const tag = agent.guard('the tag of a message', undefined, () => agent.context.outgoingMessageTag().tag);
      const sent = original.call(this, message, ...rest) as Promise<unknown>;
      if (tag === undefined) return sent;
      return sent.catch(error => {
        agent.guard('explaining an error', undefined, () => explain(error as ClientError, message, tag, agent));
        throw error;
      });
    };
  });
  wrapMethod(Producer.prototype, 'onRecoverOrphanedTransactionCommand', original => {
    return function onRecoverOrphanedTransactionCommand(this: unknown, ...args: Exports[]) {
      const tag = agent.guard('reading the tag of a transaction', undefined, () =>
        agent.messages.extract(args[1].getMessage().getUserPropertiesMap()),
      );
      // An instance of a canary sends without a tag only what it was called to do under `base`.
      const active = tag ?? (agent.settings.tag === undefined ? undefined : BASE);
      return agent.context.run(active, () => original.apply(this, args));
    };
  });
};

interface SentMessage {
  readonly topic: string;
  readonly properties?: ReadonlyMap<string, string>;
}

interface ClientError {
  readonly code?: number;
  readonly message: string;
}

function explain({ code, message: words }: ClientError, { topic, properties }: SentMessage, tag: string, agent: Agent) {
  if (code !== PROPERTIES_TOO_LARGE || !isForTag(words, properties ?? new Map())) return;
  const remedy = 'raise userPropertyMaxNum (128) or maxUserPropertySize (16384) in rmq-proxy.json';
  sayTagRefused(agent, { topic, tag, words, remedy });
}
