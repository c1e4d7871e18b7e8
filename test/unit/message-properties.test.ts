import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Interop } from '../../src/names/interop';
import { createMessagePropagation } from '../../src/propagation/message-properties';
import { recordCarrier } from '../../src/propagation/property-carrier';

const KEY = 'gray_tag';
const propagation = (interop: Interop = []) => createMessagePropagation({ key: KEY, interop });
const otel = propagation(['otel']);

describe('the tag of a message', () => {
  it.each<[Record<string, string> | undefined, string | undefined]>([
    [undefined, undefined],
    [{}, undefined],
    [{ gray_tag: 'gray' }, 'gray'],
    [{ gray_tag: 'a_b' }, undefined],
    [{ baggage: 'gray_tag=gray' }, undefined],
  ])('%j: %s', (properties, tag) => {
    expect(propagation().extract(properties && recordCarrier(properties))).toBe(tag);
    expect(propagation().extract(properties && new Map(Object.entries(properties)))).toBe(tag);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ gray_tag: 'blue', baggage: 'gray_tag=gray' }, 'blue'],
    [{ gray_tag: '', baggage: 'gray_tag=gray' }, 'gray'],
    // As brokers filter.
    [{ gray_tag: 'a_b', baggage: 'gray_tag=gray' }, undefined],
    [{ baggage: 'gray_tag=gray' }, 'gray'],
    [{ baggage: 'gray_tag=gray,a=1' }, 'gray'],
    [{ baggage: 'a=1,gray_tag=gray' }, 'gray'],
    [{ baggage: 'a=1;p=2, gray_tag=gray;q,b=2' }, 'gray'],
    [{ baggage: 'gray_tag=base' }, 'base'],
    [{ baggage: 'x_gray_tag=gray,a=gray_tag=gray' }, undefined],
    [{ baggage: 'gray_tag=gray2,a=1' }, 'gray2'],
    // Forms that no filter can tell.
    [{ baggage: 'gray_tag=%67ray' }, undefined],
    [{ baggage: 'gray_tag = gray' }, undefined],
    [{ baggage: 'a=1,  gray_tag=gray' }, undefined],
    [{ baggage: 'gray_tag=gray ,a=1' }, undefined],
  ])('with OpenTelemetry beside it, %j: %s', (properties, tag) => {
    expect(otel.extract(recordCarrier(properties))).toBe(tag);
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
    propagation().inject(recordCarrier(record), outgoing);
    propagation().inject(map, outgoing);
    expect([record, Object.fromEntries(map)]).toEqual([expected, expected]);
  });

  it.each<[string, string | undefined, Record<string, string>, Record<string, string>]>([
    ['a tag', 'gray', {}, { gray_tag: 'gray', baggage: 'gray_tag=gray' }],
    ['a tag beside others', 'gray', { baggage: 'a=1' }, { gray_tag: 'gray', baggage: 'gray_tag=gray,a=1' }],
    ['the baseline outright', undefined, { gray_tag: 'x', baggage: 'a=1,gray_tag=x' }, { baggage: 'a=1' }],
    ['the same with nothing else', undefined, { baggage: 'gray_tag=x' }, {}],
  ])('with OpenTelemetry beside it, %s', (_name, tag, before, expected) => {
    const properties = { ...before };
    otel.inject(recordCarrier(properties), { tag, remove: tag === undefined });
    expect(properties).toEqual(expected);
  });

  it('is the very same without a tag', () => {
    const carrier = { get: vi.fn(), set: vi.fn(), del: vi.fn() };
    otel.inject(carrier, { tag: undefined, remove: false });
    expect([carrier.get.mock.calls, carrier.set.mock.calls, carrier.del.mock.calls]).toEqual([[], [], []]);
  });

  it('loses its tag in a map of google-protobuf, and where nothing can be removed', () => {
    const carrier = { get: vi.fn(), set: vi.fn(), del: vi.fn() };
    propagation().inject(carrier, { tag: undefined, remove: true });
    expect(carrier.del.mock.contexts).toEqual([carrier]);
    expect(carrier.del).toHaveBeenCalledWith(KEY);
    propagation().inject({ get: carrier.get, set: carrier.set }, { tag: undefined, remove: true });
    expect(carrier.set).not.toHaveBeenCalled();
  });

  it('names its tag to those who read either property, beside any other baggage', () => {
    const tag = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/);
    const members = fc.array(fc.stringMatching(/^[a-z]{1,4}=[a-z;=]{0,4}$/), { maxLength: 4 });
    fc.assert(
      fc.property(tag, members, (tag, others) => {
        const properties: Record<string, string> = others.length > 0 ? { baggage: others.join(',') } : {};
        otel.inject(recordCarrier(properties), { tag, remove: false });
        const { baggage } = properties as { baggage: string };
        expect(otel.extract(recordCarrier(properties))).toBe(tag);
        expect(otel.extract(recordCarrier({ baggage }))).toBe(tag);
        expect(baggage.split(',').slice(1)).toEqual(others);
      }),
    );
  });
});
