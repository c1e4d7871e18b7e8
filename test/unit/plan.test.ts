/** What an environment makes of a consumer: its group, its filter, the messages it takes. */
import { describe, expect, it } from 'vitest';
import { isInstanceTag } from '../../src/names/tag';
import {
  type ConsumedMessage,
  consumerPlan,
  copiesPlan,
  type EnvironmentSettings,
  environmentOf,
  filterToCheck,
  isTaken,
  plannedFilter,
  standInPlan,
} from '../../src/rocketmq/plan/consumer-plan';
import { both, type FilterExpression, tagsOf } from '../../src/rocketmq/plan/filter-expression';
import { beginningOf, NOTHING_LEFT_OUT, withBeginning, withTags } from '../../src/rocketmq/plan/left-out';

const AUTO: EnvironmentSettings = {
  tag: undefined,
  key: 'gray_tag',
  mqBaseline: 'auto',
  mqIgnoreTags: [],
  interop: [],
};
const ALL: EnvironmentSettings = { ...AUTO, mqBaseline: 'all' };
const GRAY: EnvironmentSettings = { ...ALL, tag: 'gray' };
const every = { type: 'TAG', expression: '*' } as const;

describe('a plan', () => {
  it.each<[string, EnvironmentSettings, object]>([
    ['canary', GRAY, { group: 'group1_gray', tag: 'gray', isFiltered: true }],
    ['baseline, auto', AUTO, { group: 'group1', tag: undefined, isFiltered: true }],
    ['baseline, none', { ...AUTO, mqBaseline: 'none' }, { group: 'group1', tag: undefined, isFiltered: true }],
    ['baseline, all', ALL, { group: 'group1', tag: undefined, isFiltered: false }],
    ['baseline, all but some', { ...ALL, mqIgnoreTags: ['a'] }, { group: 'group1', tag: undefined, isFiltered: true }],
  ])('of a %s', (_name, settings, expected) => {
    expect(consumerPlan('group1', settings)).toEqual({
      baselineGroup: 'group1',
      part: 'shared',
      needsVersion5: false,
      settings,
      ...expected,
    });
  });

  it('of a stand-in is that of the canary; a canary has none', () => {
    expect(standInPlan(consumerPlan('group1', AUTO), 'gray')).toMatchObject({ group: 'group1_gray', tag: 'gray' });
    expect(() => standInPlan(consumerPlan('group1', GRAY), 'blue')).toThrow('a canary has no stand-ins');
  });
});

describe('a plan of copies', () => {
  const plan = copiesPlan(consumerPlan('group1', { ...GRAY, mqBaseline: 'auto' }));
  const taken = (more: Partial<ConsumedMessage>) =>
    isTaken(plan, { topic: 'T', tag: undefined, isRetry: false, ...more }, NOTHING_LEFT_OUT);

  it('is in a group of the canary, which no tag can be the name of', () => {
    expect(plan).toMatchObject({ group: 'group1_gray__copies', tag: 'gray', part: 'copies', isFiltered: true });
    expect(isInstanceTag('gray__copies')).toBe(false);
    expect(() => copiesPlan(consumerPlan('group1', AUTO))).toThrow('the baseline has no copies');
  });

  it.each<[string, FilterExpression, string]>([
    ['everything', every, 'gray_tag IS NULL'],
    ['tags', { type: 'TAG', expression: 'A || B' }, "(TAGS IS NOT NULL AND TAGS IN ('A','B')) AND gray_tag IS NULL"],
    ['SQL92', { type: 'SQL92', expression: 'a = 1 OR b = 2' }, '(a = 1 OR b = 2) AND gray_tag IS NULL'],
  ])(
    'asks for untagged messages alone, of those that the application subscribes to: %s',
    (_name, asked, expression) => {
      expect(plannedFilter(plan, asked, 'T', NOTHING_LEFT_OUT)).toEqual({ type: 'SQL92', expression });
    },
  );

  it.each<[string, Partial<ConsumedMessage>, boolean]>([
    ['an untagged message', {}, true],
    ['a retry of one', { isRetry: true, isRedelivered: true }, true],
    ["one of the canary's own", { tag: 'gray' }, false],
    ['one of another environment', { tag: 'blue' }, false],
    ['one of another environment that comes again', { tag: 'blue', isRetry: true }, false],
  ])('takes %s or not', (_name, message, isIt) => expect(taken(message)).toBe(isIt));

  it('has a copy handled within the environment of the canary, and nothing else', () => {
    expect(environmentOf(plan, undefined)).toBe('gray');
    expect(environmentOf(consumerPlan('group1', GRAY), 'gray')).toBe('gray');
    expect(environmentOf(consumerPlan('group1', AUTO), undefined)).toBeUndefined();
    expect(environmentOf(consumerPlan('group1', AUTO), 'blue')).toBe('blue');
  });
});

