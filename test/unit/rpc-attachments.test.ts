import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type AttachmentPropagationOptions, createAttachmentPropagation } from '../../src/propagation/rpc-attachments';

const propagation = (options: Partial<AttachmentPropagationOptions> = {}) =>
  createAttachmentPropagation({
    key: 'gray_tag',
    inbound: 'accept',
    interop: [],
    onMalformed: () => {},
    ...options,
  });
const MSE = '__microservice_tag__';
const mse = (name: string) => JSON.stringify([{ name }]);
const MSE_INTEROP = { interop: ['mse'] } as const;
const DUBBO = { interop: ['dubbo'] } as const;
const OTEL = { interop: ['otel'] } as const;
const IGNORE = { inbound: 'ignore' } as const;

describe('extract', () => {
  it.each<[Record<string, unknown> | null | undefined, string | undefined]>([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ path: 'demo.Who', version: '0.0.0' }, undefined],
    [{ gray_tag: 'gray' }, 'gray'],
    [{ gray_tag: 'base' }, 'base'],
    [{ gray_tag: 'a_b' }, undefined],
    [{ gray_tag: '' }, undefined],
    [{ gray_tag: 1 }, undefined],
    [{ gray_tag: ['gray'] }, undefined],
    [{ gray_tag: null }, undefined],
    [{ GRAY_TAG: 'gray' }, undefined],
    [{ [MSE]: mse('blue') }, 'blue'],
    [{ [MSE]: encodeURIComponent(mse('blue')) }, 'blue'],
    [{ [MSE]: 'blue' }, 'blue'],
    [{ [MSE]: mse('a_b') }, undefined],
    [{ [MSE]: '[]' }, undefined],
    [{ [MSE]: '[null]' }, undefined],
    [{ [MSE]: '%E0%A4%A' }, undefined],
    [{ [MSE]: "' OR 1=1 --" }, undefined],
    [{ [MSE]: [{ name: 'blue' }] }, undefined],
    [{ [MSE]: mse('blue'), gray_tag: 'gray' }, 'gray'],
    [{ [MSE]: mse('blue'), gray_tag: 'a_b' }, 'blue'],
  ])('%j: %s', (attachments, expected) => {
    expect(propagation().extract(attachments)).toBe(expected);
  });

  it.each<[string, Partial<AttachmentPropagationOptions>, Record<string, unknown>, string | undefined]>([
    ['nothing of others without a preset', {}, { 'dubbo.tag': 'gray', baggage: 'gray_tag=gray' }, undefined],
    ['the tag of Dubbo', DUBBO, { 'dubbo.tag': 'gray' }, 'gray'],
    ['our own first', DUBBO, { 'dubbo.tag': 'blue', gray_tag: 'gray' }, 'gray'],
    ['none that is malformed', DUBBO, { 'dubbo.tag': 'a b' }, undefined],
    ['baggage', OTEL, { baggage: 'a=1,gray_tag=gray' }, 'gray'],
    ['baggage that is no text', OTEL, { baggage: 1 }, undefined],
    ['none of ignored ones', { ...DUBBO, ...IGNORE }, { 'dubbo.tag': 'gray' }, undefined],
  ])('reads %s', (_name, options, attachments, expected) => {
    expect(propagation(options).extract(attachments)).toBe(expected);
  });

  it('says which attachment was malformed', () => {
    const onMalformed = vi.fn();
    propagation({ onMalformed }).extract({ gray_tag: 'a_b', [MSE]: '[]' });
    expect(onMalformed.mock.calls).toEqual([
      ['gray_tag', 'a_b'],
      [MSE, '[]'],
    ]);
  });

  it('says nothing where none was', () => {
    const onMalformed = vi.fn();
    const { extract } = propagation({ onMalformed });
    for (const attachments of [{}, { gray_tag: 'gray' }, { [MSE]: 'blue' }, { [MSE]: mse('blue') }])
      extract(attachments);
    expect(onMalformed).not.toHaveBeenCalled();
    // A list of a tag reads as one where it is taken for a text.
    expect(extract({ [MSE]: [mse('blue')] })).toBe(undefined);
  });

  it('sees nothing when inbound tags are ignored', () => {
    expect(propagation(IGNORE).extract({ gray_tag: 'gray', [MSE]: mse('gray') })).toBe(undefined);
  });
});

