import { describe, expect, it } from 'vitest';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan, type EnvironmentSettings } from '../../src/rocketmq/plan/consumer-plan';
import type { FilterExpression } from '../../src/rocketmq/plan/filter-expression';

const defaults: EnvironmentSettings = {
  tag: undefined,
  key: 'gray_tag',
  mqBaseline: 'all',
  mqIgnoreTags: [],
  interop: [],
};
const intakeOf = (settings: Partial<EnvironmentSettings>) =>
  createIntake(consumerPlan('group1', { ...defaults, ...settings }));
const all: FilterExpression = { type: 'TAG', expression: '*' };

describe('what a consumer takes', () => {
  it.each([
    ['baseline, all', {}, 'group1', '*'],
    ['baseline, none', { mqBaseline: 'none' }, 'group1', '(gray_tag IS NULL OR ORIGIN_GROUP IS NOT NULL)'],
    [
      'baseline, ignoring tags',
      { mqIgnoreTags: ['blue', 'red'] },
      'group1',
      "(gray_tag IS NULL OR gray_tag NOT IN ('blue', 'red') OR ORIGIN_GROUP IS NOT NULL)",
    ],
    [
      'baseline, none, ignoring tags',
      { mqBaseline: 'none', mqIgnoreTags: ['blue'] },
      'group1',
      '(gray_tag IS NULL OR ORIGIN_GROUP IS NOT NULL)',
    ],
    ['canary', { tag: 'gray' }, 'group1_gray', "gray_tag = 'gray'"],
    [
      'canary, whatever is said of the baseline',
      { tag: 'gray', mqBaseline: 'none' },
      'group1_gray',
      "gray_tag = 'gray'",
    ],
    ['canary, another key', { tag: 'gray', key: 'x_lane_canary' }, 'group1_gray', "x_lane_canary = 'gray'"],
  ] as const)('%s', (_name, settings, group, expression) => {
    const { group: planned, filter } = intakeOf(settings);
    expect([planned, filter(all, 'TEST_MQ').expression]).toEqual([group, expression]);
  });

  it('renames a group whatever its name is', () => {
    expect(consumerPlan('orders_gray', { ...defaults, tag: 'gray' }).group).toBe('orders_gray_gray');
  });

  it.each([
    ['A || B', 'TAG', "(TAGS IS NOT NULL AND TAGS IN ('A','B')) AND gray_tag = 'gray'"],
    ["O'Brien", 'TAG', "(TAGS IS NOT NULL AND TAGS IN ('O''Brien')) AND gray_tag = 'gray'"],
    ['a = 1 OR b = 2', 'SQL92', "(a = 1 OR b = 2) AND gray_tag = 'gray'"],
    ['a = 1 -- c', 'SQL92', "(a = 1 -- c\n) AND gray_tag = 'gray'"],
    ['a = 1) OR (b = 2', 'SQL92', "(a = 1) AND gray_tag = 'gray'"],
    ["a = ')'", 'SQL92', "(a = ')') AND gray_tag = 'gray'"],
  ] as const)('keeps %s as one operand', (expression, type, composed) => {
    expect(intakeOf({ tag: 'gray' }).filter({ type, expression }, 'TEST_MQ')).toEqual({
      type: 'SQL92',
      expression: composed,
    });
  });

  it('leaves the filter as it was written when the client filters, also from then on', () => {
    const canary = intakeOf({ tag: 'gray' });
    expect(canary.side).toBe('broker');
    canary.filterInClient();
    expect(canary.side).toBe('client');
    expect(canary.filter(all, 'TEST_MQ')).toBe(all);
  });

  it.each([
    ['baseline, all', {}, [undefined, 'gray', 'blue'], []],
    ['baseline, none', { mqBaseline: 'none' }, [undefined], ['gray', 'blue']],
    ['baseline, ignoring tags', { mqIgnoreTags: ['blue'] }, [undefined, 'gray'], ['blue']],
    ['canary', { tag: 'gray' }, ['gray'], [undefined, 'blue']],
  ] as const)('%s: takes these messages and no others', (_name, settings, taken, skipped) => {
    const { takes } = intakeOf(settings);
    for (const tag of taken) expect([tag, takes({ topic: 'TEST_MQ', tag, isRetry: false })]).toEqual([tag, true]);
    for (const tag of skipped) expect([tag, takes({ topic: 'TEST_MQ', tag, isRetry: false })]).toEqual([tag, false]);
  });

  it('takes its own retries of other environments in the baseline, where they were taken before, and never in a canary', () => {
    expect(intakeOf({ mqBaseline: 'none' }).takes({ topic: 'TEST_MQ', tag: 'gray', isRetry: true })).toBe(true);
    expect(intakeOf({ mqIgnoreTags: ['gray'] }).takes({ topic: 'TEST_MQ', tag: 'gray', isRetry: true })).toBe(true);
    expect(intakeOf({ tag: 'gray' }).takes({ topic: 'TEST_MQ', tag: undefined, isRetry: true })).toBe(false);
  });
});

