/**
 * What only processes with a RocketMQ client need, two thirds of the agent: loaded with such a client. The build bundles it
 * into a file of its own, as the preload is: what both need is there twice, so nothing of that
 * may keep a state that the other asks for.
 */
export { aliOns, rocketmq } from './instrumentations/ali-ons';
export { apacheRocketmq } from './instrumentations/apache-rocketmq';
export { rocketmqClientNodejs } from './instrumentations/rocketmq-client-nodejs';
export { createMessagePolicy } from './rocketmq/message-policy';
