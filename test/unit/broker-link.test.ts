/** A link to a broker keeps what is announced there, over a connection that breaks: in a simulated network. */
import { describe, expect, it } from 'vitest';
import { brokerLink } from '../../src/rocketmq/presence/broker-link';
import { turns } from '../../src/rocketmq/presence/turns';
import { HEART_BEAT, UNREGISTER_CLIENT } from '../../src/rocketmq/remoting/codes';
import { SimulatedProcess } from './simulation/network';
import { World } from './simulation/world';

const GROUP = 'rocketmq-gray.canary.group1';

function linked() {
  const world = new World(1, true);
  const process = new SimulatedProcess(world.network);
  const [broker] = world.brokers;
  const state = { unreachable: 0 };
  const link = brokerLink(broker.address, process, {
    credentials: undefined,
    onUnreachable() {
      state.unreachable++;
    },
  });
  const count = (code: number) => broker.commands.filter(command => command === code).length;
  return { world, process, broker, link, state, count, isThere: () => broker.producersOf(GROUP) === 1 };
}

describe('a link to a broker', () => {
  it('says every half minute that it is there, until it is closed', async () => {
    const { world, broker, link, count, isThere } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(95_000);
    // Also when the connection has just been opened.
    expect(count(HEART_BEAT)).toBe(2 + 3);
    expect(isThere()).toBe(true);
    link.close();
    const { length } = broker.commands;
    await world.pass(95_000);
    expect(isThere()).toBe(false);
    expect(broker.commands.length).toBe(length);
  });

  it('is not brought back by what was under way when it was closed', async () => {
    const { world, broker, link, isThere } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(29_990);
    world.network.faults.push('late');
    await world.pass(200);
    link.close();
    await world.pass(1_000);
    const { length } = broker.commands;
    await world.pass(95_000);
    expect(isThere()).toBe(false);
    expect(broker.commands.length).toBe(length);
  });

  it('announces again by itself when the connection broke, and tells that it cannot', async () => {
    const { world, process, broker, link, state, isThere } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(1_000);
    world.takeDown(broker, [process]);
    await world.pass(5_000);
    expect(state.unreachable).toBeGreaterThan(3);
    expect(state.unreachable).toBeLessThan(12);
    broker.isUp = true;
    await world.pass(1_200);
    expect(isThere()).toBe(true);
    const told = state.unreachable;
    await world.pass(60_000);
    expect(state.unreachable).toBe(told);
  });

  it('announces again at once when a question brings the connection back', async () => {
    const { world, process, broker, link, isThere } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(1_000);
    process.lose(broker.address);
    while (isThere()) await world.pass(1);
    void link.producers(GROUP);
    await world.pass(130);
    expect(isThere()).toBe(true);
  });

  it('tries again what nobody took at first', async () => {
    const { world, broker, link, isThere } = linked();
    broker.isUp = false;
    const refused = link.announce(GROUP, 'gray@host@1@a').then(
      () => 'taken',
      () => 'not taken',
    );
    await world.pass(500);
    expect(await refused).toBe('not taken');
    broker.isUp = true;
    await world.pass(2_000);
    expect(isThere()).toBe(true);
  });

  it('says once more only what is missing', async () => {
    const { world, link, broker, count } = linked();
    const groups = ['group1', 'group2', 'group3'].map(group => `rocketmq-gray.stand-in.${group}`);
    for (const group of groups) void link.announce(group, 'stand-in@host@1@a');
    await world.pass(1_000);
    expect(groups.map(group => broker.producersOf(group))).toEqual([1, 1, 1]);
    const before = count(HEART_BEAT);
    for (const group of groups) expect(await link.announce(group, 'stand-in@host@1@a')).toBeUndefined();
    expect(count(HEART_BEAT)).toBe(before);
    await world.pass(28_500);
    world.network.faults.push('lost');
    // The broker takes two, and the third after 10 s, again.
    await world.pass(13_000);
    expect(count(HEART_BEAT)).toBe(before + 2 + 1);
    await world.pass(30_000);
    expect(count(HEART_BEAT)).toBe(before + 3 + 3);
  });

  it('tells what the broker says against it', async () => {
    const { world, broker, link } = linked();
    broker.mayAnnounce = false;
    const answer = link.announce(GROUP, 'gray@host@1@a');
    await world.pass(500);
    expect(await answer).toBe('RocketMQ at broker-a:10911, announcing itself: error 16, no permission');
  });

  it('takes nothing back that is announced again meanwhile', async () => {
    const { world, link, count, isThere } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(500);
    void link.withdraw(GROUP);
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(500);
    expect(count(UNREGISTER_CLIENT)).toBe(0);
    expect(isThere()).toBe(true);
    void link.withdraw(GROUP);
    await world.pass(500);
    expect(count(UNREGISTER_CLIENT)).toBe(1);
    expect(isThere()).toBe(false);
  });

  it('gives the connection up when it cannot take back what it announced', async () => {
    const { world, link, isThere } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(500);
    world.network.faults.push('lost');
    let isOver = false;
    void link.withdraw(GROUP).then(() => {
      isOver = true;
    });
    await world.pass(500);
    // The broker answers other questions.
    const others = link.producers('others');
    await world.pass(500);
    expect(await others).toEqual([]);
    expect(isThere()).toBe(true);
    await world.pass(1_500);
    expect(isOver).toBe(true);
    expect(isThere()).toBe(false);
  });

  it('has nothing to take back where there is no connection', async () => {
    const { world, process, broker, link, count } = linked();
    void link.announce(GROUP, 'gray@host@1@a');
    await world.pass(500);
    world.takeDown(broker, [process]);
    await world.pass(100);
    void link.withdraw(GROUP);
    broker.isUp = true;
    await world.pass(60_000);
    expect(count(UNREGISTER_CLIENT)).toBe(0);
    expect(broker.producersOf(GROUP)).toBe(0);
  });
});

describe('turns', () => {
  it('are taken one after the other for one name, whatever came of the former, and at once for others', async () => {
    const { take } = turns();
    const begun: string[] = [];
    const ends: Record<string, () => void> = {};
    const work =
      (name: string, fails = false) =>
      () => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => {
          ends[name] = () => (fails ? reject(new Error(name)) : resolve(name));
        });
      };
    const first = take('a', work('a1', true));
    const second = take('a', work('a2'));
    const other = take('b', work('b1'));
    await Promise.resolve();
    expect(begun).toEqual(['a1', 'b1']);
    ends.b1?.();
    expect(await other).toBe('b1');
    expect(begun).toEqual(['a1', 'b1']);
    ends.a1?.();
    await expect(first).rejects.toThrow('a1');
    expect(begun).toEqual(['a1', 'b1', 'a2']);
    ends.a2?.();
    expect(await second).toBe('a2');
  });
});
