/**
 * What only processes with a RocketMQ consumer need, more than half of all that is about messages: loaded with the first
 * one. A bundle of its own, as `messaging.ts` is.
 */
export { createSessions } from '../rocketmq/consumer/sessions';
