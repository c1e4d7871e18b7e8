import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween, similarName } from '../../src/config/similar-name';

const KNOWN = ['GRAY_TAG', 'GRAY_KEY', 'GRAY_MQ_TAGS', 'GRAY_MQ_NAMESRV', 'GRAY_MQ_BASELINE'];

describe('similarName', () => {
  it.each([
    ['GRAY_TAGS', 'GRAY_TAG'],
    ['GRAY_TGA', 'GRAY_TAG'],
    ['GRAY_tag', undefined],
    ['GRAY_MQ_TAG', 'GRAY_MQ_TAGS'],
    ['GRAY_MQ_NAMESERV', 'GRAY_MQ_NAMESRV'],
    ['GRAY_MQ_NAME_SRV', 'GRAY_MQ_NAMESRV'],
    ['GRAY_BASELINE', undefined],
    ['GRAY_SOMETHING', undefined],
  ])('%s: %s', (name, expected) => {
    expect(similarName(name, KNOWN)).toBe(expected);
  });
});

describe('changesBetween', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('A', 'B', '_') });

  it('is none between the same, the same in both directions, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, (one, other) => {
        const changes = changesBetween(one, other);
        expect(changes === 0).toBe(one === other);
        expect(changesBetween(other, one)).toBe(changes);
        expect(changes).toBeLessThanOrEqual(Math.max(one.length, other.length));
        expect(changes).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
      }),
    );
  });

  it('is one for a letter more, and for two neighbours that are swapped', () => {
    fc.assert(
      fc.property(word, word, (before, after) => {
        expect(changesBetween(before + after, `${before}C${after}`)).toBe(1);
        expect(changesBetween(`${before}CD${after}`, `${before}DC${after}`)).toBe(1);
      }),
    );
  });
});
