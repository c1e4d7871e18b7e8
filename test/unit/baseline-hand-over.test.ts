/** The baseline's side of a hand-over in a simulated network, in order: what it does, and what people are told. */
import { describe, expect, it } from 'vitest';
import { DRAIN_MS, GIVE_UP_AFTER_MS } from '../../src/rocketmq/hand-over/tag-life';
import { sharedPresence } from '../../src/rocketmq/presence/presence';
import {
  GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
  QUERY_CONSUMER_OFFSET,
  UPDATE_CONSUMER_OFFSET,
} from '../../src/rocketmq/remoting/codes';
import type { BaselineProcess } from './simulation/baseline-process';
import { Fleet, type FleetOptions } from './simulation/fleet';
import { SimulatedProcess } from './simulation/network';
import { PROXY, SERVERS, TOPIC } from './simulation/world';

const MANAGED = 'info: group1, TEST_MQ: gray is managed (its canary is there), its messages are those of group1_gray';
const DECLARED = 'info: group1, TEST_MQ: gray is managed (declared), its messages are those of group1_gray';
const ON = 'info: group1_gray: stand-in on, no canary of gray is there';
const OFF = 'info: group1_gray: stand-in off, a canary of gray is there';
const TAGS = ['gray', undefined];

const one = (options: Partial<FleetOptions> = {}) => new Fleet({ seed: 1, baselines: 1, ...options });
const phases = (fleet: Fleet) => fleet.reports('gray').map(({ phase }) => phase);
const standIns = (fleet: Fleet) => fleet.reports('gray').map(({ standIn }) => standIn);
const takeDownAll = (fleet: Fleet, servers: Parameters<Fleet['takeDown']>[0][]) => {
  for (const server of servers) fleet.takeDown(server, fleet.processes);
};

/** A canary was there, and is gone: the baseline stands in. */
async function stoodIn(fleet: Fleet): Promise<void> {
  await fleet.pass(1_000);
  const canary = fleet.startCanary('gray');
  await fleet.pass(3_000);
  fleet.crash(canary);
  await fleet.until('stands in', () => standIns(fleet).every(state => state === 'running'));
}

