import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  changeHeaderList,
  changeHeaderObject,
  changeHeaders,
  createHeaderPropagation,
  type HeaderPropagationOptions,
  joined,
} from '../../src/propagation/http-headers';
import { haveSameShape } from './shapes';

const propagation = (options: Partial<HeaderPropagationOptions> = {}) =>
  createHeaderPropagation({
    key: 'gray_tag',
    inbound: 'accept',
    interop: [],
    onMalformed: () => {},
    ...options,
  });
const DUBBO = { interop: ['dubbo'] } as const;
const SERMANT = { interop: ['sermant'], key: 'x_lane_canary' } as const;
const MSE_BLUE = '__microservice_tag__=%5B%7B%22name%22%3A%22blue%22%7D%5D';

describe('extract', () => {
  it.each<[string[], string | undefined]>([
    [[], undefined],
    [['Host', 'x', 'Accept', '*/*'], undefined],
    [['baggage', 'gray_tag=gray'], 'gray'],
    [['BagGage', 'a=1,gray_tag=gray'], 'gray'],
    [['baggage', 'a=1', 'Baggage', 'gray_tag=gray'], 'gray'],
    [['x-mse-tag', 'gray'], 'gray'],
    [['X-Mse-Tag', ' gray '], 'gray'],
    [['x-mse-tag', 'one', 'baggage', `${MSE_BLUE},gray_tag=two`], 'two'],
    [['baggage', MSE_BLUE], 'blue'],
    [['baggage', MSE_BLUE, 'x-mse-tag', 'one'], 'one'],
    [['baggage', 'gray_tag=a_b', 'x-mse-tag', 'one'], 'one'],
    [['x-mse-tag', "'; DROP TABLE x"], undefined],
    [['baggage', 'gray_tag=base'], 'base'],
    [['baggage'], undefined],
    [['Trailer', 'gray_tag=gray', 'Forwarded', 'gray'], undefined],
  ])('%j: %s', (rawHeaders, expected) => {
    expect(propagation().extract(rawHeaders)).toBe(expected);
  });

  it.each<[string, Partial<HeaderPropagationOptions>, string[], string | undefined]>([
    [
      'nothing of others without a preset',
      {},
      ['dubbo-tag', 'gray', 'dubbo.tag', 'gray', 'gray_tag', 'gray'],
      undefined,
    ],
    ['nothing of others for one that has none', { interop: ['otel', 'mse'] }, ['dubbo-tag', 'gray'], undefined],
    ['the header of Dubbo', DUBBO, ['Dubbo-Tag', ' gray '], 'gray'],
    ['the attachment of Triple', DUBBO, ['dubbo.tag', 'gray'], 'gray'],
    ['our own attachment of Triple first', DUBBO, ['dubbo.tag', 'blue', 'gray_tag', 'gray'], 'gray'],
    ['our baggage first', DUBBO, ['dubbo.tag', 'blue', 'baggage', 'gray_tag=gray'], 'gray'],
    ['none that is malformed', DUBBO, ['dubbo-tag', 'a b'], undefined],
    ['the header of Sermant', SERMANT, ['X_Lane_Canary', 'gray'], 'gray'],
    ['none of ignored ones', { ...SERMANT, inbound: 'ignore' }, ['x_lane_canary', 'gray'], undefined],
  ])('reads %s', (_name, options, rawHeaders, expected) => {
    expect(propagation(options).extract(rawHeaders)).toBe(expected);
  });

  it('says which header was malformed', () => {
    const onMalformed = vi.fn();
    propagation({ onMalformed }).extract(['baggage', 'gray_tag=a_b', 'x-mse-tag', 'a b']);
    expect(onMalformed.mock.calls).toEqual([
      ['baggage', 'gray_tag=a_b'],
      ['x-mse-tag', 'a b'],
    ]);
  });

  it('says nothing of what is well-formed', () => {
    const onMalformed = vi.fn();
    propagation({ onMalformed }).extract(['baggage', 'gray_tag=gray', 'x-mse-tag', 'gray', 'Forwarded', 'a b']);
    expect(onMalformed).not.toHaveBeenCalled();
  });

  it('sees nothing when inbound tags are ignored', () => {
    expect(propagation({ inbound: 'ignore' }).extract(['baggage', 'gray_tag=gray', 'x-mse-tag', 'gray'])).toBe(
      undefined,
    );
  });
});

