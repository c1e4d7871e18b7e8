import { describe, expect, it, vi } from 'vitest';
import { extractTag, injectTag, recordCarrier } from '../../src/propagation/message-properties';

const KEY = 'gray_tag';

describe('the tag of a message', () => {
  it.each<[Record<string, string> | undefined, string | undefined]>([
    [undefined, undefined],
    [{}, undefined],
    [{ gray_tag: 'gray' }, 'gray'],
    [{ gray_tag: 'a_b' }, undefined],
  ])('%j: %s', (properties, tag) => {
    expect(extractTag(properties && recordCarrier(properties), KEY)).toBe(tag);
    expect(extractTag(properties && new Map(Object.entries(properties)), KEY)).toBe(tag);
  });
});

describe('a message that is sent', () => {
  it.each([
    [
      { tag: 'gray', remove: false },
      { gray_tag: 'gray', other: '1' },
    ],
    [{ tag: undefined, remove: true }, { other: '1' }],
    [
      { tag: undefined, remove: false },
      { gray_tag: 'own', other: '1' },
    ],
  ])('%j', (outgoing, expected) => {
    const before = { gray_tag: 'own', other: '1' };
    const [record, map] = [{ ...before }, new Map(Object.entries(before))];
    injectTag(recordCarrier(record), KEY, outgoing);
    injectTag(map, KEY, outgoing);
    expect([record, Object.fromEntries(map)]).toEqual([expected, expected]);
  });

  it('loses its tag in a map of google-protobuf, and where nothing can be removed', () => {
    const carrier = { get: vi.fn(), set: vi.fn(), del: vi.fn() };
    injectTag(carrier, KEY, { tag: undefined, remove: true });
    expect(carrier.del.mock.contexts).toEqual([carrier]);
    expect(carrier.del).toHaveBeenCalledWith(KEY);
    injectTag({ get: carrier.get, set: carrier.set }, KEY, { tag: undefined, remove: true });
    expect(carrier.set).not.toHaveBeenCalled();
  });
});
