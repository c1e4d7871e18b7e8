/** Push consumers of rocketmq-client-nodejs 1.x. */

import type { Patch } from '../../agent/instrumentation';
import { wrapClass } from '../../foreign-objects/wrap';
import { hookLines } from '../../lines/hooks';
import type { PushConsumer } from './client';
import { consumerClass, leaveAlone } from './construction';
import { patchLife, patchSubscriptions } from './consumer';
import { memberOf } from './family-limits';
import { pushStandIns } from './push-stand-in';

export const patchPushConsumer: Patch = (exports, agent, copy) => {
  patchLife(exports.PushConsumer);
  patchSubscriptions(exports.PushConsumer, agent, copy);
  exports.PushConsumer = consumerClass<PushConsumer>(exports.PushConsumer, agent, copy, (main, state) => {
    const { intake } = state.session;
    state.beforeShutdown = async () => memberOf(intake)?.leave();
    return state.options.messageListener === undefined ? undefined : pushStandIns(main, intake);
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
