import { describe, expect, it } from 'vitest';
import { coversShared, divisorFor, ownPlaceFor } from '../../src/rocketmq/plan/division';
import type { FilterExpression } from '../../src/rocketmq/plan/filter-expression';

const tags = (expression: string): FilterExpression => ({ type: 'TAG', expression });
const sql = (expression: string): FilterExpression => ({ type: 'SQL92', expression });
const AB = tags('A || B');
const ABC = tags('A || B || C');

describe('how what a canary subscribes to is divided', () => {
  it.each([
    ['the same', AB, AB, undefined, undefined],
    ['less', tags('A'), AB, undefined, undefined],
    ['a TAG more', ABC, AB, undefined, AB],
    ['one more and one less', tags('A || C'), AB, undefined, AB],
    ['everything', tags('*'), AB, undefined, AB],
    ['a topic more', ABC, undefined, undefined, undefined],
    ['of a baseline that takes everything', sql('a = 1'), tags('*'), undefined, undefined],
    ['SQL92 against tags', sql('a = 1'), AB, undefined, AB],
    ['the baseline has come to want it: what waits stays', ABC, ABC, { filter: ABC, divisor: AB }, AB],
    ['the baseline has come to want less', ABC, tags('A'), { filter: ABC, divisor: AB }, tags('A')],
    ['nothing is known of the baseline any more', ABC, undefined, { filter: ABC, divisor: AB }, AB],
    ['a version that wants nothing more', AB, AB, { filter: ABC, divisor: AB }, undefined],
  ] as const)('%s', (_name, asked, baseline, before, divisor) => {
    expect(divisorFor(asked, baseline, before)).toEqual(divisor);
  });

  it.each([
    ['there was no canary', AB, undefined, 'where the shared group is'],
    ['the one before wanted nothing more', AB, { filter: AB }, 'where the shared group is'],
    ['as before', AB, { filter: ABC, divisor: AB }, 'as it is'],
    ['more is apart than before', tags('A'), { filter: ABC, divisor: AB }, 'not behind the shared group'],
  ] as const)('the own group is placed: %s', (_name, divisor, before, place) => {
    expect(ownPlaceFor(divisor, before)).toBe(place);
  });

  it.each([
    [AB, { filter: AB }, true],
    [AB, { filter: ABC }, false],
    [AB, { filter: ABC, divisor: AB }, true],
    [ABC, { filter: tags('*'), divisor: AB }, true],
    [tags('A'), { filter: ABC, divisor: AB }, false],
    [sql('a = 1'), { filter: ABC, divisor: AB }, false],
  ])('a stand-in with %o passes over nothing of %o: %s', (own, topic, expected) => {
    expect(coversShared(own, topic)).toBe(expected);
  });
});
