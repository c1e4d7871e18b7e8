import { describe, expect, it } from 'vitest';
import { consumerPlan, type EnvironmentSettings } from '../../src/rocketmq/consumer-plan';
import type { FilterExpression } from '../../src/rocketmq/filter-expression';

const defaults: EnvironmentSettings = { tag: undefined, key: 'gray_tag', mqBaseline: 'all', mqIgnoreTags: [] };
const plan = (settings: Partial<EnvironmentSettings>) => consumerPlan('group1', { ...defaults, ...settings });
const all: FilterExpression = { type: 'TAG', expression: '*' };

describe('a consumer plan', () => {
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
    const { group: planned, filter } = plan(settings);
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
    expect(plan({ tag: 'gray' }).filter({ type, expression }, 'TEST_MQ')).toEqual({
      type: 'SQL92',
      expression: composed,
    });
  });

  it('leaves the filter as it was written when the client filters, also from then on', () => {
    const canary = plan({ tag: 'gray' });
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
    const { takes } = plan(settings);
    for (const tag of taken) expect([tag, takes({ topic: 'TEST_MQ', tag, isRetry: false })]).toEqual([tag, true]);
    for (const tag of skipped) expect([tag, takes({ topic: 'TEST_MQ', tag, isRetry: false })]).toEqual([tag, false]);
  });

  it('takes its own retries of other environments in the baseline, where they were taken before, and never in a canary', () => {
    expect(plan({ mqBaseline: 'none' }).takes({ topic: 'TEST_MQ', tag: 'gray', isRetry: true })).toBe(true);
    expect(plan({ mqIgnoreTags: ['gray'] }).takes({ topic: 'TEST_MQ', tag: 'gray', isRetry: true })).toBe(true);
    expect(plan({ tag: 'gray' }).takes({ topic: 'TEST_MQ', tag: undefined, isRetry: true })).toBe(false);
  });
});
