/** A canary's consumer for copies of untagged messages, by the agent's own commands to simulated servers. */
import { describe, expect, it } from 'vitest';
import { type Agent, createAgent } from '../../src/agent/agent';
import { loadSettings } from '../../src/config/load';
import { scopedHandler } from '../../src/instrumentations/ali-ons/handler';
import { scopedListener } from '../../src/instrumentations/rocketmq-client-nodejs/listener';
import { copiesPart } from '../../src/rocketmq/consumer/copies';
import { openCluster } from '../../src/rocketmq/hand-over/cluster';
import { createIntake, type Intake } from '../../src/rocketmq/hand-over/intake';
import type { StandInMaker } from '../../src/rocketmq/hand-over/stand-in';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';
import { handlerTurns } from '../../src/rocketmq/sharing/turns';
import { SimulatedProcess } from './simulation/network';
import { GROUP, SERVERS, TOPIC, World } from './simulation/world';

const COPIES = `${GROUP}_gray__copies`;
const ASKED = [{ topic: TOPIC, filter: { type: 'TAG', expression: '*' } }] as const;

function prepared() {
  const world = new World(1, true);
  const refused: string[] = [];
  /** A process of the canary. */
  const canary = () => {
    const process = new SimulatedProcess(world.network);
    const events: string[] = [];
    let failures = 0;
    const maker: StandInMaker = {
      async start({ group }: Intake) {
        if (failures-- > 0) throw new Error('not now');
        events.push(`started in ${group}`);
        return {
          subscribe: async ({ topic }) => void events.push(`subscribed to ${topic}`),
          unsubscribe: topic => void events.push(`unsubscribed from ${topic}`),
          leave: async () => void events.push('left'),
          closed: Promise.resolve(),
        };
      },
    };
    const intake = createIntake(
      consumerPlan(GROUP, { tag: 'gray', key: 'gray_tag', mqBaseline: 'auto', mqIgnoreTags: [], interop: [] }),
    );
    const copies = copiesPart({
      intake,
      tag: 'gray',
      open: servers => openCluster(servers, process),
      refuse: problem => void refused.push(problem),
      log: world.log(),
      clock: process.clock,
    });
    return {
      process,
      copies,
      events,
      failNext: (times: number) => {
        failures = times;
      },
      consume: () => copies.consume(ASKED, SERVERS, maker),
      consumeAgain: () => copies.consume([{ ...ASKED[0] }], SERVERS, maker),
      isThere: () => world.until('it consumes', () => events.length > 0),
    };
  };
  const queues = () => world.brokers.map(({ queues }) => queues.get(TOPIC)?.[0]);
  return {
    world,
    canary,
    refused,
    offsets: () => queues().map(queue => queue?.offsets.get(COPIES)),
  };
}

/** So many for each broker. */
const send = ({ world }: ReturnType<typeof prepared>, count: number) => {
  for (let i = 0; i < 2 * count; i++) world.send(undefined, i);
};

