import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { both, isNoneOf, isTagged, isUntagged } from '../../src/rocketmq/plan/filter-expression';
import { impliedTag } from '../../src/rocketmq/plan/implied-tag';

const KEY = 'gray_tag';
const sql = (expression: string) => ({ type: 'SQL92' as const, expression });

describe('the environment whose messages alone a filter selects', () => {
  it.each<[string, string | undefined]>([
    ["gray_tag = 'gray'", 'gray'],
    ["gray_tag='gray'", 'gray'],
    ["(gray_tag in ('gray'))", 'gray'],
    ["gray_tag IN ('gray') AND a = 1", 'gray'],
    ["(a = 1 OR b = 'x') AND (gray_tag = 'gray')", 'gray'],
    ["((a BETWEEN 1 AND 5) and gray_tag = 'gray')", 'gray'],
    ["a = ')' AND gray_tag = 'gray' -- (", 'gray'],
    ["gray_tag = 'gray' OR baggage = 'gray_tag=gray' OR baggage CONTAINS ',gray_tag=gray,'", 'gray'],
    ["baggage STARTSWITH 'gray_tag=gray,' OR baggage ENDSWITH ', gray_tag=gray'", 'gray'],
    ["gray_tag = 'gray') OR (a = 1", 'gray'],
    ["gray_tag = 'gray' OR a = 1", undefined],
    ["gray_tag = 'gray' OR gray_tag = 'blue'", undefined],
    ["gray_tag in ('gray', 'blue')", undefined],
    ["gray_tag not in ('gray')", undefined],
    ["gray_tag <> 'gray'", undefined],
    ["NOT (gray_tag = 'gray')", undefined],
    ["NOT gray_tag = 'gray'", undefined],
    ["(gray_tag not in ('gray')) or (gray_tag is null)", undefined],
    ["gray_tag BETWEEN 'gray' AND 'gray'", undefined],
    ['gray_tag = 1', undefined],
    ["x_gray_tag = 'gray'", undefined],
    ["a = 'gray_tag = gray'", undefined],
    ["baggage CONTAINS 'gray_tag=gray,blue'", undefined],
    ["(gray_tag = 'gray'", undefined],
    ['', undefined],
  ])('%s: %s', (expression, tag) => {
    expect(impliedTag(sql(expression), KEY)).toBe(tag);
  });

  it('is not shown by tags', () => {
    expect(impliedTag({ type: 'TAG', expression: 'gray' }, KEY)).toBeUndefined();
  });

  it.each([true, false])('is shown by our own conditions, whatever else is asked for (baggage: %s)', hasBaggage => {
    const carried = { key: KEY, hasBaggage };
    const user = fc.constantFrom('*', 'A || B', "O'Brien");
    const tag = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/);
    fc.assert(
      fc.property(user, tag, (expression, tag) => {
        const filter = (condition: string) => both({ type: 'TAG', expression }, condition);
        expect(impliedTag(filter(isTagged(carried, tag)), KEY)).toBe(tag);
        expect(impliedTag(filter(isNoneOf(carried, [tag])), KEY)).toBeUndefined();
        expect(impliedTag(filter(isUntagged(carried)), KEY)).toBeUndefined();
      }),
    );
  });
});
