/** What a filter means for the messages of a tag. Pure. */
import { type FilterExpression, isUntagged, tagsOf } from '../../rocketmq/plan/filter-expression';
import { impliedTag } from '../../rocketmq/plan/implied-tag';
import { selectsMessage } from '../cluster/sql92';

/**
 * Whether a filter selects messages of the tag, whatever else is in them; undefined: not known.
 *
 * @param key name of the property
 */
export function takesTag(filter: FilterExpression, key: string, tag: string): boolean | undefined {
  // A TAG expression asks for the TAG of a message alone.
  if (filter.type === 'TAG') return tagsOf(filter.expression)?.length !== 0;
  const { expression } = filter;
  if (isOwnCondition(expression, key, tag)) return false;
  if (!expression.includes(key)) return true;
  const taken = selectsSome(expression, { [key]: tag });
  // It may ask for other properties too: that it selects none of these says nothing then.
  if (taken === false && selectsSome(expression, {}) !== true) return undefined;
  return taken;
}

/** Whether a filter selects messages of the tag alone, as a canary's does, whatever agent made it. */
export function takesOnlyTag(filter: FilterExpression, key: string, tag: string): boolean {
  return impliedTag(filter, key) === tag;
}

/** As the agent writes it: see `isNoneOf` and `isUntagged`. */
function isOwnCondition(expression: string, key: string, tag: string): boolean {
  const untagged = [false, true].map(hasBaggage => isUntagged({ key, hasBaggage }));
  if (untagged.some(condition => expression.endsWith(condition))) return true;
  const start = expression.lastIndexOf(` OR ${key} NOT IN (`);
  const [, list] = /^ OR \S+ NOT IN \(([^)]*)\) OR ORIGIN_GROUP IS NOT NULL\)$/.exec(expression.slice(start)) ?? [];
  return start >= 0 && list !== undefined && list.split(', ').includes(`'${tag}'`);
}

/** With any of the TAGs that the expression names, or none. */
function selectsSome(expression: string, properties: Readonly<Record<string, string>>): boolean | undefined {
  const tags = [...expression.matchAll(/'([^']*)'/g)].map(([, text = '']) => text);
  const answers = [undefined, ...tags].map(TAGS =>
    selectsMessage(expression, TAGS === undefined ? properties : { ...properties, TAGS }),
  );
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}