describe('a filter', () => {
  const RETRY = 'ORIGIN_GROUP IS NOT NULL';
  const leftOut = withTags(NOTHING_LEFT_OUT, 'orders', ['pr-2', 'gray']);

  it.each<[string, EnvironmentSettings, string]>([
    ['canary', GRAY, "gray_tag = 'gray'"],
    ['baseline, none', { ...AUTO, mqBaseline: 'none' }, `(gray_tag IS NULL OR ${RETRY})`],
    ['baseline, auto', AUTO, `(gray_tag IS NULL OR gray_tag NOT IN ('gray', 'pr-2') OR ${RETRY})`],
    [
      'baseline that ignores some',
      { ...AUTO, mqIgnoreTags: ['b', 'gray'] },
      `(gray_tag IS NULL OR gray_tag NOT IN ('b', 'gray', 'pr-2') OR ${RETRY})`,
    ],
  ])('of a %s', (_name, settings, expression) => {
    const plan = consumerPlan('group1', settings);
    expect(plannedFilter(plan, every, 'orders', leftOut)).toEqual({ type: 'SQL92', expression });
  });

  it('is the very same where nothing is left out', () => {
    expect(plannedFilter(consumerPlan('group1', AUTO), every, 'payments', leftOut)).toBe(every);
  });

  it.each<[string, EnvironmentSettings, string]>([
    ['canary', GRAY, "gray_tag = 'gray'"],
    ['baseline, none', { ...AUTO, mqBaseline: 'none' }, `(gray_tag IS NULL OR ${RETRY})`],
    ['baseline, auto', AUTO, `(gray_tag IS NULL OR gray_tag NOT IN ('a') OR ${RETRY})`],
  ])('to check for a %s', (_name, settings, expression) => {
    expect(filterToCheck(consumerPlan('group1', settings), every)).toEqual({ type: 'SQL92', expression });
  });

  it.each<[string, string[] | undefined, string]>([
    ['*', undefined, 'C'],
    ['', undefined, 'C'],
    ['A', ['A'], "(TAGS IS NOT NULL AND TAGS IN ('A')) AND C"],
    [' A||B ', ['A', 'B'], "(TAGS IS NOT NULL AND TAGS IN ('A','B')) AND C"],
    ['A || ', ['A'], "(TAGS IS NOT NULL AND TAGS IN ('A')) AND C"],
    ["it's", ["it's"], "(TAGS IS NOT NULL AND TAGS IN ('it''s')) AND C"],
    [' || ', [], '(TAGS IS NULL AND TAGS IS NOT NULL) AND C'],
  ])('of the tags %j', (expression, tags, composed) => {
    expect(tagsOf(expression)).toEqual(tags);
    expect(both({ type: 'TAG', expression }, 'C')).toEqual({ type: 'SQL92', expression: composed });
  });

  // How brokers read them: test/integration/rocketmq-filter.test.ts.
  it.each([
    ['a = 1 OR b = 2', '(a = 1 OR b = 2)'],
    ['a = 1) OR (b = 2', '(a = 1)'],
    ['(a = 1) OR ((b = 2)) AND (c)', '((a = 1) OR ((b = 2)) AND (c))'],
    ['(a = 1)) OR (b = 2', '((a = 1))'],
    ["a = ')' OR b = 2", "(a = ')' OR b = 2)"],
    ["a = 'it''s :)' OR b = 2", "(a = 'it''s :)' OR b = 2)"],
    ["a = ')", "(a = ')"],
    ["a = ''')' AND b", "(a = ''')' AND b)"],
    ['a = 1 -- all of it :)', '(a = 1 -- all of it :)\n)'],
    ['a = 1 -- :)\n AND b)', '(a = 1 -- :)\n AND b\n)'],
    ['a = 1 -- :)\r AND b', '(a = 1 -- :)\r AND b\n)'],
    ['a /* one :) and\n ( two */ = 1 /**/ AND b', '(a /* one :) and\n ( two */ = 1 /**/ AND b)'],
    ['a /* * ) */ = 1) b', '(a /* * ) */ = 1)'],
    ['a = 1 /* open )', '(a = 1 /* open )'],
    ['a - -1) b', '(a - -1)'],
  ])('of an expression is one operand: %j', (expression, operand) => {
    expect(both({ type: 'SQL92', expression }, 'C').expression).toBe(`${operand} AND C`);
  });
});