describe('the baseline hands over', () => {
  it('to a canary that comes, and back when it has gone, in two seconds or three', async () => {
    const fleet = one();
    await fleet.pass(500);
    expect(fleet.baselines[0]?.main).toBeDefined();
    expect(await fleet.takers(TAGS)).toEqual([['baseline'], ['baseline']]);
    const canary = fleet.startCanary('gray');
    // With the last poll that went out before.
    await fleet.pass(5_500);
    expect(await fleet.takers(TAGS)).toEqual([['canary'], ['baseline']]);
    fleet.crash(canary);
    await fleet.pass(3_500);
    expect(await fleet.takers(TAGS)).toEqual([['stand-in'], ['baseline']]);
    fleet.startCanary('gray');
    await fleet.pass(3_000);
    expect(await fleet.takers(TAGS)).toEqual([['canary'], ['baseline']]);
    expect(fleet.lines).toEqual([MANAGED, ON, OFF]);
  });

  it('a declared tag before anybody has seen its canary', async () => {
    const fleet = one({ declared: ['gray'] });
    fleet.send('gray', 0);
    await fleet.pass(4_500);
    expect(fleet.lines).toEqual([DECLARED, ON]);
    // Its group begins where the baseline's stands, which has taken nothing yet.
    expect(fleet.handled).toEqual([{ id: 0, tag: 'gray', by: 'stand-in' }]);
    expect(fleet.isMarked('gray')).toBe(true);
  });

  it('and does not start a stand-in beside a canary that came while it was about to', async () => {
    const fleet = one();
    await fleet.pass(1_000);
    const canary = fleet.startCanary('gray');
    await fleet.pass(3_000);
    const other = sharedPresence(SERVERS, new SimulatedProcess(fleet.network));
    const looked = other.canaries('group1', [TOPIC]);
    await fleet.pass(500);
    await looked;
    fleet.crash(canary);
    // It announces itself, and looks half a second later.
    const group = 'rocketmq-gray.stand-in.group1_gray';
    while (fleet.brokers[0].producersOf(group) === 0) await fleet.pass(10);
    void other.announceCanary('group1', 'gray', [TOPIC]);
    while (fleet.brokers[0].producersOf(group) > 0) await fleet.pass(10);
    // Nor does it try once more before it has asked again.
    for (let count = 0; count < 200; count++) {
      await fleet.pass(25);
      expect(fleet.brokers[0].producersOf(group)).toBe(0);
    }
    expect(standIns(fleet)).toEqual(['none']);
    expect(fleet.lines).toEqual([MANAGED]);
  });

  it('and ends what it began when the application closes its consumer', async () => {
    const fleet = one({ declared: ['gray'] });
    await fleet.pass(5_000);
    const baseline = fleet.baselines[0] as BaselineProcess;
    expect(standIns(fleet)).toEqual(['running']);
    const announced = () =>
      ['stand-in.group1_gray', 'declared.group1_gray', 'baseline.group1'].map(kind =>
        fleet.brokers[0].producersOf(`rocketmq-gray.${kind}`),
      );
    expect(announced()).toEqual([1, 1, 1]);
    // Of another consumer of the process.
    const other = sharedPresence(SERVERS, baseline.process);
    const closed = baseline.handOver.close().then(() => standIns(fleet));
    await fleet.pass(1_000);
    expect(await closed).toEqual(['none']);
    expect(announced()).toEqual([0, 0, 0]);
    other.close();
    expect(fleet.lines.slice(2)).toEqual(['info: group1_gray: stand-in off, the consumer is closed']);
    const { length } = fleet.brokers[0].commands;
    await fleet.pass(60_000);
    expect(fleet.brokers[0].commands.length).toBe(length);
  });

  it('and begins no stand-in for a consumer that is closed while it starts', async () => {
    const fleet = one({ declared: ['gray'] });
    const group = 'rocketmq-gray.stand-in.group1_gray';
    while (fleet.brokers[0].producersOf(group) === 0) await fleet.pass(10);
    void fleet.baselines[0]?.handOver.close();
    await fleet.pass(5_000);
    expect(fleet.lines).toEqual([DECLARED]);
    expect(standIns(fleet)).toEqual(['none']);
    expect(fleet.brokers[0].producersOf(group)).toBe(0);
  });

  it('and knows of another process that stands in, where no stand-in of its own comes up', async () => {
    const fleet = one({ declared: ['gray'], baselines: 2 });
    const [unable] = fleet.baselines;
    if (unable) unable.cannotStandIn = true;
    await fleet.pass(60_000);
    expect(fleet.reports('gray').map(({ standIn, leftOut }) => [standIn, leftOut])).toEqual([
      [expect.stringMatching(/none|starting/), [TOPIC]],
      ['running', [TOPIC]],
    ]);
    expect(fleet.lines.filter(line => line.includes('takes the messages'))).toEqual([]);
    expect(await fleet.takers(TAGS)).toEqual([['stand-in'], ['baseline']]);
  });

  it('and leaves nothing out of a topic that the application no longer subscribes to', async () => {
    const fleet = one({ declared: ['gray'] });
    await fleet.pass(5_000);
    const [baseline] = fleet.baselines;
    expect([...(baseline?.excluded ?? [])]).toEqual(['gray']);
    baseline?.handOver.unsubscribe(TOPIC);
    expect([...(baseline?.excluded ?? [])]).toEqual([]);
    await fleet.pass(1_000);
    expect(fleet.lines.slice(2)).toEqual(['info: group1_gray: stand-in off, nothing is left to it']);
  });

  it('and gives a queue that is new an offset in the group of the canary', async () => {
    const fleet = one();
    await fleet.pass(1_000);
    const other = sharedPresence(SERVERS, new SimulatedProcess(fleet.network));
    void other.announceCanary('group1', 'gray', [TOPIC]);
    await fleet.pass(5_000);
    for (let count = 0; count < 2; count++) {
      const queue = fleet.brokers[1].addQueue(TOPIC, true);
      await fleet.pass(12_000);
      expect(queue.offsets.get('group1_gray')).toBe(0);
    }
  });

  it('and takes the messages itself when no stand-in comes up', async () => {
    const fleet = one({ declared: ['gray'] });
    fleet.standInFaults = 3;
    await fleet.pass(20_000);
    expect(fleet.lines).toEqual([
      DECLARED,
      'warn: group1_gray: a stand-in could not be started: no stand-in today',
      'warn: group1, TEST_MQ: takes the messages of gray itself, since no stand-in in group1_gray could be started',
    ]);
    expect(await fleet.takers(TAGS)).toEqual([['baseline'], ['baseline']]);
    await fleet.pass(35_000);
    expect(fleet.lines.slice(3)).toEqual([ON, DECLARED]);
    expect(await fleet.takers(TAGS)).toEqual([['stand-in'], ['baseline']]);
  });

  it('and gives up a tag that nothing is heard of, which its canary takes up again', async () => {
    const fleet = one();
    await stoodIn(fleet);
    fleet.time.skip(GIVE_UP_AFTER_MS);
    await fleet.until('given up', () => phases(fleet).includes('draining'));
    await fleet.pass(5_000);
    expect(standIns(fleet)).toEqual(['running']);
    fleet.time.skip(DRAIN_MS);
    await fleet.until('drained', () => phases(fleet).includes('retired'));
    expect(fleet.lines.slice(2)).toEqual([
      "info: group1, TEST_MQ: gray is given up, its messages are the baseline's again",
      'info: group1_gray: stand-in off, gray is given up',
    ]);
    await fleet.pass(5_000);
    expect(await fleet.takers(TAGS)).toEqual([['baseline'], ['baseline']]);
    fleet.startCanary('gray');
    await fleet.pass(5_000);
    expect(await fleet.takers(TAGS)).toEqual([['canary'], ['baseline']]);
    expect(fleet.unhandled()).toEqual([]);
  });

  it('and does not give up a tag of which messages come, nor by a system clock that somebody sets', async () => {
    const fleet = one();
    await stoodIn(fleet);
    for (let count = 0; count < 3; count++) {
      fleet.time.skip(GIVE_UP_AFTER_MS - 60_000);
      fleet.send('gray', 0);
      await fleet.pass(5_000);
    }
    for (const { process } of fleet.baselines) process.clockOffset += 2 * GIVE_UP_AFTER_MS;
    await fleet.pass(70_000);
    expect(phases(fleet)).toEqual(['managed']);
    expect(fleet.unhandled()).toEqual([]);
  });

  it('and gives it up sooner where it is told to, and says that failed messages are dropped then', async () => {
    for (const failures of [0, 2]) {
      const fleet = one({ retentionMs: 1_800_000 });
      await stoodIn(fleet);
      const retries = fleet.brokers[1].addQueue('%RETRY%group1_gray', true);
      for (let id = 1; id <= failures; id++) retries.put({ id: -id, tag: 'gray' });
      await fleet.pass(5_000);
      fleet.time.skip(1_800_000);
      await fleet.until('given up', () => phases(fleet).includes('draining'));
      fleet.time.skip(DRAIN_MS);
      await fleet.until('drained', () => phases(fleet).includes('retired'));
      await fleet.pass(1_000);
      const lines = fleet.lines.filter(line => line.startsWith('warn'));
      expect(lines).toEqual(
        failures === 0
          ? []
          : [
              'warn: group1_gray: left 30m after the last sign of gray: messages that failed there and have not come due again are dropped (2 came back to it so far)',
            ],
      );
    }
  });

  it('and does not give up what another process declares', async () => {
    const fleet = one();
    await stoodIn(fleet);
    const other = sharedPresence(SERVERS, new SimulatedProcess(fleet.network));
    void other.announceDeclared('group1_gray', [TOPIC]);
    await fleet.pass(1_000);
    fleet.time.skip(GIVE_UP_AFTER_MS);
    await fleet.pass(70_000);
    expect(phases(fleet)).toEqual(['managed']);
    other.close();
    await fleet.pass(70_000);
    expect(phases(fleet)).toEqual(['draining']);
  });

  it('and waits for what is left in the group of a tag before it gives it up', async () => {
    const fleet = one();
    await stoodIn(fleet);
    // Put there by hand: a message that nobody takes, in the group's retries on the other broker.
    const queue = fleet.brokers[1].addQueue('%RETRY%group1_gray', true);
    queue.isStuck = true;
    queue.put({ id: -1, tag: 'gray' });
    fleet.time.skip(GIVE_UP_AFTER_MS);
    await fleet.pass(30_000);
    expect(phases(fleet)).toEqual(['managed']);
    queue.isStuck = false;
    queue.put({ id: -2, tag: 'gray' });
    await fleet.pass(5_000);
    // It was taken just now: something was heard of the tag.
    expect(phases(fleet)).toEqual(['managed']);
    fleet.time.skip(GIVE_UP_AFTER_MS);
    await fleet.pass(70_000);
    expect(phases(fleet)).toEqual(['draining']);
  });
});

