/** The group of a baseline's consumer, on brokers that create none by themselves. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Broker } from '../../src/rocketmq/administration/broker';
import type { BrokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { missingGroup } from '../../src/rocketmq/administration/missing-group';
import { ownGroups } from '../../src/rocketmq/consumer/own-group';
import { recordedLog } from './recorded-log';

const brokers: Broker[] = ['a', 'b', 'c'].map((name, index) => ({
  name: `broker-${name}`,
  cluster: 'Shop',
  address: `10.0.0.${index}:10911`,
}));

/** @param states of the group on each broker @param hosting brokers with queues of the topic */
function missing(states: readonly ('there' | 'missing' | 'silent')[], hosting = brokers) {
  const administration: Pick<BrokerAdministration, 'namesrv' | 'brokersOfCluster' | 'queuesOf' | 'groupSettings'> = {
    namesrv: 'ns:9876',
    brokersOfCluster: async () => brokers,
    queuesOf: async () => hosting.map(({ name, cluster }) => ({ broker: name, cluster, queues: 4 })),
    async groupSettings(broker, groupName) {
      const state = states[brokers.indexOf(broker)];
      if (state === 'silent') throw new Error('no permission');
      return state === 'there' ? { groupName } : undefined;
    },
  };
  return missingGroup(administration, 'group1', ['T']);
}

describe('a group', () => {
  it.each([
    ['on all brokers', ['there', 'there', 'there'], undefined],
    ['of which a broker says nothing', ['there', 'silent', 'there'], undefined],
    ['missing everywhere', ['missing', 'missing', 'missing'], 'broker-a, broker-b, broker-c: -c Shop'],
    ['missing on one', ['there', 'missing', 'silent'], 'broker-b: -b 10.0.0.1:10911'],
  ] as const)('%s', async (_what, states, expected) => {
    const found = await missing(states);
    const where = expected?.split(': ');
    expect(found).toEqual(
      where && { brokers: where[0], command: `mqadmin updateSubGroup -n ns:9876 ${where[1]} -g group1` },
    );
  });

  it('is not missed where its topics have no queue', async () => {
    expect(await missing(['there', 'missing', 'missing'], brokers.slice(0, 2))).toMatchObject({ brokers: 'broker-b' });
  });
});

describe('the group of a consumer of the baseline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is looked for once, when brokers had time to create it; what is missing is said with its remedy', async () => {
    const lines: string[] = [];
    const looked: string[] = [];
    const look = (group: string) => async () => {
      looked.push(group);
      return group === 'group1' ? { brokers: 'broker-a', command: 'mqadmin …' } : undefined;
    };
    const see = ownGroups(recordedLog(lines));
    for (const group of ['group1', 'group1', 'group2']) see(group, look(group), () => false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looked).toEqual([]);
    await vi.advanceTimersByTimeAsync(20_000);
    see('group1', look('group1'), () => false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looked).toEqual(['group1', 'group2']);
    expect(lines).toEqual([
      'warn: consumer group group1 does not exist on broker-a: its consumers get no messages from there. Create it: mqadmin …',
    ]);
  });

  it('is looked for by the next consumer where the first one is closed by then', async () => {
    const looked: string[] = [];
    const look = (who: string) => async () => void looked.push(who);
    const see = ownGroups(recordedLog([]));
    see('group1', look('first'), () => true);
    await vi.advanceTimersByTimeAsync(60_000);
    see('group1', look('second'), () => false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looked).toEqual(['second']);
  });
});
