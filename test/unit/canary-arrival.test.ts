/** A canary that arrives, in a simulated network: it says that it is there, and waits for those that stand in. */
import { describe, expect, it } from 'vitest';
import { type Arrival, arrive } from '../../src/rocketmq/hand-over/canary-arrival';
import { openCluster } from '../../src/rocketmq/hand-over/cluster';
import { sharedPresence } from '../../src/rocketmq/presence/presence';
import { SimulatedProcess } from './simulation/network';
import { SERVERS, TOPIC, World } from './simulation/world';

const WHO = { baselineGroup: 'group1', group: 'group1_gray', tag: 'gray' };

/** A world in which nobody is but a canary that arrives, and those who look. */
function arriving() {
  const world = new World(1, true);
  const process = new SimulatedProcess(world.network);
  const looker = new SimulatedProcess(world.network);
  const others = sharedPresence(SERVERS, looker);
  const state: { arrival?: Arrival } = {};
  const cluster = openCluster(SERVERS, process);
  return {
    world,
    process,
    looker,
    others,
    state,
    leave: () => state.arrival?.leave().then(() => cluster.close()),
    begin() {
      void arrive(WHO, [TOPIC], cluster, world.log()).then(arrival => {
        state.arrival = arrival;
      });
    },
    async canaries() {
      const seen = others.canaries('group1', [TOPIC]);
      await world.pass(500);
      return [...(await seen).tags];
    },
  };
}

describe('a canary arrives', () => {
  it('at once where nobody stands in: it is written down, and seen until it leaves', async () => {
    const { world, state, begin, leave, canaries } = arriving();
    begin();
    await world.pass(500);
    expect(state.arrival).toBeDefined();
    expect(world.lines).toEqual([]);
    for (const { keyValues } of world.nameServers) {
      expect(JSON.parse(keyValues.get('group1_gray') ?? '')).toEqual({
        group: 'group1',
        tag: 'gray',
        phase: 'managed',
        at: expect.any(Number),
        topics: [TOPIC],
      });
    }
    expect(await canaries()).toEqual(['gray']);
    void leave();
    await world.pass(500);
    expect(await canaries()).toEqual([]);
    // What was written down outlives it.
    expect(world.isMarked('gray')).toBe(true);
  });

  it('in a group that another agent began ahead of the baseline: the baseline writes it down, once it has got there', async () => {
    const { world, state, begin, canaries } = arriving();
    for (const broker of world.brokers) {
      for (const { offsets } of broker.queuesOf(TOPIC)) offsets.set('group1_gray', 7);
    }
    begin();
    await world.pass(1_000);
    expect(state.arrival).toBeDefined();
    expect(await canaries()).toEqual(['gray']);
    expect(world.isMarked('gray')).toBe(false);
  });

  it('in a group that is in use, ahead of the baseline: it stays written down', async () => {
    const { world, begin } = arriving();
    for (const broker of world.brokers) {
      for (const { offsets } of broker.queuesOf(TOPIC)) offsets.set('group1_gray', 7);
    }
    const marker = { group: 'group1', tag: 'gray', phase: 'draining', at: 1, topics: [TOPIC] };
    for (const { keyValues } of world.nameServers) keyValues.set('group1_gray', JSON.stringify(marker));
    begin();
    await world.pass(1_000);
    for (const { keyValues } of world.nameServers) {
      expect(JSON.parse(keyValues.get('group1_gray') ?? '')).toMatchObject({ phase: 'managed', topics: [TOPIC] });
    }
  });

  it('and leaves while another consumer of its process stays, and leaves nothing behind when that leaves too', async () => {
    const { world, process, looker, begin, leave, canaries } = arriving();
    begin();
    const cluster = openCluster(SERVERS, process);
    const other = { ...WHO, baselineGroup: 'group2', group: 'group2_gray' };
    const second = arrive(other, [TOPIC], cluster, world.log());
    await world.pass(1_000);
    void leave();
    await world.pass(1_000);
    expect(await canaries()).toEqual([]);
    expect(world.brokers[0].producersOf('rocketmq-gray.canary.group2')).toBe(1);
    const arrival = await second;
    void arrival.leave().then(() => cluster.close());
    await world.pass(1_000);
    const commands = () => world.nameServers.reduce((sum, server) => sum + server.commands, 0);
    world.kill(looker);
    const before = commands();
    await world.pass(120_000);
    expect(commands()).toBe(before);
  });

  it('when the stand-in has left, and is seen before that', async () => {
    const { world, others, state, begin, canaries } = arriving();
    const announced = others.announceStandIn('group1_gray', [TOPIC]);
    await world.pass(500);
    begin();
    await world.pass(3_000);
    expect(state.arrival).toBeUndefined();
    expect(await canaries()).toEqual(['gray']);
    void (await announced).withdraw();
    await world.pass(1_000);
    expect(state.arrival).toBeDefined();
    expect(world.lines).toEqual([]);
  });

  it('beside a stand-in that hangs, after five seconds, and says so', async () => {
    const { world, others, state, begin } = arriving();
    void others.announceStandIn('group1_gray', [TOPIC]);
    await world.pass(500);
    begin();
    await world.pass(4_900);
    expect(state.arrival).toBeUndefined();
    await world.pass(1_000);
    expect(state.arrival).toBeDefined();
    expect(world.lines).toEqual([
      'warn: group1_gray: starts beside 1 stand-ins of the baseline that have not left within 5 s',
    ]);
  });

  it('where nothing can be written down, and says what follows', async () => {
    const { world, state, begin } = arriving();
    for (const server of world.nameServers) server.isUp = false;
    begin();
    await world.pass(10_000);
    expect(state.arrival).toBeDefined();
    expect(world.lines).toEqual([
      'warn: no name server took the marker of group1_gray: with gray gone, the baseline takes over only what GRAY_MQ_TAGS names',
    ]);
  });

  it('where one name server takes the marker, and says nothing', async () => {
    const { world, state, begin } = arriving();
    for (const server of world.nameServers.slice(1)) server.isUp = false;
    begin();
    await world.pass(10_000);
    expect(state.arrival).toBeDefined();
    expect(world.lines).toEqual([]);
    expect(world.isMarked('gray')).toBe(true);
  });

  it('where a broker does not let it announce itself, and says so', async () => {
    const { world, state, begin } = arriving();
    world.brokers[1].mayAnnounce = false;
    begin();
    await world.pass(1_000);
    expect(state.arrival).toBeDefined();
    expect(world.lines).toEqual([
      'warn: a broker does not let gray announce itself, the baseline sees it by its connections: RocketMQ at broker-b:10911, announcing itself: error 16, no permission',
    ]);
  });

  it('where no broker answers: it does not wait for what it cannot know', async () => {
    const { world, state, begin } = arriving();
    for (const broker of world.brokers) broker.isUp = false;
    begin();
    await world.pass(8_000);
    expect(state.arrival).toBeDefined();
  });
});
