/** The scope that a request is handled in, with nobody behind it: when there is one, and what follows it. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Scope, TagContext } from '../../src/context/active-tag';
import { followEvents, keepInScope } from '../../src/context/emitter-scope';
import type { EdgeRules } from '../../src/propagation/edge-rules';
import type { HeaderPropagation } from '../../src/propagation/http-headers';
import { createRequestScope } from '../../src/propagation/inbound-request';

vi.mock('../../src/context/emitter-scope', () => ({ followEvents: vi.fn(), keepInScope: vi.fn() }));
beforeEach(() => vi.clearAllMocks());

const PRESENT: Scope = { tag: 'present' };

/** @param wasUsed whether a flow was tagged before; `current` what is handled at present */
function inbound({
  wasUsed = false,
  current,
  tagFor,
}: {
  wasUsed?: boolean;
  current?: string;
  tagFor?: EdgeRules['tagFor'];
} = {}) {
  const report = vi.fn();
  const context = {
    wasUsed: () => wasUsed,
    isCurrent: (tag: string | undefined) => tag === current,
    newScope: (tag: string | undefined) => ({ tag }),
    scope: () => PRESENT,
  } as TagContext;
  const extract = vi.fn(([, tag]: readonly string[]) => {
    if (tag === 'bad') throw new Error('broken');
    return tag;
  });
  const headers = { extract } as unknown as HeaderPropagation;
  const classes = [{}, {}];
  return {
    scope: createRequestScope({ context, edge: { tagFor }, guard: { report }, headers }, classes),
    context,
    classes,
    report,
  };
}
const emitter = {};

it('a tagged request has one of its own, and its events follow it', () => {
  const { scope, context, classes } = inbound();
  const another = {};
  expect(scope(['baggage', 'gray'], emitter, another)).toEqual({ tag: 'gray' });
  expect(vi.mocked(followEvents).mock.calls).toEqual(classes.map(prototype => [context, prototype]));
  expect(vi.mocked(keepInScope).mock.calls).toEqual([
    [context, { tag: 'gray' }, emitter],
    [context, { tag: 'gray' }, another],
  ]);
  expect(vi.mocked(keepInScope).mock.calls[0]?.[2]).toBe(emitter);
});

it('classes are followed once, from the first tag on', () => {
  const { scope } = inbound();
  expect(scope([], emitter)).toBe(undefined);
  expect(followEvents).not.toHaveBeenCalled();
  expect(keepInScope).not.toHaveBeenCalled();
  for (let i = 0; i < 2; i++) scope(['baggage', 'gray'], emitter);
  expect(followEvents).toHaveBeenCalledTimes(2);
  expect(keepInScope).toHaveBeenCalledTimes(2);
});

it('an untagged request is kept from a tag that is about', () => {
  const { scope, context } = inbound({ wasUsed: true, current: 'gray' });
  expect(scope([], emitter)).toEqual({ tag: undefined });
  expect(keepInScope).toHaveBeenCalledWith(context, { tag: undefined }, emitter);
});

it('an untagged request among untagged ones stays in the present scope', () => {
  const { scope, context } = inbound({ wasUsed: true });
  expect(scope(undefined, emitter)).toBe(undefined);
  expect(vi.mocked(keepInScope).mock.calls).toEqual([[context, PRESENT, emitter]]);
});

it('a tagged request has one of its own also where that tag is handled already', () => {
  expect(inbound({ wasUsed: true, current: 'gray' }).scope(['baggage', 'gray'], emitter)).toEqual({ tag: 'gray' });
});

it('what goes wrong is told, and the request is handled', () => {
  const { scope, report } = inbound();
  expect(scope(['baggage', 'bad'], emitter)).toBe(undefined);
  expect(report.mock.lastCall).toEqual(['reading the tag of an HTTP request', new Error('broken')]);
  const error = new Error('no emitter');
  vi.mocked(keepInScope).mockImplementationOnce(() => {
    throw error;
  });
  expect(scope(['baggage', 'gray'], emitter)).toEqual({ tag: 'gray' });
  expect(report.mock.lastCall).toEqual(['following the events of an HTTP request', error]);
});

describe('rules', () => {
  it('are asked about a request without a tag, and what they say is its tag', () => {
    const tagFor = vi.fn(() => 'ruled');
    const { scope } = inbound({ tagFor });
    const request = { method: 'GET', url: '/' };
    expect(scope([], request)).toEqual({ tag: 'ruled' });
    expect(tagFor.mock.calls).toEqual([[request, []]]);
    expect(scope(['baggage', 'gray'], request)).toEqual({ tag: 'gray' });
    expect(scope(undefined, request)).toBe(undefined);
    expect(tagFor).toHaveBeenCalledTimes(1);
  });

  it('that fail leave the request as it is', () => {
    const { scope, report } = inbound({ tagFor: () => expect.fail('broken') });
    expect(scope([], emitter)).toBe(undefined);
    expect(report).toHaveBeenCalledTimes(1);
  });
});
