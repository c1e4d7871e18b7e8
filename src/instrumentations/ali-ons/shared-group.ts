/**
 * How a canary and those that stand in for it keep apart in one group where they subscribe to different topics. The client
 * shares out the queues of a topic among all members of a group, whether they subscribe to it or not, and drops a message of
 * the group's retry topic whose topic it has no handler for.
 */
import type { LibraryCopy } from '../../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/consumer-client-id';
import type { MQPushConsumer } from './client';
import type { Message, Settle } from './message';

/** A delay level of brokers: 30 s. */
const AGAIN_LEVEL = 4;

const counted = new WeakSet<object>();

/** Queues are shared out among members of the consumer's own kind: canaries, or stand-ins. */
export function countOwnKind({ _mqClient: client }: MQPushConsumer, usesGenerators: boolean): void {
  if (counted.has(client)) return;
  counted.add(client);
  const isStandIn = (id: string) => id.endsWith(STAND_IN_SUFFIX);
  const ofOwnKind = (ids: readonly string[] | undefined) =>
    ids?.filter(id => isStandIn(id) === isStandIn((client as unknown as { readonly clientId: string }).clientId));
  wrapMethod<AnyFunction>(client, 'findConsumerIdList', original =>
    usesGenerators
      ? function* findConsumerIdList(this: unknown, ...args: unknown[]): Generator<unknown, unknown, unknown> {
          return ofOwnKind((yield* original.apply(this, args)) as readonly string[] | undefined);
        }
      : async function findConsumerIdList(this: unknown, ...args: unknown[]) {
          return ofOwnKind((await original.apply(this, args)) as readonly string[] | undefined);
        },
  );
}

interface RetryMessage extends Message {
  readonly body: unknown;
  readonly flag: unknown;
  readonly msgId: string;
  readonly originMessageId?: string;
  readonly retryTopic?: string;
}

/**
 * Puts a message back into the retry topic of its group, for another member: it comes again later, and no attempt of it is
 * used up.
 */
export async function passOn(
  retryTopic: string,
  message: RetryMessage,
  { copy, settle, options }: { readonly copy: LibraryCopy; readonly settle: Settle; readonly options: object },
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
