import { describe, expect, it } from 'vitest';
import { isInstanceTag, isTag } from '../../src/names/tag';

describe('tag grammar', () => {
  it.each(['gray', 'g', '0', 'Canary-2', 'a--', 'a'.repeat(32), 'Base', 'BASE', 'base-1'])('%j is a tag', text => {
    expect([isTag(text), isInstanceTag(text)]).toEqual([true, true]);
  });

  it('base is a tag of calls, not of instances', () => {
    expect([isTag('base'), isInstanceTag('base')]).toEqual([true, false]);
  });

  it.each([
    '',
    '-gray',
    'a_b',
    'a b',
    ' gray',
    'gray ',
    'gray\n',
    'gray\r\nx: y',
    'a.b',
    "gray'",
    "' OR '1'='1",
    'gräy',
    'ｇray',
    '灰',
    '\u0000',
    'a'.repeat(33),
    undefined,
    null,
    1,
    ['gray'],
    { toString: () => 'gray' },
  ])('%j is none', value => {
    expect([isTag(value), isInstanceTag(value)]).toEqual([false, false]);
  });
});