describe('a message is taken', () => {
  const message = (tag: string | undefined, more: Partial<ConsumedMessage> = {}): ConsumedMessage => ({
    topic: 'orders',
    tag,
    isRetry: false,
    ...more,
  });
  /** Since the second revision; the canary's group begins the queue at 10. */
  const leftOut = withBeginning(
    withTags(withTags(NOTHING_LEFT_OUT, 'orders', []), 'orders', ['gray']),
    'orders',
    'gray',
    new Map([['a:0', 10]]),
  );
  const at = (offset: number, queue = 'a:0') => ({ revision: 1, position: { queue, offset } });

  it.each<[string, EnvironmentSettings, ConsumedMessage, boolean]>([
    ['a canary: its own', GRAY, message('gray'), true],
    ["a canary: another's", GRAY, message('blue'), false],
    ['a canary: untagged', GRAY, message(undefined), false],
    ["a canary: another's, a retry", GRAY, message('blue', { isRetry: true }), false],
    ['untagged', AUTO, message(undefined), true],
    ['untagged, mode none', { ...AUTO, mqBaseline: 'none' }, message(undefined), true],
    ['tagged, mode none', { ...AUTO, mqBaseline: 'none' }, message('gray'), false],
    ['a retry, mode none', { ...AUTO, mqBaseline: 'none' }, message('gray', { isRetry: true }), true],
    ['an ignored tag', { ...AUTO, mqIgnoreTags: ['blue'] }, message('blue'), false],
    ['a tag that is not left out', AUTO, message('blue'), true],
    ['a tag that is left out', AUTO, message('gray'), false],
    ['of another topic', AUTO, message('gray', { topic: 'payments' }), true],
    ['that comes again', AUTO, message('gray', { isRedelivered: true }), true],
    ['that does not come again', AUTO, message('gray', { isRedelivered: false }), false],
    ['of an older poll, at no known place', AUTO, message('gray', { revision: 1 }), true],
    ['of an older poll, before the group begins', AUTO, message('gray', at(9)), true],
    ['of an older poll, where the group begins', AUTO, message('gray', at(10)), false],
    ['of an older poll, in a queue nobody knows', AUTO, message('gray', at(10, 'a:1')), true],
    ['of a poll as old as that', AUTO, message('gray', { ...at(9), revision: 2 }), false],
    ['of a newer poll', AUTO, message('gray', { ...at(9), revision: 3 }), false],
  ])('%s: by settings %j', (_name, settings, taken, expected) => {
    expect(isTaken(consumerPlan('group1', settings), taken, leftOut)).toBe(expected);
  });

  it('each canary begins where its own group does, in each topic', () => {
    const beginnings = withBeginning(
      withBeginning(leftOut, 'orders', 'blue', new Map([['a:0', 20]])),
      'payments',
      'gray',
      new Map([['a:0', 30]]),
    );
    const known = (topic: string, tag: string, queue = 'a:0') => beginningOf(beginnings, topic, tag, queue);
    expect([known('orders', 'gray'), known('orders', 'blue'), known('payments', 'gray')]).toEqual([10, 20, 30]);
    expect([known('payments', 'blue'), known('orders', 'gray', 'b:0')]).toEqual([undefined, undefined]);
  });

  it('a tag that is still left out is since it first was', () => {
    const again = withTags(leftOut, 'orders', ['gray', 'blue']);
    const ofPoll = (tag: string) => isTaken(consumerPlan('g', AUTO), message(tag, { ...at(10), revision: 2 }), again);
    expect([again.revision, ofPoll('gray'), ofPoll('blue')]).toEqual([3, false, true]);
  });
});
