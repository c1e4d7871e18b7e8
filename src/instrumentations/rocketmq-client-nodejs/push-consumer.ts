/** Push consumers of rocketmq-client-nodejs 1.x. */

import type { Patch } from '../../agent/instrumentation';
import { type AnyFunction, wrapClass, wrapMethod } from '../../foreign-objects/wrap';
import { hookLines } from '../../lines/hooks';
import type { PushConsumer } from './client';
import { consumerClass, leaveAlone } from './construction';
import { patchLife, patchSubscriptions } from './consumer';
import { pushStandIns, queuesOfFamily } from './push-stand-in';

export const patchPushConsumer: Patch = (exports, agent, copy) => {
  const { prototype } = exports.PushConsumer;
  patchLife(exports.PushConsumer);
  patchSubscriptions(exports.PushConsumer, agent, copy);
  // The limits of the cache are shared out among so many queues.
  wrapMethod<AnyFunction>(prototype, 'getQueueSize', original => {
    return function getQueueSize(this: PushConsumer) {
      const own = original.call(this) as number;
      return agent.guard('the limits of a cache', own, () =>
        queuesOfFamily(this, own, other => original.call(other) as number),
      );
    };
  });
  exports.PushConsumer = consumerClass<PushConsumer>(exports.PushConsumer, agent, copy, (main, state) => {
    return state.options.messageListener === undefined ? undefined : pushStandIns(main);
  });
};

export const patchLitePushConsumer: Patch = (exports, agent) => {
  leaveAlone(exports.LitePushConsumerImpl.prototype);
  const client = 'LitePushConsumer of rocketmq-client-nodejs';
  exports.LitePushConsumerImpl = wrapClass(exports.LitePushConsumerImpl, (args, _newTarget, make) => {
    agent.clients.leftAlone(`${client} is left alone`);
    agent.log.say(hookLines.litePushConsumer, { client });
    return make(args);
  });
};