describe('changes', () => {
  it.each<[string, Partial<HeaderPropagationOptions>, string | undefined, object, object]>([
    ['a tag', {}, 'gray', { baggage: 'a=1' }, { baggage: 'gray_tag=gray,a=1' }],
    [
      'no tag',
      {},
      undefined,
      { baggage: 'gray_tag=own', 'x-mse-tag': 'own' },
      { baggage: 'gray_tag=own', 'x-mse-tag': 'own' },
    ],
    ['another key', { key: 'x_lane' }, 'gray', {}, { baggage: 'x_lane=gray' }],
    ['a foreign x-mse-tag stays', {}, 'gray', { 'x-mse-tag': 'q' }, { 'x-mse-tag': 'q', baggage: 'gray_tag=gray' }],
    ['mse', { interop: ['mse'] }, 'blue', {}, { baggage: `gray_tag=blue,${MSE_BLUE}`, 'x-mse-tag': 'blue' }],
    ['mse, base', { interop: ['mse'] }, 'base', { 'x-mse-tag': 'q', baggage: MSE_BLUE }, { baggage: 'gray_tag=base' }],
    ['sermant', SERMANT, 'gray', {}, { baggage: 'x_lane_canary=gray', x_lane_canary: 'gray' }],
    ['sermant, base', SERMANT, 'base', { x_lane_canary: 'q' }, { baggage: 'x_lane_canary=base' }],
    ['sermant, no tag', SERMANT, undefined, { x_lane_canary: 'q' }, { x_lane_canary: 'q' }],
    ['dubbo', DUBBO, 'gray', {}, { baggage: 'gray_tag=gray' }],
    ['dubbo, copied', DUBBO, 'gray', { 'Dubbo-Tag': 'q' }, { 'Dubbo-Tag': 'gray', baggage: 'gray_tag=gray' }],
    ['dubbo, copied, base', DUBBO, 'base', { 'dubbo-tag': 'q' }, { baggage: 'gray_tag=base' }],
    ['dubbo, ignore', { ...DUBBO, inbound: 'ignore' }, undefined, { 'dubbo-tag': 'q', a: '1' }, { a: '1' }],
    ['mse, no tag', { interop: ['mse'] }, undefined, { 'x-mse-tag': 'q' }, { 'x-mse-tag': 'q' }],
    [
      'ignore, no tag',
      { inbound: 'ignore' },
      undefined,
      { baggage: `gray_tag=q,a=1,${MSE_BLUE}`, 'x-mse-tag': 'q' },
      { baggage: 'a=1' },
    ],
    ['ignore, nothing left', { inbound: 'ignore' }, undefined, { Baggage: 'gray_tag=q' }, {}],
    [
      'ignore, own tag',
      { inbound: 'ignore' },
      'gray',
      { baggage: 'gray_tag=q', 'x-mse-tag': 'q' },
      { baggage: 'gray_tag=gray' },
    ],
  ])('%s', (_name, options, tag, before, after) => {
    expect(changeHeaderObject(before, propagation(options).changes(tag))).toStrictEqual(after);
  });

  it('are none for an untagged call: it leaves with the very same bytes', () => {
    expect(propagation().changes(undefined)).toEqual([]);
  });

  it('are remembered for a bounded number of tags, and right for all', () => {
    const { changes } = propagation();
    for (let i = 0; i < 200; i++)
      expect(changeHeaderObject({}, changes(`t${i}`))).toEqual({ baggage: `gray_tag=t${i}` });
    // The same list again: it is remembered.
    const isRemembered = (tag: string) => new Set([changes(tag), changes(tag)]).size === 1;
    expect([0, 63, 64, 199].map(i => isRemembered(`t${i}`))).toEqual([true, true, false, false]);
  });
});

const GRAY = propagation().changes('gray');

