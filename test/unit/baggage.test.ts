import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinBaggage, type MergeOptions, mergeBaggage, readBaggage } from '../../src/propagation/baggage';

const KEY = 'gray_tag';
const carrying = (tag: string | undefined, more: Partial<MergeOptions> = {}): MergeOptions => ({
  key: KEY,
  tag,
  writeMse: false,
  dropMse: false,
  ...more,
});
const MSE_GRAY = '__microservice_tag__=%5B%7B%22name%22%3A%22gray%22%7D%5D';

describe('readBaggage', () => {
  it.each<[string, { own?: string; mse?: string; malformed?: string }]>([
    ['', {}],
    ['a=1,b=2', {}],
    ['gray_tag=gray', { own: 'gray' }],
    ['a=1, gray_tag = gray ;p=1;q,b=2', { own: 'gray' }],
    ['gray_tag=base', { own: 'base' }],
    ['gray_tag=%67ray', { own: 'gray' }],
    ['gray_tag=one,gray_tag=two', { own: 'one' }],
    ['a=1,gray_tag=one,gray_tag=two', { own: 'one' }],
    ['a=1, gray_tag=a_b ', { malformed: 'gray_tag=a_b' }],
    ['a=%5B%7B%22name%22%3A%22x%22%7D%5D,gray_tag=gray', { own: 'gray' }],
    [`${MSE_GRAY},__microservice_tag__=[{"name":"blue"}]`, { mse: 'gray' }],
    [`${MSE_GRAY},a=[{"name":"blue"}]`, { mse: 'gray' }],
    [`a=[{"name":"blue"}],${MSE_GRAY}`, { mse: 'gray' }],
    ['gray_tag=a_b,gray_tag=two', { own: 'two' }],
    ['gray_tag=', { malformed: 'gray_tag=' }],
    ['gray_tag', { malformed: 'gray_tag' }],
    ['gray_tag;p=gray', { malformed: 'gray_tag;p=gray' }],
    ['gray_tag=a_b', { malformed: 'gray_tag=a_b' }],
    ["gray_tag=' OR 1=1 --", { malformed: "gray_tag=' OR 1=1 --" }],
    ['gray_tag=a%0d%0ax:y', { malformed: 'gray_tag=a%0d%0ax:y' }],
    ['gray_tag=%E0%A4%A', { malformed: 'gray_tag=%E0%A4%A' }],
    [`gray_tag=${'x'.repeat(33)}`, { malformed: `gray_tag=${'x'.repeat(33)}` }],
    ['gray_tag2=gray', {}],
    ['xgray_tag=gray', {}],
    ['GRAY_TAG=gray', {}],
    ['a=gray_tag', {}],
    ['a=1;gray_tag=gray', {}],
    [MSE_GRAY, { mse: 'gray' }],
    [`${MSE_GRAY},gray_tag=blue`, { own: 'blue', mse: 'gray' }],
    ['__microservice_tag__=[{"name":"gray"}]', { mse: 'gray' }],
    ['__microservice_tag__=%5B%5D', {}],
    ['__microservice_tag__=%5Bnull%5D', {}],
    ['__microservice_tag__=gray', {}],
    ['__microservice_tag__=%5B%7B%22name%22%3A%22a_b%22%7D%5D', {}],
    ['__microservice_tag__=%5B%7B%22name%22%3A1%7D%5D', {}],
  ])('%j', (header, expected) => {
    expect(readBaggage(header, KEY)).toEqual({ own: undefined, mse: undefined, malformed: undefined, ...expected });
  });
});

it('a member of our name without a value has none, be it a well-formed tag', () => {
  expect(readBaggage('lane', 'lane')).toEqual({ own: undefined, mse: undefined, malformed: 'lane' });
  expect(readBaggage('a,l=gray', 'l')).toMatchObject({ own: 'gray' });
});

