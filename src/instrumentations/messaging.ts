/**
 * What only processes with a RocketMQ client need: loaded with such a client. The build bundles it into a file of its own,
 * as the preload and `consuming.ts` are: what they share is there in each, so nothing of that may keep a state that another
 * asks for.
 */
export { aliOns, rocketmq } from './ali-ons';
export { apacheRocketmq } from './apache-rocketmq';
export { rocketmqClientNodejs } from './rocketmq-client-nodejs';
