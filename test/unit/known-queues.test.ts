import { describe, expect, it } from 'vitest';
import { knownQueues } from '../../src/rocketmq/hand-over/known-queues';

/** Topics with their queues on each broker, and what is known of them. */
function watched(topics: Record<string, Record<string, number>>) {
  const known = knownQueues({
    queuesOf: async topic =>
      Object.entries(topics[topic] ?? {}).map(([broker, queues]) => ({ broker, cluster: 'c', queues })),
  });
  const ensure = async (topic: string, away: readonly string[] = []) => {
    const queues = await known.of([topic]);
    known.ensured(topic, queues.get(topic) ?? new Map(), new Set(away));
  };
  return { topics, known, ensure };
}

const none = { topics: [], grown: [] };
const grown = (...topics: string[]) => ({ topics, grown: topics });
const back = (...topics: string[]) => ({ topics, grown: [] });

describe('topics whose queues have changed', () => {
  it('are told once, and only those that are known', async () => {
    const { topics, known, ensure } = watched({ A: { a: 2, b: 2 }, B: { a: 1 }, C: { a: 1 } });
    expect(await known.changed()).toEqual(none);
    await ensure('A');
    await ensure('B');
    expect(await known.changed()).toEqual(none);
    topics.A = { a: 2, b: 3 };
    topics.C = { a: 2 };
    expect(await known.changed()).toEqual(grown('A'));
    expect(await known.changed()).toEqual(none);
    topics.B = { a: 1, b: 1 };
    topics.A = { a: 1, b: 3 };
    expect(await known.changed()).toEqual(grown('B'));
    // It shrank before: what it has again may have lost its offsets.
    topics.A = { a: 2, b: 3 };
    expect(await known.changed()).toEqual(back('A'));
  });

  it('are those with brokers that were away, once these are back', async () => {
    const { known, ensure } = watched({ A: { a: 2, b: 2 } });
    await ensure('A', ['b']);
    expect(await known.changed()).toEqual(back('A'));
    expect(await known.changed()).toEqual(none);
    await ensure('A', ['b']);
    expect(await known.changed()).toEqual(back('A'));
  });

  it('are told also when another tag has asked about them meanwhile', async () => {
    const { topics, known, ensure } = watched({ A: { a: 2 } });
    await ensure('A');
    topics.A = { a: 3 };
    await ensure('A');
    expect(await known.changed()).toEqual(grown('A'));
  });

  it('are no longer those that nobody subscribes to', async () => {
    const { topics, known, ensure } = watched({ A: { a: 2 } });
    await ensure('A');
    known.forget('A');
    topics.A = { a: 3 };
    expect(await known.changed()).toEqual(none);
  });
});
