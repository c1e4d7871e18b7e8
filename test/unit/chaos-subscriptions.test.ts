import { describe, expect, it } from 'vitest';
import { TOPIC } from '../../fixtures/chaos/names';
import { messages } from '../../fixtures/chaos/plan';
import type { Presence } from '../../fixtures/chaos/record';
import { askedBy, isOwed, isWider, KINDS, LESS, MORE } from '../../fixtures/chaos/subscriptions';

const presence = (version: number, readyAt: number): Presence => ({
  process: 'gray-1',
  environment: 'gray',
  asked: askedBy(version),
  from: readyAt - 1,
  readyAt,
});
const message = (topic: string, word: string, at: number, tag: string | undefined = 'gray') => ({
  id: '1',
  tag,
  topic,
  word,
  at,
  isConfirmed: true,
});

describe('who owes what, where subscriptions differ', () => {
  it.each([
    ['what only the canary wants, sent before there was one', message(TOPIC, 'C', 5), [presence(0, 10)], false],
    ['the same, from then on', message(TOPIC, 'C', 15), [presence(0, 10)], true],
    ['unless a later version leaves it out', message(TOPIC, 'B', 15), [presence(0, 10), presence(1, 20)], false],
    ['a topic less is the baseline’s', message(LESS, 'A', 25), [presence(0, 10), presence(1, 20)], true],
    ['a topic more', message(MORE, 'A', 15), [presence(0, 10), presence(1, 20)], true],
    [
      'what a later version wants was nobody’s before',
      message(TOPIC, 'D', 15),
      [presence(0, 10), presence(2, 20)],
      false,
    ],
    ['what both want', message(TOPIC, 'A', 5), [], true],
    ['untagged', message(TOPIC, 'A', 5, undefined), [presence(0, 10)], true],
  ] as const)('%s', (_name, sent, presences, expected) => {
    expect(isOwed(sent, presences)).toBe(expected);
  });

  it('sends messages of every kind, and as many untagged ones with 50 tags as with one', () => {
    const all = (options: { subscriptions?: 'differ'; tags?: number }) => {
      const next = messages({ seed: 1, ...options });
      return Array.from({ length: 3_000 }, () => next());
    };
    const differing = all({ subscriptions: 'differ' }).filter(({ tag }) => tag === 'gray');
    for (const { topic, word } of KINDS) {
      expect(differing.some(one => one.topic === topic && one.word === word)).toBe(true);
    }
    const untagged = (list: readonly { tag: string | undefined }[]) =>
      list.filter(({ tag }) => tag === undefined).length;
    const many = all({ tags: 50 });
    expect(untagged(many)).toBe(untagged(all({})));
    expect(new Set(many.map(({ tag }) => tag)).size).toBeGreaterThan(40);
  });
});

it.each([
  ['the first of all', [presence(0, 10)], false],
  ['a TAG and a topic more', [presence(1, 10), presence(2, 20)], true],
  ['less only', [presence(0, 10), presence(1, 20)], false],
  ['the same once more', [presence(1, 5), presence(2, 10), presence(2, 20)], false],
  ['what one before the last had', [presence(2, 5), presence(1, 10), presence(2, 20)], true],
] as const)('a canary with more than the version before it: %s', (_name, presences, expected) => {
  expect(isWider(presences.at(-1) as Presence, presences)).toBe(expected);
});
