import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/rocketmq/administration/broker';
import type { BrokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { canarySettings, prepareCanaryGroup } from '../../src/rocketmq/administration/canary-group';
import { CanaryGroupError } from '../../src/rocketmq/administration/canary-group-error';
import type { GroupSettings } from '../../src/rocketmq/administration/groups';
import { createGroupCommand } from '../../src/rocketmq/administration/mqadmin-command';
import { pausedHint } from '../../src/rocketmq/administration/paused-group';
import { BrokerAdministrationError } from '../../src/rocketmq/administration/refusal';

const NAMESRV = '10.0.0.1:9876;10.0.0.2:9876';
const broker: Broker = { name: 'broker-a', cluster: 'Shop', address: '10.0.0.3:10911' };
const second: Broker = { name: 'broker-b', cluster: 'Shop', address: '10.0.0.4:10911' };

/** A cluster of two brokers where group1 exists and one queue, at offset 5; nothing can be changed unless told. */
function cluster(changes: Partial<BrokerAdministration> = {}): BrokerAdministration {
  const denied = (command: number) => async () => {
    throw new BrokerAdministrationError('10.0.0.3:10911', command, 16, 'error 16, no permission');
  };
  return {
    namesrv: NAMESRV,
    brokersOfCluster: async () => [broker, second],
    queuesOf: async () => [{ broker: 'broker-a', cluster: 'Shop', queues: 1 }],
    groupSettings: async (_, group) =>
      group === 'group1' ? { groupName: group, consumeMessageOrderly: true, retryMaxTimes: 3 } : undefined,
    countGroups: async () => 1,
    putGroup: denied(200),
    committedOffset: async (_, group) => (group === 'group1' ? 5 : undefined),
    initialOffset: async () => 0,
    commitOffset: denied(15),
    maxOffset: async () => 9,
    consumeStats: async () => [],
    keyValues: async () => [],
    putKeyValue: async () => ({ taken: 0, of: 0 }),
    deleteKeyValue: async () => 0,
    filterProblem: async () => undefined,
    close() {},
    ...changes,
  };
}

const prepare = (administration: BrokerAdministration, timeoutMs = 1_000) =>
  prepareCanaryGroup({ administration, baselineGroup: 'group1', canaryGroup: 'group1_gray', topics: ['T'], timeoutMs });

const failure = (work: Promise<unknown>): Promise<CanaryGroupError> =>
  work.then(
    () => expect.unreachable(),
    error => error,
  );

describe('the hint of a failure', () => {
  it('is the command for the cluster when no broker let the group be created', async () => {
    const error = await failure(prepare(cluster()));
    expect(error).toBeInstanceOf(CanaryGroupError);
    expect(error.failures).toHaveLength(2);
    expect(error.hint).toContain('no permission');
    expect(error.hint).toMatch(
      /create it: mqadmin updateSubGroup -n '10\.0\.0\.1:9876;10\.0\.0\.2:9876' -c Shop -g group1_gray -o true -r 3$/,
    );
  });

  it('is the command for one broker when the others are ready', async () => {
    const { putGroup, ...others } = cluster();
    const ready: string[] = [];
    const administration = {
      ...others,
      putGroup: async (at: Broker, settings: GroupSettings) => {
        if (at === second) await putGroup(at, settings);
        ready.push(at.name);
      },
      commitOffset: async () => {},
    };
    const error = await failure(prepare(administration));
    expect(ready).toEqual(['broker-a']);
    expect(error.prepared).toEqual({ created: ['broker-a'], createdAlone: [], used: [], offsets: 1, paused: [] });
    expect(error.hint).toContain('-b 10.0.0.4:10911 -g group1_gray -o true -r 3');
    expect(error.hint).not.toContain('-b 10.0.0.3:10911');
  });

  it('stays one line whatever a server says', async () => {
    const brokersOfCluster = async () => {
      throw new Error('first\r\n  second');
    };
    const { hint } = await failure(prepare(cluster({ brokersOfCluster })));
    expect(hint).toContain('first second');
    expect(hint).toContain("-c '<cluster>' -g group1_gray");
  });
});

it('a group that another canary created in between is used', async () => {
  let looks = 0;
  const groupSettings: BrokerAdministration['groupSettings'] = async (at, group) =>
    group === 'group1' || (at === broker && looks++ > 0) ? { groupName: group } : undefined;
  const error = await failure(prepare(cluster({ groupSettings, commitOffset: async () => {} })));
  expect(error.prepared).toEqual({ created: [], createdAlone: [], used: ['broker-a'], offsets: 1, paused: [] });
  expect(error.failures.map(one => one.broker)).toEqual([second]);
});

it('nothing is written after the time is over', async () => {
  const written: string[] = [];
  let answer = (_: GroupSettings | undefined) => {};
  const late = new Promise<GroupSettings | undefined>(resolve => {
    answer = resolve;
  });
  const administration = cluster({
    groupSettings: () => late,
    putGroup: async at => void written.push(at.name),
    commitOffset: async at => void written.push(at.name),
  });
  const error = await failure(prepare(administration, 20));
  expect(error.message).toContain('not done within 20 ms');
  answer(undefined);
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(written).toEqual([]);
});

it.each([1, 2])('offsets survive a broker that loses one of two first commits, with %i canaries', async canaries => {
  const queues = 4;
  const offsets = new Map<string, Map<number, number>>([['T@group1', new Map([0, 1, 2, 3].map(id => [id, id * 10]))]]);
  const time = (longestMs: number) => new Promise(resolve => setTimeout(resolve, Math.random() * longestMs));
  const administration = cluster({
    brokersOfCluster: async () => [broker],
    queuesOf: async () => [{ broker: 'broker-a', cluster: 'Shop', queues }],
    putGroup: async () => {},
    async committedOffset(_, group, topic, queueId) {
      await time(2);
      return offsets.get(`${topic}@${group}`)?.get(queueId);
    },
    // ConsumerOffsetManager.commitOffset
    async commitOffset(_, group, topic, queueId, offset) {
      const key = `${topic}@${group}`;
      const ofTopic = offsets.get(key);
      await time(10);
      if (ofTopic) ofTopic.set(queueId, offset);
      else offsets.set(key, new Map([[queueId, offset]]));
    },
  });
  for (let attempt = 0; attempt < 20; attempt++) {
    offsets.delete('T@group1_gray');
    await Promise.all(Array.from({ length: canaries }, () => prepare(administration)));
    expect(new Map([...(offsets.get('T@group1_gray') ?? [])].sort())).toEqual(offsets.get('T@group1'));
  }
});

describe('the settings of a canary group', () => {
  it.each<[string, GroupSettings | undefined, GroupSettings]>([
    ['defaults without a baseline group', undefined, { groupName: 'group1_gray' }],
    [
      'all fields, also ones that only a later version knows',
      { groupName: 'group1', retryMaxTimes: 3, somethingNew: { a: [1] } },
      { groupName: 'group1_gray', retryMaxTimes: 3, somethingNew: { a: [1] } },
    ],
    [
      'attributes as additions',
      { groupName: 'group1', attributes: { 'priority.factor': '50' } },
      { groupName: 'group1_gray', attributes: { '+priority.factor': '50' } },
    ],
    [
      'no switch of the moment',
      { groupName: 'group1', consumeEnable: false, consumeBroadcastEnable: false, brokerId: 1 },
      { groupName: 'group1_gray', consumeEnable: true, consumeBroadcastEnable: false, brokerId: 1 },
    ],
  ])('%s', (_, baseline, expected) => {
    expect(canarySettings(baseline, 'group1_gray')).toEqual(expected);
  });
});

it('the mqadmin command mirrors what mqadmin can set, quoted for a shell', () => {
  const baseline = {
    groupName: 'group1',
    consumeFromMinEnable: true,
    consumeTimeoutMinute: 15,
    groupRetryPolicy: { type: 'CUSTOMIZED' },
    attributes: { 'priority.factor': '50' },
  };
  expect(createGroupCommand('h:1', { cluster: "it's" }, 'group1_gray', baseline)).toBe(
    `mqadmin updateSubGroup -n h:1 -c 'it'\\''s' -g group1_gray -m true -p '{"type":"CUSTOMIZED"}' --attributes '+priority.factor=50'`,
  );
});

describe('a group that is paused', () => {
  it('is told of, with the command that switches it on and keeps its other settings', async () => {
    const paused = { groupName: 'group1_gray', consumeEnable: false, retryMaxTimes: 7 };
    const groupSettings: BrokerAdministration['groupSettings'] = async (at, group) =>
      group === 'group1' ? { groupName: group } : { ...paused, consumeEnable: at.name !== 'broker-b' };
    const prepared = await prepare(cluster({ groupSettings, commitOffset: async () => {} }));
    expect(prepared).toMatchObject({ used: ['broker-a', 'broker-b'], paused: [{ broker: second, settings: paused }] });
    expect(pausedHint('group1_gray', 'namesrv:9876', prepared.paused)).toBe(
      'group1_gray may not consume on broker-b (consumeEnable=false); to switch it on: mqadmin updateSubGroup -n namesrv:9876 -b 10.0.0.4:10911 -g group1_gray -s true -r 7',
    );
    expect(pausedHint('group1_gray', 'namesrv:9876', [])).toBeUndefined();
  });

  it('does not pause the one that people make by the command', async () => {
    const groupSettings: BrokerAdministration['groupSettings'] = async (_, group) =>
      group === 'group1' ? { groupName: group, consumeEnable: false, retryMaxTimes: 3 } : undefined;
    expect((await failure(prepare(cluster({ groupSettings })))).hint).toMatch(/-g group1_gray -s true -r 3$/);
  });
});
