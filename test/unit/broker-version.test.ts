import { expect, it } from 'vitest';
import { isSupportedRelease, listsProducers, releaseOf } from '../../src/inspection/cluster/broker-version';

// Ordinals as MQVersion.java of 5.5.0 has them.
it.each([
  [211, undefined],
  [212, '4.0.0-SNAPSHOT'],
  [213, '4.0.0'],
  [317, '4.5.2'],
  [407, '4.9.7'],
  [412, '5.0.0-SNAPSHOT'],
  [433, '5.1.0'],
  [513, '5.5.0'],
  [Number.NaN, undefined],
])('ordinal %s is %s', (ordinal, release) => {
  expect(releaseOf(ordinal)).toBe(release);
});

it.each([
  ['4.4.9', false],
  ['4.5.0', true],
  ['4.9.7', true],
  ['5.5.0', true],
  ['6.0.0', true],
])('%s is supported: %s', (release, isSupported) => {
  expect(isSupportedRelease(release)).toBe(isSupported);
});

it.each([
  ['4.5.2', false],
  ['4.9.2', false],
  ['4.9.3-SNAPSHOT', true],
  ['4.9.7', true],
  ['4.10.0', true],
  ['5.0.0', true],
  [undefined, false],
])('%s lists producers: %s', (release, lists) => {
  expect(listsProducers(release)).toBe(lists);
});