describe('the baseline, where servers are away,', () => {
  it('begins after ten seconds with every message, and says so', async () => {
    const fleet = one({ declared: ['gray'] });
    takeDownAll(fleet, [...fleet.brokers]);
    await fleet.pass(9_000);
    expect(fleet.baselines[0]?.main).toBeUndefined();
    await fleet.pass(4_000);
    expect(fleet.baselines[0]?.main).toBeDefined();
    expect(fleet.lines).toEqual([
      expect.stringContaining(
        'warn: the baseline takes the messages of gray as well: consumer group group1_gray could not',
      ),
      expect.stringMatching(
        /^warn: group1: it is not known which canaries there are \(RocketMQ at broker-a:10911, .*connection refused\); until it is, the baseline takes the messages of every tag whose canary it does not see$/,
      ),
    ]);
    for (const broker of fleet.brokers) broker.isUp = true;
    await fleet.pass(15_000);
    expect(fleet.lines.slice(2)).toEqual([DECLARED, ON]);
  });

  it('says after 30 seconds that nobody says who is there, and goes on as it was', async () => {
    const fleet = one();
    await stoodIn(fleet);
    takeDownAll(fleet, [...fleet.brokers]);
    await fleet.pass(29_000);
    expect(fleet.lines.slice(2)).toEqual([]);
    expect(fleet.reports('gray')).toMatchObject([{ canary: 'absent', standIn: 'running' }]);
    await fleet.pass(5_000);
    expect(fleet.lines.slice(2)).toEqual([
      expect.stringMatching(
        /^warn: group1: for 30 s nobody has said which canaries are there \(RocketMQ at broker-a:10911, .*\): until somebody does, no stand-in starts, and those that run go on$/,
      ),
    ]);
    expect(fleet.reports('gray')).toMatchObject([{ canary: 'unknown', standIn: 'running' }]);
    for (const broker of fleet.brokers) broker.isUp = true;
    await fleet.pass(5_000);
    expect(fleet.lines.slice(3)).toEqual(['info: group1: it is known again which canaries are there']);
    expect(fleet.reports('gray')).toMatchObject([{ canary: 'absent', standIn: 'running' }]);
  });

  it('leaves the messages on other brokers to a canary whose group was in use before, and none to a new one', async () => {
    for (const isInUse of [true, false]) {
      const fleet = one();
      if (isInUse) await stoodIn(fleet);
      else await fleet.pass(1_000);
      takeDownAll(fleet, [fleet.brokers[1]]);
      for (const baseline of [...fleet.baselines]) fleet.crash(baseline);
      const other = sharedPresence(SERVERS, new SimulatedProcess(fleet.network));
      void other.announceCanary('group1', 'gray', [TOPIC]);
      fleet.lines.length = 0;
      fleet.startBaseline();
      await fleet.pass(20_000);
      if (isInUse) expect(fleet.lines).toEqual([MANAGED.replace('its canary is there', expectedReason(fleet))]);
      else expect(fleet.lines[0]).toContain('the baseline takes the messages of gray as well: ');
      expect(fleet.reports('gray').map(({ leftOut }) => leftOut)).toEqual([isInUse ? [TOPIC] : []]);
    }
  });

  it('leaves a declared tag to its canary although nobody could write it down', async () => {
    const fleet = one({ declared: ['gray'] });
    for (const server of fleet.nameServers) server.takesNoValue = true;
    await fleet.pass(5_000);
    expect(fleet.reports('gray')).toMatchObject([{ standIn: 'running', leftOut: [TOPIC] }]);
  });

  it('waits for what is written down, also when everything else is known', async () => {
    const fleet = one();
    for (const server of fleet.nameServers) server.tellsNoValue = true;
    await fleet.pass(9_000);
    expect(fleet.baselines[0]?.main).toBeUndefined();
    await fleet.pass(2_000);
    expect(fleet.baselines[0]?.main).toBeDefined();
    expect(fleet.lines).toEqual([
      'warn: group1: it is not known which canaries there are (not all has been answered yet); until it is, the baseline takes the messages of every tag whose canary it does not see',
    ]);
  });

  it('leaves nothing to a group that has no offset on a queue, since nobody may say where that ends', async () => {
    const fleet = one({ declared: ['gray'] });
    fleet.brokers[0].addQueue(TOPIC, false);
    for (const broker of fleet.brokers) broker.maySeeEnds = false;
    await fleet.pass(2_000);
    expect(fleet.baselines[0]?.main).toBeDefined();
    expect(fleet.reports('gray')).toMatchObject([{ phase: 'managed', leftOut: [] }]);
    // By now its own group has an offset there.
    await fleet.pass(6_000);
    expect(fleet.reports('gray')).toMatchObject([{ leftOut: [TOPIC] }]);
  });

  /** A broker goes and comes back. @returns the codes of what it was asked since */
  async function back(fleet: Fleet): Promise<number[]> {
    const [, broker] = fleet.brokers;
    const queues = broker.queuesOf(TOPIC);
    takeDownAll(fleet, [broker]);
    // Name servers no longer know it.
    broker.queues.delete(TOPIC);
    await fleet.pass(15_000);
    broker.isUp = true;
    broker.queues.set(TOPIC, queues);
    const { length } = broker.commands;
    await fleet.pass(15_000);
    return broker.commands.slice(length);
  }

  it('asks a broker that is back only where groups stand, as long as nothing is lost', async () => {
    const fleet = one();
    await stoodIn(fleet);
    const asked = await back(fleet);
    expect(asked).toContain(QUERY_CONSUMER_OFFSET);
    expect(asked).not.toContain(GET_ALL_SUBSCRIPTIONGROUP_CONFIG);
    expect(asked).not.toContain(UPDATE_CONSUMER_OFFSET);
    expect(fleet.lines).toEqual([MANAGED, ON]);
  });

  it('gives a group an offset again that its broker had lost when it came back', async () => {
    const fleet = one();
    await stoodIn(fleet);
    const [queue] = fleet.brokers[1].queuesOf(TOPIC);
    // Its stand-in does not get there: its poll would set one.
    if (queue) queue.isStuck = true;
    queue?.offsets.delete('group1_gray');
    expect(await back(fleet)).toContain(UPDATE_CONSUMER_OFFSET);
    expect(queue?.offsets.get('group1_gray')).toBe(0);
    expect(fleet.lines).toEqual([MANAGED, ON]);
  });

  it('leaves a tag to its stand-ins when a broker is back and the name servers tell and take nothing', async () => {
    const fleet = one();
    await stoodIn(fleet);
    for (const server of fleet.nameServers) Object.assign(server, { takesNoValue: true, tellsNoValue: true });
    const [queue] = fleet.brokers[1].queuesOf(TOPIC);
    queue?.offsets.delete('group1_gray');
    await back(fleet);
    expect(fleet.lines).toEqual([MANAGED, ON]);
    expect(fleet.reports('gray')).toMatchObject([{ leftOut: [TOPIC], standIn: 'running' }]);
  });

  it('takes messages of a topic that has got queues itself while nobody tells of them, and says why', async () => {
    const fleet = one();
    await stoodIn(fleet);
    fleet.brokers[0].addQueue(TOPIC, true);
    takeDownAll(fleet, [...fleet.brokers]);
    await fleet.pass(12_000);
    expect(fleet.lines.slice(2)).toEqual([
      expect.stringMatching(/^warn: the baseline takes the messages of gray as well: .*broker-a: .*connection refused/),
      'warn: group1, TEST_MQ: takes the messages of gray as well, since group1_gray has no offset on some of its queues',
      'info: group1_gray: stand-in off, nothing is left to it',
    ]);
  });

  it('asks a process that begins beside hundreds of tags only where groups stand', async () => {
    const fleet = one();
    await stoodIn(fleet);
    const before = fleet.brokers.map(({ commands }) => commands.length);
    fleet.startBaseline();
    await fleet.pass(5_000);
    const asked = fleet.brokers.flatMap(({ commands }, index) => commands.slice(before[index]));
    expect(asked.filter(code => code === UPDATE_CONSUMER_OFFSET)).toEqual([]);
    // Each queue once.
    const queues = fleet.brokers.reduce((sum, broker) => sum + broker.queuesOf(TOPIC).length, 0);
    expect(asked.filter(code => code === QUERY_CONSUMER_OFFSET)).toHaveLength(queues);
    expect(fleet.reports('gray').map(({ leftOut }) => leftOut)).toEqual([[TOPIC], [TOPIC]]);
  });

  it('takes a refusal for more than absence: the messages of a group in use are its own again', async () => {
    const fleet = one();
    await stoodIn(fleet);
    fleet.brokers[1].maySeeGroups = false;
    fleet.brokers[0].addQueue(TOPIC, true);
    await fleet.pass(12_000);
    expect(fleet.lines.slice(2)).toEqual([
      expect.stringContaining('warn: the baseline takes the messages of gray as well: '),
      'warn: group1, TEST_MQ: takes the messages of gray as well, since group1_gray has no offset on some of its queues',
      'info: group1_gray: stand-in off, nothing is left to it',
    ]);
  });

  it('gives up nothing and leaves nothing to a canary that nobody could write down', async () => {
    const fleet = one();
    await fleet.pass(1_000);
    const other = sharedPresence(SERVERS, new SimulatedProcess(fleet.network));
    void other.announceCanary('group1', 'gray', [TOPIC]);
    for (const server of fleet.nameServers) server.takesNoValue = true;
    await fleet.pass(10_000);
    expect(fleet.reports('gray')).toMatchObject([{ phase: 'managed', canary: 'present', leftOut: [] }]);
    for (const server of fleet.nameServers) server.takesNoValue = false;
    await fleet.pass(10_000);
    expect(fleet.reports('gray')).toMatchObject([{ leftOut: [TOPIC] }]);
  });
});

describe('the baseline, where only a proxy can be reached,', () => {
  it('stands in at once, and leaves messages out when its stand-in has polled for 40 seconds', async () => {
    const fleet = one({ declared: ['gray'], proxy: { proxyRemoting: PROXY, credentials: undefined } });
    await fleet.pass(5_000);
    expect(fleet.lines).toEqual([ON]);
    // Both have it.
    expect(await fleet.takers(['gray'])).toEqual([['baseline', 'stand-in']]);
    await fleet.pass(35_000);
    expect(fleet.lines).toEqual([ON]);
    await fleet.pass(15_000);
    expect(fleet.lines).toEqual([ON, DECLARED]);
    expect(await fleet.takers(TAGS)).toEqual([['stand-in'], ['baseline']]);
  });
});

/** Whichever the process heard of first. */
function expectedReason(fleet: Fleet): string {
  return fleet.reports('gray')[0]?.reason ?? '';
}
