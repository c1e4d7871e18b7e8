/** How a message of the gRPC client is judged where the client is asked who takes it. */
import { describe, expect, it } from 'vitest';
import type { Agent } from '../../src/agent/agent';
import type { MessageView } from '../../src/instrumentations/rocketmq-client-nodejs/client';
import { seeMessage } from '../../src/instrumentations/rocketmq-client-nodejs/listener';
import { createMessagePropagation } from '../../src/propagation/message-properties';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';

const agent = {
  messages: createMessagePropagation({ key: 'gray_tag', interop: [] }),
  guard: <T>(_name: string, _fallback: T, fn: () => T) => fn(),
} as unknown as Agent;

/** A baseline that leaves gray out since a poll was sent, and the canary's group begins at 10 of the queue. */
function intake() {
  const made = createIntake(
    consumerPlan('group1', { tag: undefined, key: 'gray_tag', mqBaseline: 'auto', mqIgnoreTags: [], interop: [] }),
  );
  made.canaryBegins('T', 'gray', new Map([['broker-a:0', 10]]));
  made.excludeTags('T', ['gray']);
  return made;
}

/** ExtraInfoUtil.buildExtraInfo, 5.x. */
const handle = (kind: number, offset: number) => `0 1764000000000 30000 1 ${kind} broker-a 0 ${offset} a-trace 1`;
const message = (receiptHandle: string | undefined, deliveryAttempt = 1): MessageView =>
  ({
    topic: 'T',
    properties: new Map([['gray_tag', 'gray']]),
    receiptHandle,
    deliveryAttempt,
  }) as unknown as MessageView;

describe('a gray message of a poll that was on its way', () => {
  it.each<[string, MessageView, boolean]>([
    ['before the place where the canary begins', message(handle(0, 9)), true],
    ['from there on', message(handle(0, 10)), false],
    ['from there on, once more', message(handle(0, 10), 2), true],
    ["among the group's own retries, wherever that is", message(handle(1, 10)), true],
    ['the same of the other kind of retry topic', message(handle(2, 10)), true],
    ['from nobody knows where', message(undefined), true],
  ])('%s', (_, view, isTaken) => {
    expect(seeMessage(view, intake(), agent)).toEqual({ tag: 'gray', isTaken });
  });
});
