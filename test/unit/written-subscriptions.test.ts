import { describe, expect, it } from 'vitest';
import { subscriptionsIn, writtenSubscriptions } from '../../src/rocketmq/hand-over/written-subscriptions';
import { systemClock } from '../../src/rocketmq/remoting/clock';
import { keyValueServers } from './key-value-servers';

const tags = (expression: string) => ({ type: 'TAG' as const, expression });
const written = (key: string, value: unknown) =>
  new Map([[key, typeof value === 'string' ? value : JSON.stringify(value)]]);

const nameServers = (count: number) => keyValueServers(Array.from({ length: count }, () => new Map<string, string>()));

describe('what is written down of subscriptions', () => {
  it('is read as it was written, of the group that is asked for', async () => {
    const { administration } = nameServers(1);
    const subscriptions = writtenSubscriptions(administration);
    expect(await subscriptions.read('group1')).toEqual({ baseline: undefined, canaries: new Map() });
    await subscriptions.writeBaseline('group1', [{ topic: 'orders', filter: tags('A') }]);
    await subscriptions.writeBaseline('group1', [{ topic: 'payments', filter: tags('*') }]);
    const topics = new Map([['orders', { filter: tags('A || B'), divisor: tags('A') }]]);
    await subscriptions.writeCanary('group1', 'gray', topics);
    await subscriptions.writeCanary('group1_gray', 'gray', new Map());
    expect(await subscriptions.read('group1')).toEqual({
      baseline: new Map([
        ['orders', tags('A')],
        ['payments', tags('*')],
      ]),
      canaries: new Map([['gray', topics]]),
    });
  });

  it('is the latest, whichever name server was away and whatever the clocks say', async () => {
    const { administration, away } = nameServers(2);
    const early = writtenSubscriptions(administration, { ...systemClock, systemTime: () => 1_000 });
    const late = writtenSubscriptions(administration, { ...systemClock, systemTime: () => 5_000 });
    await late.writeCanary('group1', 'gray', new Map([['orders', { filter: tags('A') }]]));
    away.add(0);
    await early.writeCanary('group1', 'gray', new Map([['orders', { filter: tags('B') }]]));
    away.clear();
    const read = await early.read('group1');
    expect(read?.canaries.get('gray')?.get('orders')?.filter).toEqual(tags('B'));
  });

  it('is unknown where nobody answers, and is not taken then', async () => {
    const { administration, away } = nameServers(1);
    away.add(0);
    const subscriptions = writtenSubscriptions(administration);
    expect(await subscriptions.read('group1')).toBeUndefined();
    expect(await subscriptions.writeCanary('group1', 'gray', new Map())).toBe(false);
  });

  it.each([
    ['no JSON', 'A || B'],
    ['nothing', 'null'],
    ['no topics', { group: 'group1', tag: 'gray', at: 1 }],
    ['a topic without a filter', { group: 'group1', tag: 'gray', at: 1, topics: { orders: {} } }],
    [
      'a divisor of another kind',
      { group: 'group1', tag: 'gray', at: 1, topics: { orders: { filter: tags('A'), divisor: 1 } } },
    ],
    ['another group', { group: 'group2', tag: 'gray', at: 1, topics: {} }],
    ['no tag', { group: 'group1', tag: 'a_b', at: 1, topics: {} }],
  ])('counts for nothing where it is not ours: %s', (_name, value) => {
    expect(subscriptionsIn([written('canary.group1_gray', value)], 'group1').canaries.size).toBe(0);
  });
});
