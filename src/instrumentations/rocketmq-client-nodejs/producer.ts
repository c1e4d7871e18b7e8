/** Producers of rocketmq-client-nodejs 1.x: the tag of each message, and the context of the transaction checker. */

import type { Exports, Patch } from '../../agent/instrumentation';
import { wrapMethod } from '../../foreign-objects/wrap';
import { BASE } from '../../names/tag';
import { extractTag, injectTag, type RemovablePropertyCarrier } from '../../propagation/message-properties';

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
        if (isChanged) injectTag(properties, agent.settings.key, outgoing);
        if (isCounted) agent.counts.sent(this.topic, extractTag(properties, agent.settings.key));
      });
      return message;
    };
  });

export const patchProducer: Patch = ({ Producer }, agent) =>
  wrapMethod(Producer.prototype, 'onRecoverOrphanedTransactionCommand', original => {
    return function onRecoverOrphanedTransactionCommand(this: unknown, ...args: Exports[]) {
      const tag = agent.guard('reading the tag of a transaction', undefined, () =>
        extractTag(args[1].getMessage().getUserPropertiesMap(), agent.settings.key),
      );
      // An instance of a canary sends without a tag only what it was called to do under `base`.
      const active = tag ?? (agent.settings.tag === undefined ? undefined : BASE);
      return agent.context.run(active, () => original.apply(this, args));
    };
  });