describe('mergeBaggage', () => {
  it.each<[string | undefined, MergeOptions, string | undefined]>([
    [undefined, carrying('gray'), 'gray_tag=gray'],
    ['', carrying('gray'), 'gray_tag=gray'],
    ['a=1', carrying('gray'), 'gray_tag=gray,a=1'],
    ['a=1;p=2 , b = 3;q', carrying('gray'), 'gray_tag=gray,a=1;p=2 , b = 3;q'],
    ['gray_tag=blue', carrying('gray'), 'gray_tag=gray'],
    ['a=1,gray_tag=blue;p=1,b=2', carrying('gray'), 'gray_tag=gray,a=1,b=2'],
    ['gray_tag=x,gray_tag=y,a=1', carrying('gray'), 'gray_tag=gray,a=1'],
    ['gray_tag2=1', carrying('gray'), 'gray_tag=gray,gray_tag2=1'],
    ['a=1', carrying('base'), 'gray_tag=base,a=1'],
    [undefined, carrying(undefined), undefined],
    ['gray_tag=gray', carrying(undefined), undefined],
    ['gray_tag=gray,a=1', carrying(undefined), 'a=1'],
    ['a=1', carrying(undefined), 'a=1'],
    [undefined, carrying('gray', { writeMse: true }), `gray_tag=gray,${MSE_GRAY}`],
    ['__microservice_tag__=x,a=1', carrying('gray', { writeMse: true }), `gray_tag=gray,${MSE_GRAY},a=1`],
    ['__microservice_tag__=x,a=1', carrying('gray'), 'gray_tag=gray,__microservice_tag__=x,a=1'],
    ['__microservice_tag__=x,a=1', carrying('base', { dropMse: true }), 'gray_tag=base,a=1'],
    ['__microservice_tag__=x', carrying(undefined, { dropMse: true }), undefined],
  ])('%j with %j gives %j', (existing, options, expected) => {
    expect(mergeBaggage(existing, options)).toBe(expected);
  });

  // Members after the grammar of the specification, with optional white space, values that look like ours included.
  const token = fc.stringMatching(/^[A-Za-z0-9!#$&'*+.^_`|~-]{1,12}$/).filter(name => name !== KEY);
  const value = fc.stringMatching(/^[A-Za-z0-9!#$%&'()*+./:<=>?@[\]^_`{|}~-]{0,12}$/);
  const space = fc.constantFrom('', ' ', '\t');
  const property = fc.oneof(
    token,
    fc.tuple(token, value).map(pair => pair.join('=')),
    fc.constant(`${KEY}=x`),
  );
  const foreign = fc
    .tuple(space, token, space, value, fc.array(property, { maxLength: 2 }), space)
    .map(([before, name, around, text, properties, after]) =>
      [`${before}${name}${around}=${around}${text}`, ...properties].join(';').concat(after),
    );
  const own = fc.oneof(value, fc.constantFrom('gray', 'base')).map(text => `${KEY}=${text}`);
  const members = fc.array(fc.oneof({ weight: 4, arbitrary: foreign }, own), { maxLength: 20 });
  const tag = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/);
  const options = fc.record({ key: fc.constant(KEY), tag, writeMse: fc.boolean(), dropMse: fc.boolean() });
  const isForeign = (member: string) => !member.trimStart().startsWith(`${KEY}=`);

  it('keeps every foreign member as it was, in its order, after ours', () => {
    fc.assert(
      fc.property(members, tag, (list, ours) => {
        const others = list.filter(isForeign).join(',').trim();
        const expected = others === '' ? `${KEY}=${ours}` : `${KEY}=${ours},${others}`;
        expect(mergeBaggage(list.join(','), carrying(ours))).toBe(expected);
      }),
    );
  });

  it('reads back as the tag that was put in, and merging again changes nothing', () => {
    fc.assert(
      fc.property(members, options, (list, merge) => {
        const once = mergeBaggage(list.join(','), merge);
        expect(readBaggage(once ?? '', KEY).own).toBe(merge.tag);
        if (merge.writeMse) expect(readBaggage(once ?? '', KEY).mse).toBe(merge.tag);
        expect(mergeBaggage(once, merge)).toBe(once);
      }),
    );
  });

  it('takes any text for a header without throwing, and carries the tag in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), options, (text, merge) => {
        expect(readBaggage(mergeBaggage(text, merge) ?? '', KEY).own).toBe(merge.tag);
      }),
    );
  });
});

describe('joinBaggage', () => {
  it.each<[string[], string]>([
    [[], ''],
    [['a=1'], 'a=1'],
    [['a=1', 'b=2'], 'a=1,b=2'],
    [['a=1', 'a=1'], 'a=1'],
    [['a=1,b=2', 'b=2, a=1 ,c=3'], 'a=1,b=2,c=3'],
    // Whichever of them counts for a reader counts as before.
    [['a=1', 'a=2'], 'a=1,a=2'],
    [['a=1', 'a=2', 'a=1'], 'a=1,a=2,a=1'],
    [['a=1;p=1', 'a=1'], 'a=1;p=1,a=1'],
    // What one header has twice is its author's.
    [['a=1,a=1', 'a=1'], 'a=1,a=1'],
    [['', 'a=1', ' '], 'a=1'],
    [['a', 'a'], 'a'],
    [['a=1 ', 'a=1'], 'a=1 '],
    [['a=1', ' '], 'a=1'],
    [['=1', '=2', '=1'], '=1,=2,=1'],
  ])('%j', (headers, expected) => {
    expect(joinBaggage(headers)).toBe(expected);
  });
});
