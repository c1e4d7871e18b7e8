import { expect, it } from 'vitest';
import { isForTag, propertyBytes } from '../../src/instrumentations/refused-tag';

const many = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`${i}`, 'x']));

it.each<[string, string, ReadonlyMap<string, string>, boolean]>([
  ['as many as there may be', 'too many user properties, max is 128', many(128), true],
  ['too many without the tag', 'too many user properties, max is 128', many(129), false],
  [
    'as long as they may be',
    'the total size of user property is too large, max is 10',
    new Map([['ab', 'äöüx']]),
    true,
  ],
  ['too long without', 'the total size of user property is too large, max is 8', new Map([['ab', 'äöüx']]), false],
  ['words of another version', 'no', many(1), true],
])('a message is refused for its tag: %s', (_, words, properties, expected) => {
  expect(isForTag(words, properties)).toBe(expected);
});

it('counts the properties of a message as brokers store them', () => {
  expect(propertyBytes({ gray_tag: 'gray', ä: 1 })).toBe(8 + 4 + 2 + 2 + 1 + 2);
});
