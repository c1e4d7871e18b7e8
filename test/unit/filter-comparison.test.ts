import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectsAllOf, tagsBeyond, whatBothSelect } from '../../src/rocketmq/plan/filter-comparison';
import {
  type FilterExpression,
  isNotSelectedBy,
  isSelectedBy,
  tagsOf,
} from '../../src/rocketmq/plan/filter-expression';

const tags = (expression: string): FilterExpression => ({ type: 'TAG', expression });
const sql = (expression: string): FilterExpression => ({ type: 'SQL92', expression });

/** What a broker selects by tags. */
const selects = ({ expression }: FilterExpression, tag: string | undefined) => {
  const asked = tagsOf(expression);
  return asked === undefined || (tag !== undefined && asked.includes(tag));
};

describe('comparing two filters', () => {
  it.each([
    [tags('*'), tags('A || B'), true],
    [tags(''), sql('a = 1'), true],
    [tags('A || B'), tags('B'), true],
    [tags('A||B'), tags('B || A'), true],
    [tags('A || B'), tags('A || B || C'), false],
    [tags('A'), tags('*'), false],
    [tags('A'), sql("TAGS = 'A'"), false],
    [sql('a = 1'), tags('A'), false],
    [sql('a = 1'), sql(' a = 1 '), true],
    [sql('a = 1'), sql('a = 1 AND b = 2'), false],
    [tags('||'), tags('||'), true],
  ])('%o selects all of %o: %s', (wide, narrow, expected) => {
    expect(selectsAllOf(wide, narrow)).toBe(expected);
  });

  it.each([
    [tags('*'), tags('A'), tags('A')],
    [tags('A || B'), tags('B || C'), tags('B')],
    [tags('A'), tags('B'), tags('||')],
    [tags('A'), sql('a = 1'), sql("(TAGS IS NOT NULL AND TAGS IN ('A')) AND ((a = 1) OR ORIGIN_GROUP IS NOT NULL)")],
    [sql('a = 1'), sql('a = 1'), sql('a = 1')],
  ])('both %o and %o select %o', (one, other, expected) => {
    expect(whatBothSelect(one, other)).toEqual(expected);
  });

  it('agrees with what brokers select by tags', () => {
    const filter = fc.oneof(
      fc.constant(tags('*')),
      fc.array(fc.constantFrom('A', 'B', 'C', 'D')).map(list => tags(list.join(' || ') || '||')),
    );
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const every = [undefined, 'A', 'B', 'C', 'D', 'E'];
        const both = whatBothSelect(one, other);
        for (const tag of every) expect(selects(both, tag)).toBe(selects(one, tag) && selects(other, tag));
        const isAll = every.every(tag => selects(one, tag) || !selects(other, tag));
        expect(selectsAllOf(one, other)).toBe(isAll);
      }),
    );
  });

  it('says which tags are more', () => {
    expect(tagsBeyond(tags('A || B'), tags('A || C'))).toEqual(['C']);
    expect(tagsBeyond(tags('*'), tags('A'))).toEqual([]);
    expect(tagsBeyond(tags('A'), tags('*'))).toBeUndefined();
    expect(tagsBeyond(sql('a = 1'), tags('A'))).toBeUndefined();
  });
});

describe('conditions on what a filter selects', () => {
  it('hold for it or for the rest, and in both for retries', () => {
    expect(isSelectedBy(tags('*'))).toBeUndefined();
    expect(isSelectedBy(sql('a > 1'))).toBe('((a > 1) OR ORIGIN_GROUP IS NOT NULL)');
    expect(isNotSelectedBy(sql('a > 1'))).toBe('((a > 1) IS NULL OR NOT (a > 1) OR ORIGIN_GROUP IS NOT NULL)');
    expect(isNotSelectedBy(tags('A'))).toBe(
      "((TAGS IS NOT NULL AND TAGS IN ('A')) IS NULL OR NOT (TAGS IS NOT NULL AND TAGS IN ('A')) OR ORIGIN_GROUP IS NOT NULL)",
    );
  });
});
