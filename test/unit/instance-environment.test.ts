import { describe, expect, it } from 'vitest';
import type { Interop } from '../../src/names/interop';
import { environmentOf, registrationMetadata } from '../../src/routing/instance-environment';

describe('the environment of an instance', () => {
  it.each([
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['other metadata', { version: '1', side: 'provider' }, undefined],
    ['our key', { gray_tag: 'gray' }, 'gray'],
    ['our key, the baseline outright', { gray_tag: 'base' }, undefined],
    ['our key before the names of others', { gray_tag: 'gray', 'opensergo.io/canary-blue': 'blue' }, 'gray'],
    ['OpenSergo', { 'opensergo.io/canary-gray': 'gray' }, 'gray'],
    ['OpenSergo, the baseline', { 'opensergo.io/canary': '' }, undefined],
    [
      'MSE, older',
      { '__micro.service.env__': '[{"desc":"k8s-pod-label","priority":100,"tag":"gray","type":"tag"}]' },
      'gray',
    ],
    ['MSE, older: a name', { '__micro.service.env__': '[{"name":"gray"}]' }, 'gray'],
    ['MSE, older: the bare tag', { '__micro.service.env__': 'gray' }, 'gray'],
    ['MSE, older: no tag in it', { '__micro.service.env__': '[{"type":"zone"}, null, 3]' }, undefined],
    ['MSE, older: broken', { '__micro.service.env__': '[{' }, undefined],
    ['text that is no tag', { gray_tag: "gray' OR 1=1", 'opensergo.io/canary-x': 'a b' }, undefined],
    ['no text', { gray_tag: 7 }, undefined],
  ])('%s', (_name, metadata, environment) => {
    expect(environmentOf(metadata as Record<string, unknown>, 'gray_tag')).toBe(environment);
  });

  it.each<[string, Interop, Record<string, string>, string | undefined]>([
    [
      'nothing of others without a preset',
      [],
      { 'dubbo.tag': 'gray', 'service.meta.parameters.gray_tag': 'gray' },
      undefined,
    ],
    ['Dubbo', ['dubbo'], { 'dubbo.tag': 'gray' }, 'gray'],
    ['our key before that of Dubbo', ['dubbo'], { 'dubbo.tag': 'blue', gray_tag: 'gray' }, 'gray'],
    ['Sermant', ['sermant'], { 'service.meta.parameters.gray_tag': 'gray' }, 'gray'],
  ])('beside %s', (_name, interop, metadata, environment) => {
    expect(environmentOf(metadata, 'gray_tag', interop)).toBe(environment);
  });

  it('is read under the key that is set', () => {
    expect(environmentOf({ x_lane: 'gray', gray_tag: 'blue' }, 'x_lane')).toBe('gray');
  });
});

describe('what a process registers', () => {
  const gray = { key: 'gray_tag', tag: 'gray', interop: [] } as const;

  it('is a copy with its tag', () => {
    const own = { version: '1', gray_tag: 'old' };
    expect(registrationMetadata(own, gray)).toEqual({ version: '1', gray_tag: 'gray' });
    expect(own).toEqual({ version: '1', gray_tag: 'old' });
  });

  it('is its tag alone where the application has no metadata', () => {
    expect(registrationMetadata(undefined, gray)).toEqual({ gray_tag: 'gray' });
  });

  it('names the tag for the Java fleet too when asked', () => {
    expect(registrationMetadata({}, { ...gray, interop: ['mse'] })).toEqual({
      gray_tag: 'gray',
      'opensergo.io/canary-gray': 'gray',
    });
  });

  it('names the tag for Dubbo and Sermant too when asked', () => {
    expect(registrationMetadata({}, { ...gray, interop: ['dubbo', 'sermant'] })).toEqual({
      gray_tag: 'gray',
      'dubbo.tag': 'gray',
      'service.meta.parameters.gray_tag': 'gray',
    });
  });

  it('is the very same object in the baseline', () => {
    const own = { version: '1' };
    expect(registrationMetadata(own, { ...gray, tag: undefined })).toBe(own);
    expect(registrationMetadata(undefined, { ...gray, tag: undefined, interop: ['mse'] })).toBeUndefined();
  });
});
