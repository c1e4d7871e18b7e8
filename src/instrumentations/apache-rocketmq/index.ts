/**
 * apache-rocketmq 1.x: the native client, a binding to the C++ SDK, over the remoting protocol.
 *
 * Hooks, 1.0.0-rc1: the two classes of the addon, of which the classes that applications see are thin covers. What the
 * latter check, when they call back or settle a promise, stays theirs; every form of a call has become one form here. Of
 * `Producer` the method `send`; of `PushConsumer` the construction (the group), `subscribe`, `setListener` (what emits
 * 'message'), `start` and `shutdown`.
 */
import type { Instrumentation } from '../../agent/instrumentation';
import { noticeConsumers } from '../unknown-client';
import { patchConsumer } from './consumer';
import { patchProducer } from './producer';

export const apacheRocketmq: Instrumentation = {
  module: 'apache-rocketmq',
  versions: '>=1.0.0 <2',
  files: {
    'lib/producer.js': patchProducer,
    'lib/push_consumer.js': patchConsumer,
  },
  requires: { files: ['lib/common.js'] },
  unknownVersion: noticeConsumers('apache-rocketmq'),
};
