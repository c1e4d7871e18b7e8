/**
 * ali-ons 2.x and 3.x, and the fork rocketmq 2.x of the former: clients of the remoting protocol, RocketMQ 4.5 and later.
 *
 * Hooks, ali-ons 3.12.0, 2.0.4, rocketmq 2.0.1 (the 2.x are written with generators). Of `MQPushConsumer.prototype`:
 * - the getter `consumerGroup`: everything asks it for the group (registration, heartbeats, offsets, retries);
 * - `buildSubscriptionData` (the filter of heartbeats and pulls) and `subscribe` (the handler);
 * - `init` (before anything is registered) and `close`;
 * - `rebalanceByTopic` (before and after a topic's queues are shared out) and `removeProcessQueue` (a queue went to another
 *   member);
 * - `pullMessageQueue` (a consumer that leaves pulls nothing), `correctTagsOffset` (offsets of pulls that bring nothing) and
 *   `executePullRequestImmediately` (whether there is room for more; where the client knows SQL92, errors);
 * - of stand-ins, `pullKernelImpl` (how many messages are asked for).
 *
 * Of a consumer in a canary's group: `_offsetStore.updateConsumeOffsetToBroker` (an offset of -1 is none). As it leaves, of
 * each of its `ProcessQueue`s: `msgList` is cut, `putMessage` and `remove` are replaced (nothing more begins).
 *
 * Of stand-ins, a subclass of `MQPushConsumer`: `clientId` (tells them from canaries) and `_handleError`. Of their
 * `MQClient`: the events `error`, `request` (a member came or went; a message is to be handled directly) and `close`, and
 * `getAndCreateChannel` (the answer).
 *
 * Of a canary's `MQClient`: `getConsumerIdListByGroup` and `invoke` (a stand-in handles a retry).
 *
 * Of `MQProducer.prototype`: `sendKernelImpl` (each attempt to send).
 */
import type { Instrumentation } from '../../agent/instrumentation';
import { noticeConsumers } from '../unknown-client';
import { patchConsumer } from './consumer';
import { patchProducer } from './producer';

export const aliOns: Instrumentation = instrumentation('ali-ons', '>=2.0.0 <4');
export const rocketmq: Instrumentation = instrumentation('rocketmq', '>=2.0.0 <3');

function instrumentation(module: string, versions: string): Instrumentation {
  return {
    module,
    versions,
    files: {
      'lib/consumer/mq_push_consumer.js': patchConsumer(module),
      'lib/producer/mq_producer.js': patchProducer,
    },
    requires: {
      // co: 2.x.
      packages: ['co', 'byte'],
      files: [
        'lib/message/message.js',
        'lib/message/message_decoder.js',
        'lib/producer/mq_producer.js',
        'lib/protocol/command/remoting_command.js',
      ],
    },
    unknownVersion: noticeConsumers(module),
  };
}
