import { describe, expect, it } from 'vitest';
import { tellSubscriptions } from '../../src/rocketmq/hand-over/canary-subscriptions';
import type { HandOverEvent } from '../../src/rocketmq/hand-over/events';
import type { CanaryTopics } from '../../src/rocketmq/plan/division';

const topics = (expression: string): CanaryTopics => new Map([['T', { filter: { type: 'TAG' as const, expression } }]]);

function driver(canaries: Map<string, CanaryTopics>) {
  const events: string[] = [];
  const known = new Set(canaries.keys());
  const means = {
    source: { readSubscriptions: async () => ({ baseline: undefined, canaries }) },
    subscriptions: new Map([['T', { topic: 'T', filter: { type: 'TAG' as const, expression: 'A' } }]]),
    core: { knows: (tag: string) => known.has(tag) },
    told: new Map<string, CanaryTopics>(),
    tell(event: HandOverEvent) {
      if (event.type === 'subscription read') events.push(`${event.tag} ${event.wider.join()}`);
    },
  };
  return { known, means, told: () => events.splice(0) };
}

describe('what canaries subscribe to', () => {
  it('is told once, and again when it is something else', async () => {
    const canaries = new Map([
      ['gray', topics('A')],
      ['blue', topics('A || B')],
    ]);
    const { means, told } = driver(canaries);
    await tellSubscriptions(means);
    expect(told()).toEqual(['gray ', 'blue T']);
    await tellSubscriptions(means);
    expect(told()).toEqual([]);
    canaries.set('gray', topics('A || C'));
    await tellSubscriptions(means);
    expect(told()).toEqual(['gray T']);
  });

  it('is told again of a tag that was not known', async () => {
    const { known, means, told } = driver(new Map([['gray', topics('A')]]));
    known.clear();
    const again = await tellSubscriptions(means);
    expect(told()).toEqual(['gray ']);
    known.add('gray');
    again();
    expect(told()).toEqual(['gray ']);
    again();
    await tellSubscriptions(means);
    expect(told()).toEqual([]);
  });

  it('is what it was where nobody answers', async () => {
    const { means, told } = driver(new Map());
    await tellSubscriptions({ ...means, source: { readSubscriptions: async () => undefined } });
    expect(told()).toEqual([]);
  });
});
