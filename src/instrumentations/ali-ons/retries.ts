/**
 * Retries in a group that a canary shares with its stand-ins while they subscribe to different topics. All retries of a group
 * are in one topic, which the canary consumes while it is there, and a stand-in otherwise. The client drops one whose topic it
 * has no handler for.
 */
import { handOverLines } from '../../lines/hand-over';
import type { MQPushConsumer } from './client';
import { type Asked, consumeByStandIn, type DirectClient, type StoredMessage } from './direct-consumption';
import { inKindOf } from './either-kind';
import { type Handler, LEFT_TO_OTHERS } from './handler';
import type { Hooks } from './hooks';
import type { Message } from './message';

/** A delay level of brokers: 30 s. */
const AGAIN_LEVEL = 4;

interface RetryMessage extends StoredMessage {
  readonly body: unknown;
  readonly flag: unknown;
  readonly originMessageId?: string;
}

interface RetryConsumer extends MQPushConsumer {
  readonly _mqClient: MQPushConsumer['_mqClient'] & DirectClient;
  readonly _subscriptions: ReadonlyMap<string, unknown>;
  sendMessageBack(message: unknown, delayLevel: number, brokerName: string, group: string): unknown;
}

/**
 * @param handler the client's own, of the retry topic
 * @returns the same, which gives retries of topics that the consumer does not subscribe to, to who does
 */
export function retryHandler(consumer: MQPushConsumer, retryTopic: string, handler: Handler, hooks: Hooks): Handler {
  const { settle } = hooks;
  const retrying = consumer as RetryConsumer;
  const handle = async (message: Message, ...rest: unknown[]): Promise<unknown> => {
    const retry = message as RetryMessage;
    const isOwn = retry.retryTopic === undefined || retrying._subscriptions.has(retry.retryTopic);
    if (isOwn) return settle(handler.call(consumer, message, ...rest));
    const [queue] = rest as [{ readonly brokerName: string }];
    // Who leaves waits for it.
    const { handling } = hooks.states.of(consumer);
    if (handling.begins?.(message) === false) return LEFT_TO_OTHERS;
    try {
      return await giveToOthers(retrying, retryTopic, retry, queue, hooks);
    } finally {
      handling.ends?.();
    }
  };
  return inKindOf(handler, function* (message: Message, ...rest: unknown[]) {
    return yield handle(message, ...rest);
  });
}

/** A stand-in beside the canary handles it at once; where there is none, it comes again until somebody subscribes to it. */
async function giveToOthers(
  consumer: RetryConsumer,
  retryTopic: string,
  message: RetryMessage,
  { brokerName }: { readonly brokerName: string },
  hooks: Hooks,
): Promise<unknown> {
  const { agent, settle, states } = hooks;
  const { consumerGroup: group } = consumer;
  // Nobody but the canary subscribes to what a stand-in does not.
  const isCanary = states.of(consumer).own !== undefined;
  const asked: Asked = isCanary
    ? await consumeByStandIn(consumer._mqClient, group, message, brokerName, hooks)
    : { outcome: 'nobody' };
  if (asked.outcome === 'handled') return;
  if (asked.outcome === 'failed') return settle(consumer.sendMessageBack(message, 0, brokerName, group));
  agent.log.say(handOverLines.retryPassedOn, { group, topic: String(message.retryTopic), why: asked.problem });
  return passOn(consumer, retryTopic, message, hooks);
}

/**
 * Puts a message back into the retry topic of its group, for another member: it comes again later, and no attempt of it is
 * used up.
 */
async function passOn(
  { options }: RetryConsumer,
  retryTopic: string,
  message: RetryMessage,
  { copy, settle }: Hooks,
): Promise<void> {
  const Message = copy.require('lib/message/message.js');
  const MQProducer = copy.require('lib/producer/mq_producer.js');
  const next = new Message(retryTopic, '', message.body);
  Object.assign(next, { flag: message.flag, properties: { ...message.properties } });
  next.originMessageId = message.originMessageId || message.msgId;
  next.retryTopic = message.retryTopic;
  // The client sends it as the number of attempts, which the broker counts no further for a message that is sent.
  next.properties.RECONSUME_TIME = String(message.reconsumeTimes);
  next.delayTimeLevel = AGAIN_LEVEL;
  const producer = await settle<{ send(message: unknown): unknown }>(MQProducer.getDefaultProducer(options));
  await settle(producer.send(next));
}
