import { expect, it } from 'vitest';
import { readMseTag, writeMseTag } from '../../src/names/mse-tag';

it.each<[string | undefined, string | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['no JSON', undefined],
  ['null', undefined],
  ['{"name":"gray"}', undefined],
  ['"gray"', undefined],
  ['[]', undefined],
  ['[null]', undefined],
  ['["gray"]', undefined],
  ['[{}]', undefined],
  ['[{"name":1}]', undefined],
  ['[{"name":"a_b"}]', undefined],
  ['[{"name":"gray"}]', 'gray'],
  ['[{"name":"gray","other":1},{"name":"blue"}]', 'gray'],
])('%s names %s', (text, tag) => {
  expect(readMseTag(text)).toBe(tag);
});

it('what is written is read', () => {
  expect(writeMseTag('gray')).toBe('[{"name":"gray"}]');
  expect(readMseTag(writeMseTag('pr-42'))).toBe('pr-42');
});
