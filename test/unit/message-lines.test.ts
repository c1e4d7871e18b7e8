/** What `GRAY_LOG_LEVEL=debug` says of a message that is skipped: by each client, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { createAgent } from '../../src/agent/agent';
import { loadSettings } from '../../src/config/load';
import { scopedHandler } from '../../src/instrumentations/ali-ons/handler';
import { scopedListener as ofApache } from '../../src/instrumentations/apache-rocketmq/consumer';
import { scopedListener as ofGrpc } from '../../src/instrumentations/rocketmq-client-nodejs/listener';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';
import { handlerTurns } from '../../src/rocketmq/sharing/turns';
import { withoutCode } from './recorded-log';

/** Hands a consumer of the canary gray a message of the baseline and one of blue. */
type Deliver = (canary: Canary) => Promise<void> | void;
type Canary = ReturnType<typeof canary>;

function canary(logLevel: string) {
  const { settings } = loadSettings({ GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: 'client', GRAY_LOG_LEVEL: logLevel });
  const lines: string[] = [];
  const agent = createAgent(settings, line => void lines.push(withoutCode(line)));
  const intake = createIntake(consumerPlan('group1', settings), { side: 'client' });
  return { agent, intake, lines, handled: [] as unknown[] };
}

const MESSAGES = [
  { id: 'id-1', properties: {} },
  { id: 'id-2', properties: { gray_tag: 'blue' } },
] as const;

const CLIENTS: [string, Deliver][] = [
  [
    'rocketmq-client-nodejs',
    ({ agent, intake, handled }) => {
      const copy = { version: '1', requireDependency() {}, require: () => ({ ConsumeResult: { SUCCESS: 0 } }) };
      const { consume } = ofGrpc({ consume: message => void handled.push(message) }, intake, agent, copy);
      for (const { id, properties } of MESSAGES) {
        const rest = { topic: 'T', endpoints: {}, receiptHandle: '' };
        consume({ ...rest, messageId: id, properties: new Map(Object.entries(properties)) });
      }
    },
  ],
  [
    'ali-ons',
    async ({ agent, intake, handled }) => {
      const handling = { intake, gate: () => handlerTurns(() => 1) };
      const handler = async (message: unknown) => void handled.push(message);
      const all = { type: 'TAG', expression: '*' } as const;
      const scoped = scopedHandler(handler, all, handling, agent, async value => value as never);
      for (const { id, properties } of MESSAGES) {
        await scoped({ topic: 'T', msgId: id, properties, reconsumeTimes: 0, queueOffset: 0 });
      }
    },
  ],
  [
    'apache-rocketmq',
    ({ agent, intake, handled }) => {
      const listener = ofApache(message => void handled.push(message), intake, agent);
      for (const { id, properties } of MESSAGES) listener({ topic: 'T', msgId: id, properties }, { done() {} });
    },
  ],
];

describe.each(CLIENTS)('%s', (_client, deliver) => {
  it('says which messages it skips, at debug', async () => {
    const world = canary('debug');
    await deliver(world);
    expect(world.lines).toEqual([
      'debug: group1_gray: message id-1 of T is skipped, its tag is none',
      'debug: group1_gray: message id-2 of T is skipped, its tag is blue',
    ]);
    expect(world.handled).toEqual([]);
  });

  it('makes nothing of it otherwise', async () => {
    const world = canary('info');
    const log = {
      isDebug: world.agent.log.isDebug,
      say() {
        throw new Error('made a line');
      },
    };
    const calm = { ...world, agent: Object.defineProperty(Object.create(world.agent), 'log', { value: log }) };
    await deliver(calm);
    expect([world.lines, world.handled]).toEqual([[], []]);
  });
});