describe('inject', () => {
  it.each<[string, Partial<AttachmentPropagationOptions>, string | undefined, object, object]>([
    ['a tag', {}, 'gray', { a: '1' }, { a: '1', gray_tag: 'gray' }],
    ['a tag in the place of another', {}, 'gray', { gray_tag: 'blue', a: '1' }, { a: '1', gray_tag: 'gray' }],
    ["a tag beside another fleet's", {}, 'gray', { [MSE]: 'x' }, { [MSE]: 'x', gray_tag: 'gray' }],
    ['the baseline outright', {}, 'base', { a: '1', gray_tag: 'blue' }, { a: '1', gray_tag: 'base' }],
    ['another key', { key: 'env' }, 'gray', { gray_tag: 'blue' }, { gray_tag: 'blue', env: 'gray' }],
    ['interop', MSE_INTEROP, 'gray', { [MSE]: 'x' }, { gray_tag: 'gray', [MSE]: mse('gray') }],
    ['the baseline with interop', MSE_INTEROP, 'base', { [MSE]: 'x' }, { gray_tag: 'base' }],
    ['Dubbo', DUBBO, 'gray', { 'dubbo.tag': 'q' }, { gray_tag: 'gray', 'dubbo.tag': 'gray' }],
    ['the baseline with Dubbo', DUBBO, 'base', { 'dubbo.tag': 'q' }, { gray_tag: 'base' }],
    ['baggage', OTEL, 'gray', { baggage: 'a=1' }, { gray_tag: 'gray', baggage: 'gray_tag=gray,a=1' }],
    ['the baseline with baggage', OTEL, 'base', {}, { gray_tag: 'base', baggage: 'gray_tag=base' }],
    ['no tag, ignoring that of baggage', { ...OTEL, ...IGNORE }, undefined, { baggage: 'gray_tag=x' }, {}],
    ['no tag, ignoring inbound ones', IGNORE, undefined, { gray_tag: 'x', [MSE]: 'y', a: '1' }, { a: '1' }],
    ['no tag, ignoring one of ours', IGNORE, undefined, { gray_tag: 'x', a: '1' }, { a: '1' }],
    ["no tag, ignoring another fleet's", IGNORE, undefined, { [MSE]: 'y', a: '1' }, { a: '1' }],
    ['no tag, ignoring all, with interop', { ...IGNORE, ...MSE_INTEROP }, undefined, { [MSE]: 'y' }, {}],
    ['a tag, ignoring inbound ones', IGNORE, 'gray', { gray_tag: 'x', [MSE]: 'y' }, { gray_tag: 'gray' }],
  ])('%s', (_name, options, tag, attachments, expected) => {
    const frozen = Object.freeze({ ...attachments });
    expect(propagation(options).inject(frozen, tag)).toStrictEqual(expected);
    expect(frozen).toEqual(attachments);
  });

  it.each<[string, Partial<AttachmentPropagationOptions>, object]>([
    ['without a tag', {}, { gray_tag: 'theirs', [MSE]: 'theirs' }],
    ['without a tag, with interop', MSE_INTEROP, { gray_tag: 'theirs', [MSE]: 'theirs' }],
    ['ignoring inbound tags, with none there', IGNORE, { a: '1' }],
  ])('the very same object %s', (_name, options, attachments) => {
    expect(propagation(options).inject(attachments as Record<string, string>, undefined)).toBe(attachments);
  });

  it('leaves an attachment that is called like the prototype', () => {
    const attachments = JSON.parse('{ "__proto__": "theirs" }') as Record<string, string>;
    expect(Object.entries(propagation({}).inject(attachments, 'gray'))).toEqual([
      ['__proto__', 'theirs'],
      ['gray_tag', 'gray'],
    ]);
  });

  it('what is injected is extracted, beside any other attachments', () => {
    const tag = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/);
    fc.assert(
      fc.property(tag, fc.dictionary(fc.string(), fc.string()), (tag, attachments) => {
        for (const options of [{}, MSE_INTEROP]) {
          const { extract, inject } = propagation(options);
          const sent = inject(attachments, tag);
          expect(extract(sent)).toBe(tag);
          expect(sent).toMatchObject({ ...attachments, gray_tag: tag });
        }
      }),
    );
  });
});
