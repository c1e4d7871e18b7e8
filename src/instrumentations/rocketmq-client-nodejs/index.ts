/**
 * rocketmq-client-nodejs 1.x: the official gRPC client, RocketMQ 5.x.
 *
 * Hooks, 1.0.8: the classes `PushConsumer` and `SimpleConsumer` (construction: group, filters, listener; `startup`,
 * `subscribe`, `receive`), `Consumer.prototype.receiveMessage` (errors worth a plain sentence),
 * `PublishingMessage.prototype.toProtobuf` (a new protobuf object for each attempt to send),
 * `Producer.prototype.onRecoverOrphanedTransactionCommand` (the transaction checker) and `TelemetrySession`
 * (construction: its logger).
 */

import { endOfTaken, messageBatch } from '../../context/message-batch';
import type { Exports, Instrumentation } from '../../loader/instrumentation';
import { wrapClass, wrapMethod } from '../../loader/wrap';
import { extractTag, injectTag, type RemovablePropertyCarrier } from '../../propagation/message-properties';
import { BASE } from '../../tag';
import {
  type ClientConsumer,
  consumerClass,
  leaveAlone,
  type MessageView,
  patchConsumer,
  planOf,
  seeMessage,
} from './consumer';
import { missingGroupLogger } from './missing-group-logger';

interface SimpleConsumer {
  ack(message: MessageView): Promise<void>;
}

export const rocketmqClientNodejs: Instrumentation = {
  module: 'rocketmq-client-nodejs',
  versions: '>=1.0.0 <2',
  files: {
    'dist/message/PublishingMessage.js': ({ PublishingMessage }, agent) =>
      wrapMethod(PublishingMessage.prototype, 'toProtobuf', original => {
        return function toProtobuf(this: unknown, ...args: unknown[]) {
          const message = original.apply(this, args);
          agent.guard('writing the tag of a message', undefined, () => {
            const outgoing = agent.context.outgoingMessageTag();
            if (outgoing.tag === undefined && !outgoing.remove) return;
            injectTag(message.getUserPropertiesMap() as RemovablePropertyCarrier, agent.settings.key, outgoing);
          });
          return message;
        };
      }),

    'dist/producer/Producer.js': ({ Producer }, agent) =>
      wrapMethod(Producer.prototype, 'onRecoverOrphanedTransactionCommand', original => {
        return function onRecoverOrphanedTransactionCommand(this: unknown, ...args: Exports[]) {
          const tag = agent.guard('reading the tag of a transaction', undefined, () =>
            extractTag(args[1].getMessage().getUserPropertiesMap(), agent.settings.key),
          );
          // An instance of a canary sends without a tag only what it was called to do under `base`.
          const active = tag ?? (agent.settings.tag === undefined ? undefined : BASE);
          return agent.context.run(active, () => original.apply(this, args));
        };
      }),

    'dist/consumer/Consumer.js': ({ Consumer }, agent) =>
      wrapMethod(Consumer.prototype, 'receiveMessage', original => {
        return async function receiveMessage(this: ClientConsumer, ...args: unknown[]) {
          try {
            return await original.apply(this, args);
          } catch (error) {
            const plan = planOf(this);
            if (plan) agent.guard('explaining an error', undefined, () => void agent.messages.onError(plan, error));
            throw error;
          }
        };
      }),

    'dist/consumer/PushConsumer.js': (exports, agent, copy) => {
      patchConsumer(exports.PushConsumer, agent, copy);
      exports.PushConsumer = consumerClass(exports.PushConsumer, agent, copy);
    },

    'dist/consumer/SimpleConsumer.js': (exports, agent, copy) => {
      const { prototype } = exports.SimpleConsumer;
      patchConsumer(exports.SimpleConsumer, agent, copy);
      wrapMethod(prototype, 'receive', original => {
        return async function receive(this: SimpleConsumer, ...args: unknown[]) {
          agent.guard('ending the work for a message', undefined, () => endOfTaken(this, agent.context));
          const messages = (await original.apply(this, args)) as MessageView[];
          const plan = planOf(this);
          const skip = (message: MessageView) => {
            // One that is not acknowledged comes again, and is skipped again.
            this.ack(message).catch(error => agent.log.debug(`a skipped message was not acknowledged: ${error}`));
          };
          const taken =
            plan?.side === 'client'
              ? messages.filter(message => seeMessage(message, plan, agent).isTaken || skip(message))
              : messages;
          return agent.guard('following received messages', taken, () =>
            messageBatch(taken, {
              tagOf: message => seeMessage(message, plan, agent).tag,
              source: this,
              context: agent.context,
            }),
          );
        };
      });
      exports.SimpleConsumer = consumerClass(exports.SimpleConsumer, agent, copy);
    },

    'dist/client/TelemetrySession.js': (exports, agent) => {
      exports.TelemetrySession = wrapClass(exports.TelemetrySession, (args, _newTarget, make) => {
        const changed = agent.guard('watching for a missing group', args, () => {
          const [client, endpoints, logger, ...rest] = args as [ClientConsumer, unknown, object, ...unknown[]];
          const plan = planOf(client);
          if (!plan?.isCanary) return args;
          const onMissing = () => agent.messages.sayGroupIsMissing(plan, client.endpoints.facade);
          return [client, endpoints, missingGroupLogger(logger, onMissing), ...rest];
        });
        return make(changed);
      });
    },

    'dist/consumer/LitePushConsumerImpl.js': (exports, agent) => {
      leaveAlone(exports.LitePushConsumerImpl);
      exports.LitePushConsumerImpl = wrapClass(exports.LitePushConsumerImpl, (args, _newTarget, make) => {
        agent.log.warnOnce(
          'LitePushConsumer',
          'LitePushConsumer of rocketmq-client-nodejs is left alone: its group is not renamed and it takes the messages of every environment',
        );
        return make(args);
      });
    },
  },
};
