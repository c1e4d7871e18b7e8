/**
 * rocketmq-client-nodejs 1.x: the official gRPC client, RocketMQ 5.x.
 *
 * Hooks, 1.0.8: the classes `PushConsumer` and `SimpleConsumer` (construction: group, filters, listener; `startup`,
 * `shutdown`, `subscribe`, `unsubscribe`; `receive`, `ack`, `changeInvisibleDuration`, which span stand-ins),
 * `Consumer.prototype.receiveMessage` (room for what a poll may bring, what came, errors worth a plain sentence),
 * `PublishingMessage.prototype.toProtobuf` (a new protobuf object for each attempt to send),
 * `Producer.prototype.onRecoverOrphanedTransactionCommand` (the transaction checker) and `TelemetrySession`
 * (construction: its logger).
 */
import type { Instrumentation } from '../../agent/instrumentation';
import { noticeConsumers } from '../unknown-client';
import { patchReceiving } from './consumer';
import { patchProducer, patchPublishingMessage } from './producer';
import { patchLitePushConsumer, patchPushConsumer } from './push-consumer';
import { patchSimpleConsumer } from './simple-consumer';
import { patchTelemetrySession } from './telemetry-session';

export const rocketmqClientNodejs: Instrumentation = {
  module: 'rocketmq-client-nodejs',
  versions: '>=1.0.0 <2',
  files: {
    'dist/client/TelemetrySession.js': patchTelemetrySession,
    'dist/consumer/Consumer.js': patchReceiving,
    'dist/consumer/LitePushConsumerImpl.js': patchLitePushConsumer,
    'dist/consumer/PushConsumer.js': patchPushConsumer,
    'dist/consumer/SimpleConsumer.js': patchSimpleConsumer,
    'dist/message/PublishingMessage.js': patchPublishingMessage,
    'dist/producer/Producer.js': patchProducer,
  },
  requires: {
    files: [
      'dist/consumer/ConsumeResult.js',
      'dist/consumer/FilterExpression.js',
      'dist/util/index.js',
      'proto/apache/rocketmq/v2/service_pb.js',
    ],
  },
  unknownVersion: noticeConsumers('rocketmq-client-nodejs'),
};
