import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OTHER } from '../../src/counting/bounded-names';
import { createCounts, ROUTING_OUTCOMES } from '../../src/counting/counts';

const BASELINE = { group: 'group1', tag: undefined };
const CANARY = { group: 'group1_gray', tag: 'gray' };

const counting = (instanceTag?: string, knownTags: readonly string[] = []) =>
  createCounts({ instanceTag, knownTags, isWanted: () => true });

describe('messages', () => {
  it('are counted by environment, topic, group and by whom', () => {
    const counts = counting();
    counts.sent('T', undefined);
    counts.sent('T', 'gray');
    counts.sent('T', 'gray');
    counts.consumed(BASELINE, 'T', undefined, 'process');
    counts.consumed(BASELINE, 'T', 'blue', 'receive');
    counts.consumed(CANARY, 'T', 'gray', 'process');
    counts.skipped(BASELINE, 'T', 'gray');
    counts.givenBack(CANARY, 3);
    counts.givenBack(CANARY, 2);
    const { sent, consumed, skipped, givenBack } = counts.read();
    expect({ sent, consumed, skipped, givenBack }).toEqual({
      sent: [
        { topic: 'T', environment: 'base', count: 1 },
        { topic: 'T', environment: 'gray', count: 2 },
      ],
      consumed: [
        { group: 'group1', topic: 'T', environment: 'base', operation: 'process', standIn: 'false', count: 1 },
        { group: 'group1', topic: 'T', environment: 'blue', operation: 'receive', standIn: 'false', count: 1 },
        // In a process of the baseline, a consumer that takes gray alone is a stand-in.
        { group: 'group1_gray', topic: 'T', environment: 'gray', operation: 'process', standIn: 'true', count: 1 },
      ],
      skipped: [{ group: 'group1', topic: 'T', environment: 'gray', count: 1 }],
      givenBack: [{ group: 'group1_gray', environment: 'gray', count: 5 }],
    });
  });

  it('in a canary are not handled by a stand-in', () => {
    const counts = counting('gray');
    counts.consumed(CANARY, 'T', 'gray', 'process');
    expect(counts.read().consumed).toMatchObject([{ standIn: 'false' }]);
  });

  it('are counted once somebody wants to know, and from then on for good', () => {
    let isWanted = false;
    let asked = 0;
    const counts = createCounts({
      instanceTag: undefined,
      knownTags: [],
      isWanted: () => {
        asked++;
        return isWanted;
      },
    });
    const all = () => {
      counts.sent('T', 'gray');
      counts.consumed(BASELINE, 'T', 'gray', 'process');
      counts.skipped(BASELINE, 'T', 'gray');
      counts.givenBack(CANARY, 1);
    };
    all();
    const nothing = { messagesSince: undefined, sent: [], consumed: [], skipped: [], givenBack: [] };
    expect(counts.read()).toMatchObject(nothing);
    expect(asked).toBe(5);
    isWanted = true;
    all();
    isWanted = false;
    all();
    expect(asked).toBe(6);
    const { messagesSince, sent, consumed, skipped, givenBack } = counts.read();
    expect([sent, consumed, skipped, givenBack].map(([first]) => first?.count)).toEqual([2, 2, 2, 2]);
    expect(messagesSince).toEqual(expect.any(Number));
  });
});

describe('what is rare or an integer', () => {
  it('is counted, wanted or not', () => {
    const counts = createCounts({ instanceTag: undefined, knownTags: [], isWanted: () => false });
    for (const outcome of ROUTING_OUTCOMES) counts.routed('gray', outcome);
    counts.routed(undefined, 'own');
    counts.routed('base', 'own');
    counts.ruled('gray', 2);
    counts.ruled(undefined, undefined);
    counts.settingsChanged('taken');
    counts.malformedTag('baggage');
    counts.malformedTag('baggage');
    counts.hookError('the hook of x');
    expect(counts.read()).toEqual({
      messagesSince: undefined,
      sent: [],
      consumed: [],
      skipped: [],
      givenBack: [],
      routed: [
        ...ROUTING_OUTCOMES.map(outcome => ({ environment: 'gray', outcome, count: 1 })),
        { environment: 'base', outcome: 'own', count: 2 },
      ],
      ruled: [
        { environment: 'gray', rule: '2', count: 1 },
        { environment: 'base', rule: 'none', count: 1 },
      ],
      settingsChanges: [{ result: 'taken', count: 1 }],
      malformedTags: [{ carrier: 'baggage', count: 2 }],
      hookErrors: [{ hook: 'the hook of x', count: 1 }],
    });
  });
});

describe('the number of series', () => {
  const tag = fc.stringMatching(/^[a-z0-9]{1,6}$/);

  it('is bounded, whatever tags come from outside, and nothing is lost', () => {
    fc.assert(
      fc.property(fc.array(tag, { minLength: 30, maxLength: 200 }), tags => {
        const counts = counting('own');
        for (const one of tags) {
          counts.sent('T', one);
          counts.routed(one, 'own');
        }
        for (const rows of [counts.read().sent, counts.read().routed]) {
          // 20 from outside, the own tag, `base`, and all others.
          expect(rows.length).toBeLessThanOrEqual(23);
          expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(tags.length);
          expect(rows.every(({ environment }) => environment === OTHER || tags.includes(environment))).toBe(true);
        }
      }),
    );
  });

  it('leaves room for the tags that this process knows of, however many came before', () => {
    const counts = counting('own', ['declared']);
    for (let i = 0; i < 100; i++) counts.sent('T', `outside${i}`);
    counts.sent('T', 'own');
    counts.sent('T', 'declared');
    counts.sent('T', 'managed');
    counts.knowTag('managed');
    counts.sent('T', 'managed');
    counts.sent('T', undefined);
    const byName = new Map(counts.read().sent.map(({ environment, count }) => [environment, count]));
    expect(byName.get(OTHER)).toBe(81);
    expect(['own', 'declared', 'managed', 'base'].map(name => byName.get(name))).toEqual([1, 1, 1, 1]);
  });

  it('is bounded for topics, groups and failing hooks as well', () => {
    const counts = counting();
    for (let i = 0; i < 1000; i++) {
      counts.sent(`topic${i}`, undefined);
      counts.consumed({ group: `group${i}`, tag: undefined }, 'topic0', undefined, 'process');
      counts.hookError(`hook${i}`);
    }
    const { sent, consumed, hookErrors } = counts.read();
    expect([sent.length, consumed.length, hookErrors.length]).toEqual([201, 201, 101]);
    expect(sent.at(-1)).toEqual({ topic: OTHER, environment: 'base', count: 800 });
  });
});