describe('changeHeaderList', () => {
  it.each<[unknown[], unknown[]]>([
    [[], ['baggage', 'gray_tag=gray']],
    [
      ['a', '1'],
      ['a', '1', 'baggage', 'gray_tag=gray'],
    ],
    [
      ['Baggage', 'x=1', 'a', '1'],
      ['Baggage', 'gray_tag=gray,x=1', 'a', '1'],
    ],
    [
      ['baggage', 'x=1', 'a', '1', 'BAGGAGE', 'y=2'],
      ['baggage', 'gray_tag=gray,x=1,y=2', 'a', '1'],
    ],
    [
      ['baggage', ['x=1', 'y=2']],
      ['baggage', 'gray_tag=gray,x=1,y=2'],
    ],
    [
      [['a', '1']],
      [
        ['a', '1'],
        ['baggage', 'gray_tag=gray'],
      ],
    ],
    [
      [
        ['Baggage', 'x=1'],
        ['a', '1'],
      ],
      [
        ['Baggage', 'gray_tag=gray,x=1'],
        ['a', '1'],
      ],
    ],
    [
      ['a', ['1', '2'], 'b', 3],
      ['a', ['1', '2'], 'b', 3, 'baggage', 'gray_tag=gray'],
    ],
    [
      ['x', 'BAGGAGE', 'Baggage', 'a=1'],
      ['x', 'BAGGAGE', 'Baggage', 'gray_tag=gray,a=1'],
    ],
    [['odd'], ['odd']],
  ])('%j gives %j', (before, after) => {
    const copy = structuredClone(before);
    expect(changeHeaderList(Object.freeze(before), GRAY)).toEqual(after);
    expect(before).toEqual(copy);
  });

  it('keeps everything else, in both forms alike', () => {
    const header = fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,8}$/), fc.string({ maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 8 }), pairs => {
        const changed = changeHeaderList(pairs, GRAY) as [string, string][];
        const others = (list: readonly (readonly string[])[]) =>
          list.filter(([name]) => name?.toLowerCase() !== 'baggage');
        expect(others(changed)).toEqual(others(pairs));
        expect(changed.filter(([name]) => name.toLowerCase() === 'baggage')).toHaveLength(1);
        expect(changeHeaderList(pairs.flat(), GRAY)).toEqual(changed.flat());
        expect(changeHeaderList(changed, GRAY)).toEqual(changed);
      }),
    );
  });
});

it('a list loses what nothing is left of', () => {
  const { changes } = propagation({ inbound: 'ignore' });
  expect(changeHeaderList(['a', '1', 'Baggage', 'gray_tag=q'], changes(undefined))).toEqual(['a', '1']);
});

it.each<[unknown, unknown]>([
  [undefined, { baggage: 'gray_tag=gray' }],
  [null, { baggage: 'gray_tag=gray' }],
  [{ a: '1' }, { a: '1', baggage: 'gray_tag=gray' }],
  [
    ['a', '1'],
    ['a', '1', 'baggage', 'gray_tag=gray'],
  ],
  ['a: 1', 'a: 1'],
  [7, 7],
])('headers of any form: %j become %j', (before, after) => {
  expect(changeHeaders(before, GRAY)).toEqual(after);
});

describe('changeHeaderObject', () => {
  it.each<[object | null | undefined, object]>([
    [{ trailer: 'x' }, { trailer: 'x', baggage: 'gray_tag=gray' }],
    [undefined, { baggage: 'gray_tag=gray' }],
    [null, { baggage: 'gray_tag=gray' }],
    [{ a: '1' }, { a: '1', baggage: 'gray_tag=gray' }],
    [
      { Baggage: 'x=1', a: 1 },
      { Baggage: 'gray_tag=gray,x=1', a: 1 },
    ],
    [{ baggage: ['x=1', 'y=2'] }, { baggage: 'gray_tag=gray,x=1,y=2' }],
    [{ baggage: 'x=1', BAGGAGE: 'y=2' }, { baggage: 'gray_tag=gray,x=1,y=2' }],
    [{ baggage: undefined }, { baggage: 'gray_tag=gray' }],
  ])('%j gives %j', (before, after) => {
    const copy = structuredClone(before);
    expect(changeHeaderObject(before && Object.freeze(before), GRAY)).toEqual(after);
    expect(before).toEqual(copy);
  });

  it('keeps the prototype', () => {
    class Headers {
      a = '1';
    }
    expect(changeHeaderObject(new Headers(), GRAY)).toBeInstanceOf(Headers);
    expect(Object.getPrototypeOf(changeHeaderObject(Object.create(null), GRAY))).toBe(null);
  });

  it('makes objects of one shape for calls that are alike', () => {
    const change = () => changeHeaderObject({ accept: 'text/plain', host: 'orders' }, GRAY);
    expect(haveSameShape(change(), change())).toBe(true);
  });
});

it.each([
  [[], undefined],
  [[undefined, null], undefined],
  [['a'], 'a'],
  [['a', ['b', undefined, 'c']], 'a,b,c'],
  [[1], '1'],
])('joined(%j) is %j', (values, expected) => {
  expect(joined(values)).toBe(expected);
});