describe('copies of untagged messages', () => {
  it('begin with what is sent from now on, in a group that is made for them', async () => {
    const given = prepared();
    const { world, canary, offsets } = given;
    send(given, 3);
    const one = canary();
    one.consume();
    await one.isThere();
    expect(one.events).toEqual([`started in ${COPIES}`]);
    expect(offsets()).toEqual([3, 3]);
    expect(world.brokers.map(({ groups }) => groups.has(COPIES))).toEqual([true, true]);
    expect(world.lines).toEqual([`info: ${COPIES}: copies of untagged messages from now on`]);
    expect(one.copies.isThere()).toBe(true);
  });

  it('are nobody’s while no canary is there, be it that it left, or that it crashed: retries are none either', async () => {
    for (const ends of ['leaves', 'crashes'] as const) {
      const given = prepared();
      const { world, canary, offsets } = given;
      const first = canary();
      first.consume();
      await first.isThere();
      if (ends === 'crashes') world.kill(first.process);
      else {
        await first.copies.leave();
        void first.copies.ended();
        await world.pass(4_000);
      }
      send(given, 5);
      world.brokers[0].retry(COPIES, { id: 1_000, tag: undefined });
      const second = canary();
      second.consume();
      await second.isThere();
      expect([ends, ...offsets()]).toEqual([ends, 5, 5]);
      expect(world.brokers[0].queuesOf(`%RETRY%${COPIES}`)[0]?.offsets.get(COPIES)).toBe(1);
    }
  });

  it('are shared with another process of the canary: what that has not come to is not passed over', async () => {
    const given = prepared();
    const { world, canary, offsets } = given;
    const first = canary();
    first.consume();
    await first.isThere();
    send(given, 5);
    const second = canary();
    second.consume();
    await second.isThere();
    expect(offsets()).toEqual([0, 0]);
    expect(world.lines.at(-1)).toBe(
      `info: ${COPIES}: copies of untagged messages from where others of its canary are on`,
    );
  });

  it('never go back: whoever begins at the same moment may have consumed meanwhile', async () => {
    const given = prepared();
    const { world, canary, offsets } = given;
    for (const { groups, queues } of world.brokers) {
      groups.set(COPIES, { groupName: COPIES });
      queues.get(TOPIC)?.[0]?.offsets.set(COPIES, 7);
    }
    const one = canary();
    one.consume();
    await one.isThere();
    expect(offsets()).toEqual([7, 7]);
  });

  it('wait for what is not there yet, which is said once and tried again', async () => {
    const given = prepared();
    const { world, canary, offsets } = given;
    for (const broker of world.brokers) broker.maySeeEnds = false;
    const one = canary();
    one.consume();
    await world.pass(12_000);
    expect(one.events).toEqual([]);
    expect(world.lines).toEqual([expect.stringMatching(/^warn: .*__copies: no copies of untagged messages so far: /)]);
    for (const broker of world.brokers) broker.maySeeEnds = true;
    one.failNext(2);
    await one.isThere();
    // Announced once, however often it was tried.
    expect(world.brokers.map(broker => broker.producersOf(`rocketmq-gray.copies.${GROUP}_gray`))).toEqual([1, 1]);
    expect(offsets()).toEqual([0, 0]);
    await one.copies.leave();
    expect(one.events).toEqual([`started in ${COPIES}`, 'left']);
    void one.copies.ended();
    await world.pass(4_000);
    expect(world.brokers.map(broker => broker.producersOf(`rocketmq-gray.copies.${GROUP}_gray`))).toEqual([0, 0]);
    expect(one.copies.isThere()).toBe(false);
  });

  it('of a topic that is given up are nobody’s, until it is subscribed to again', async () => {
    const given = prepared();
    const { world, canary, offsets } = given;
    const one = canary();
    one.consume();
    await one.isThere();
    one.copies.unsubscribed(TOPIC);
    await world.pass(4_000);
    expect(one.copies.isThere()).toBe(false);
    send(given, 2);
    one.consumeAgain();
    await world.until('it consumes again', () => one.events.length === 3);
    expect(one.events).toEqual([`started in ${COPIES}`, `unsubscribed from ${TOPIC}`, `subscribed to ${TOPIC}`]);
    expect(offsets()).toEqual([2, 2]);
  });

  it('are not begun by a consumer that leaves meanwhile', async () => {
    const { world, canary } = prepared();
    const one = canary();
    one.consume();
    const left = one.copies.leave();
    await world.pass(10_000);
    await left;
    expect(one.events).toEqual([]);
  });

  it('are refused where nothing can consume beside the canary', () => {
    const { canary, refused } = prepared();
    canary().copies.consume(ASKED, SERVERS, undefined);
    expect(refused).toEqual([expect.stringContaining('no second consumer can be made beside it')]);
  });
});

/** Hands a consumer of copies these messages; what its handler sees of the flow that it runs in. */
type Deliver = (agent: Agent, intake: Intake, see: () => void, all: readonly Record<string, string>[]) => Promise<void>;

const CLIENTS: readonly (readonly [string, Deliver])[] = [
  [
    'rocketmq-client-nodejs',
    async (agent, intake, see, all) => {
      const copy = { version: '1', requireDependency() {}, require: () => ({ ConsumeResult: { SUCCESS: 0 } }) };
      const { consume } = scopedListener({ consume: see }, intake, agent, copy);
      const rest = { topic: 'T', messageId: 'id', endpoints: {}, receiptHandle: '' };
      for (const properties of all) await consume({ ...rest, properties: new Map(Object.entries(properties)) });
    },
  ],
  [
    'ali-ons',
    async (agent, intake, see, all) => {
      const handling = { intake, gate: () => handlerTurns(() => 1) };
      const handler = async () => see();
      const scoped = scopedHandler(handler, ASKED[0].filter, handling, agent, async value => value as never);
      for (const properties of all) {
        await scoped({ topic: 'T', msgId: 'id', properties, reconsumeTimes: 0, queueOffset: 0 });
      }
    },
  ],
];

describe.each(CLIENTS)('a copy, handled with %s', (_client, deliver) => {
  it('is work of the canary: what is asked for the active tag, called and sent says so; nothing else is handled', async () => {
    const { settings } = loadSettings({ GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: 'client', GRAY_LOG_LEVEL: 'silent' });
    const agent = createAgent(settings);
    const { context } = agent;
    const copies = createIntake(consumerPlan('group1', settings), { side: 'client' }).copies();
    const seen: unknown[] = [];
    const see = () => {
      const within = context.run('blue', () => [context.activeTag(), context.outgoingMessageTag().tag]);
      seen.push([context.activeTag(), context.outgoingTag(), context.outgoingMessageTag().tag], within);
    };
    await deliver(agent, copies, see, [{}, { gray_tag: 'gray' }, { gray_tag: 'blue' }]);
    expect(seen).toEqual([
      ['gray', 'gray', 'gray'],
      ['blue', 'blue'],
    ]);
    expect(context.activeTag()).toBeUndefined();
  });
});
