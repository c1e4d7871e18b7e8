import { describe, expect, it } from 'vitest';
import { inRange } from '../../src/loader/version-range';

describe('inRange', () => {
  it.each([
    ['1.0.0', '>=1.0.0 <2', true],
    ['1.0.8', '>=1.0.0 <2', true],
    ['1.99.0', '>=1.0.0 <2', true],
    ['0.9.9', '>=1.0.0 <2', false],
    ['2.0.0', '>=1.0.0 <2', false],
    ['10.0.0', '>=1.0.0 <2', false],
    ['1.0.10', '>=1.0.9', true],
    ['1.0.8', '>=1.0.9', false],
    ['1.10.0', '>=1.9.0 <2', true],
    ['5.0.0', '>=5.0.0 <9', true],
    ['8.12.4', '>=5.0.0 <9', true],
    ['99.0.0', '>=5.0.0 <9', false],
    ['1.2.3+build.7', '>=1.2.3 <1.2.4', true],
    ['2.0.0-rc.1', '>=1.0.0 <2', false],
    ['2.0.0-rc.1', '>=2.0.0 <3', true],
    ['1', '>=1.0.0 <2', true],
    ['1.2', '>=1.2.0 <1.3', true],
    ['', '>=1.0.0', false],
    ['latest', '>=1.0.0', false],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(inRange(version, range)).toBe(expected);
  });

  it.each(['^1.0.0', '1.x', '>=1.0.0 || >=2', '', '>1'])('%j is not a range', range => {
    expect(() => inRange('1.0.0', range)).toThrow(`not a version range: ${range}`);
  });
});
