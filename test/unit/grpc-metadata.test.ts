import { describe, expect, it } from 'vitest';
import { changeMetadata } from '../../src/propagation/grpc-metadata';
import { createHeaderPropagation, type HeaderPropagationOptions } from '../../src/propagation/http-headers';

/** As that of gRPC: several values for a key. */
class Metadata {
  constructor(readonly values: Readonly<Record<string, readonly string[]>>) {}
  get = (key: string) => this.values[key] ?? [];
  set(key: string, value: string) {
    (this as { values: unknown }).values = { ...this.values, [key]: [value] };
  }
  remove(key: string) {
    const { [key]: _removed, ...values } = this.values;
    (this as { values: unknown }).values = values;
  }
  clone = () => new Metadata({ ...this.values });
}

const MSE = '__microservice_tag__=%5B%7B%22name%22%3A%22gray%22%7D%5D';

describe('metadata of a call', () => {
  it.each<[string, Partial<HeaderPropagationOptions>, string | undefined, Record<string, string[]>, object | 'same']>([
    ['a tag', {}, 'gray', {}, { baggage: ['gray_tag=gray'] }],
    [
      'other entries',
      {},
      'gray',
      { baggage: ['a=1', 'b=2'], x: ['y'] },
      { baggage: ['gray_tag=gray,a=1,b=2'], x: ['y'] },
    ],
    ['an entry of ours', {}, 'gray', { baggage: ['a=1,gray_tag=old'] }, { baggage: ['gray_tag=gray,a=1'] }],
    ['what is right already', {}, 'gray', { baggage: ['gray_tag=gray,a=1'] }, 'same'],
    ['ours and others apart', {}, 'gray', { baggage: ['gray_tag=gray', 'a=1'] }, { baggage: ['gray_tag=gray,a=1'] }],
    ['base', {}, 'base', { baggage: ['gray_tag=gray'] }, { baggage: ['gray_tag=base'] }],
    ['no tag', {}, undefined, { baggage: ['gray_tag=own', 'a=1'] }, 'same'],
    ['mse', { interop: ['mse'] }, 'gray', {}, { baggage: [`gray_tag=gray,${MSE}`], 'x-mse-tag': ['gray'] }],
    ['mse, base', { interop: ['mse'] }, 'base', { 'x-mse-tag': ['gray'] }, { baggage: ['gray_tag=base'] }],
    ['ignored, copied', { inbound: 'ignore' }, undefined, { baggage: ['gray_tag=gray'], 'x-mse-tag': ['gray'] }, {}],
    ['ignored, none', { inbound: 'ignore' }, undefined, { baggage: ['a=1'] }, 'same'],
  ])('%s', (_name, options, tag, values, expected) => {
    const { changes } = createHeaderPropagation({
      key: 'gray_tag',
      inbound: 'accept',
      interop: [],
      onMalformed: () => {},
      ...options,
    });
    const metadata = new Metadata(values);
    const changed = changeMetadata(metadata, changes(tag));
    expect(metadata.values).toEqual(values);
    if (expected === 'same') expect(changed).toBe(metadata);
    else expect(changed.values).toEqual(expected);
  });
});
