import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, parseDuration } from '../../src/names/duration';
import { parseRetention, retentionOf } from '../../src/names/retention';
import { matcher } from '../../src/names/tag-pattern';
import { propertyRuns } from './property-runs';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('how long a tag is kept', () => {
  it.each([
    ['3h30m', 'pr-1', 210 * MINUTE],
    ['1d', 'pr-1', 24 * HOUR],
    ['3h30m,pr-*=30m', 'pr-1', 30 * MINUTE],
    ['3h30m,pr-*=30m', 'gray', 210 * MINUTE],
    ['pr-*=30m', 'gray', 210 * MINUTE],
    ['pr-1=1h,pr-*=30m', 'pr-1', HOUR],
    ['pr-*=30m,pr-1=1h', 'pr-1', 30 * MINUTE],
    ['*-nightly=2d', 'x-nightly', 48 * HOUR],
    ['pr-*=30m', 'xpr-1', 210 * MINUTE],
    ['*=10m', 'gray', 10 * MINUTE],
    ['a*b*=10m', 'a1b2', 10 * MINUTE],
    [' 1h , pr-* = 30m ', 'pr-1', 30 * MINUTE],
    ['300s', 'gray', 5 * MINUTE],
  ])('%s, %s', (text, tag, ms) => {
    expect(retentionOf(parseRetention(text) ?? [])(tag)).toBe(ms);
  });

  it.each([
    '',
    '30',
    '4m59s',
    '31d',
    'h',
    '1h1d',
    '-1h',
    '1.5h',
    '1h,2h',
    'pr-*',
    'pr-*=',
    '=1h',
    'a b=1h',
    'a_*=1h',
    '1h,',
  ])('%j is refused', text => {
    expect(parseRetention(text)).toBeUndefined();
  });

  it('a time is written as it is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 * 86_400 }), seconds => {
        expect(parseDuration(durationText(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });

  it('a pattern names what a regular expression would', () => {
    const letters = (...all: string[]) => fc.string({ unit: fc.constantFrom(...all), maxLength: 8 });
    fc.assert(
      fc.property(letters('a', 'b', '*'), letters('a', 'b'), (pattern, tag) => {
        expect(matcher(pattern)(tag)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(tag));
      }),
      { numRuns: propertyRuns(2_000) },
    );
  });
});
