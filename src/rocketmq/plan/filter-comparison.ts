/** What is known of two filters without asking a broker: whether one selects all that the other does. Pure. */
import { both, type FilterExpression, isSelectedBy, tagsOf } from './filter-expression';

/**
 * Whether `wide` is known to select everything that `narrow` selects. False also where nobody can know: tags against SQL92,
 * or two expressions of SQL92 that are not the very same.
 */
export function selectsAllOf(wide: FilterExpression, narrow: FilterExpression): boolean {
  if (selectsEverything(wide)) return true;
  if (wide.type !== narrow.type) return false;
  if (wide.type === 'SQL92') return wide.expression.trim() === narrow.expression.trim();
  const selected = tagsOf(wide.expression) ?? [];
  const asked = tagsOf(narrow.expression);
  return asked?.every(tag => selected.includes(tag)) ?? false;
}

/** Selects what both filters select. */
export function whatBothSelect(one: FilterExpression, other: FilterExpression): FilterExpression {
  if (selectsAllOf(one, other)) return other;
  if (selectsAllOf(other, one)) return one;
  if (one.type === 'TAG' && other.type === 'TAG') {
    const asked = tagsOf(other.expression) ?? [];
    const tags = (tagsOf(one.expression) ?? []).filter(tag => asked.includes(tag));
    // No tag at all selects nothing, where an empty expression selects everything.
    return { type: 'TAG', expression: tags.join(' || ') || '||' };
  }
  return both(one, isSelectedBy(other) as string);
}

/** The tags that only the second filter asks for, for people; undefined: what it asks for beyond that are not just tags. */
export function tagsBeyond(known: FilterExpression, asked: FilterExpression): string[] | undefined {
  if (known.type !== 'TAG' || asked.type !== 'TAG') return undefined;
  const tags = tagsOf(known.expression);
  return tagsOf(asked.expression)?.filter(tag => tags?.includes(tag) === false);
}

function selectsEverything({ type, expression }: FilterExpression): boolean {
  return type === 'TAG' && tagsOf(expression) === undefined;
}