describe('what a consumer of the baseline takes in auto mode', () => {
  const topic = 'TEST_MQ';
  const auto = (more: Partial<EnvironmentSettings> = {}) => intakeOf({ mqBaseline: 'auto', ...more });

  it('leaves the filter as it was written until a tag is left out, for that topic, and once it is not any more', () => {
    const baseline = auto();
    expect(baseline.filter(all, topic)).toBe(all);
    baseline.excludeTags(topic, ['gray', 'blue']);
    expect(baseline.filter(all, topic).expression).toBe(
      "(gray_tag IS NULL OR gray_tag NOT IN ('blue', 'gray') OR ORIGIN_GROUP IS NOT NULL)",
    );
    expect(baseline.filter(all, 'OTHER')).toBe(all);
    baseline.excludeTags(topic, []);
    expect(baseline.filter(all, topic)).toBe(all);
  });

  it('makes a filter once for each change, since clients ask with each poll', () => {
    const baseline = auto();
    baseline.excludeTags(topic, ['gray']);
    const first = baseline.filter(all, topic);
    expect(baseline.filter(all, topic)).toBe(first);
    const other = baseline.filter({ type: 'TAG', expression: 'A' }, topic);
    expect(other.expression).toContain('TAGS IN');
    baseline.excludeTags(topic, ['gray', 'blue']);
    expect(baseline.filter(all, topic).expression).toContain("'blue', 'gray'");
    baseline.ignoreTags(['red']);
    expect(baseline.filter(all, topic).expression).toContain("'blue', 'gray', 'red'");
  });

  it('leaves out ignored tags besides', () => {
    const baseline = auto({ mqIgnoreTags: ['red'] });
    baseline.excludeTags(topic, ['gray']);
    expect(baseline.filter(all, topic).expression).toContain("NOT IN ('gray', 'red')");
    expect(baseline.takes({ topic, tag: 'red', isRetry: false, isRedelivered: true, revision: 0 })).toBe(false);
  });

  it.each([
    ['untagged', { tag: undefined }, true],
    ['of another tag', { tag: 'blue' }, true],
    ['of a tag that is left out', { tag: 'gray' }, false],
    ['of another topic', { tag: 'gray', topic: 'OTHER' }, true],
    ['that the group took before', { tag: 'gray', isRetry: true }, true],
    ['that the group may have taken before', { tag: 'gray', isRedelivered: true }, true],
    ['polled since then', { tag: 'gray', revision: 1 }, false],
    ['of a poll that was on its way, from who knows where', { tag: 'gray', revision: 0 }, true],
    ['of a poll that was on its way, before the canary begins', { tag: 'gray', revision: 0, at: ['b:1', 9] }, true],
    ['of a poll that was on its way, where the canary begins', { tag: 'gray', revision: 0, at: ['b:1', 10] }, false],
    ['of a poll that was on its way, of an unknown queue', { tag: 'gray', revision: 0, at: ['b:2', 10] }, true],
  ] as const)('takes a message %s: %o', (_name, { at, ...message }: MessageRow, taken) => {
    const baseline = auto();
    expect(baseline.revision).toBe(0);
    baseline.canaryBegins(topic, 'gray', new Map([['b:1', 10]]));
    baseline.excludeTags(topic, ['gray']);
    expect(baseline.revision).toBe(1);
    const position = at && { queue: at[0], offset: at[1] };
    expect(baseline.takes({ topic, isRetry: false, ...message, position })).toBe(taken);
  });

  it('counts from when a tag was left out, not from a change since', () => {
    const baseline = auto();
    baseline.excludeTags(topic, ['gray']);
    baseline.excludeTags(topic, ['blue', 'gray']);
    expect(baseline.takes({ topic, tag: 'gray', isRetry: false, revision: 1 })).toBe(false);
    expect(baseline.takes({ topic, tag: 'blue', isRetry: false, revision: 1 })).toBe(true);
  });

  it('has stand-ins with the intake of a canary, that filter where it does', () => {
    const baseline = auto();
    expect(baseline.standIn('gray', false)).toMatchObject({
      group: 'group1_gray',
      baselineGroup: 'group1',
      tag: 'gray',
      side: 'broker',
    });
    baseline.filterInClient();
    expect(baseline.standIn('gray', false).side).toBe('client');
  });

  it('has stand-ins only in the baseline', () => {
    expect(() => intakeOf({ tag: 'gray' }).standIn('blue', false)).toThrow('a canary has no stand-ins');
  });

  it('tells who wants to know of the tags it sees', () => {
    const baseline = auto();
    baseline.tagSeen('nobody listens');
    const seen: string[] = [];
    baseline.onTagSeen(tag => seen.push(tag));
    baseline.tagSeen('gray');
    expect(seen).toEqual(['gray']);
  });
});

interface MessageRow {
  readonly tag: string | undefined;
  readonly topic?: string;
  readonly isRetry?: boolean;
  readonly isRedelivered?: boolean;
  readonly revision?: number;
  readonly at?: readonly [string, number];
}
