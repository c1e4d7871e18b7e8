/** Filter expressions of subscriptions: composing a condition on the tag with what the application asked for. Pure. */
import { BAGGAGE_PROPERTY, formsOfAnyTag, formsOfTag, type TextForms } from '../../propagation/message-baggage';

export interface FilterExpression {
  readonly type: 'TAG' | 'SQL92';
  /** TAG: `*`, `A`, `A || B`. SQL92: an expression over message properties. */
  readonly expression: string;
}

/**
 * The expression that selects what `user` selects and `condition` (SQL92) holds for. The user's expression stays one
 * operand. What the broker refuses, it refuses composed as well.
 */
export function both(user: FilterExpression, condition: string): FilterExpression {
  const operand = operandOf(user);
  return { type: 'SQL92', expression: operand === undefined ? condition : `${operand} AND ${condition}` };
}

/** Holds for what `filter` selects, and for a group's own retries; undefined for a filter that selects everything. */
export function isSelectedBy(filter: FilterExpression): string | undefined {
  const operand = operandOf(filter);
  return operand === undefined ? undefined : `(${operand} OR ${IS_RETRY})`;
}

/**
 * Holds for what `filter` does not select, and for a group's own retries. A condition on a property that a message does not
 * have is neither true nor false to a broker, and selects nothing: so is its negation.
 */
export function isNotSelectedBy(filter: FilterExpression): string {
  const operand = operandOf(filter);
  return operand === undefined ? IS_RETRY : `(${operand} IS NULL OR NOT ${operand} OR ${IS_RETRY})`;
}

/** Where messages carry a tag. */
export interface TagProperties {
  /** The property whose value is the tag. */
  readonly key: string;
  /** Where they have no such property, the one with W3C baggage counts. Brokers before 5.0 cannot filter by it. */
  readonly hasBaggage: boolean;
}

/** Holds for messages of the environment `tag`. */
export function isTagged({ key, hasBaggage }: TagProperties, tag: string): string {
  const isOwn = `${key} = ${literal(tag)}`;
  return hasBaggage ? `(${isOwn} OR (${key} IS NULL AND (${hasOneOf(formsOfTag(key, tag))})))` : isOwn;
}

/** Holds for messages of no environment or of one that is not in `tags`. */
export function isNoneOf({ key, hasBaggage }: TagProperties, tags: readonly string[]): string {
  const forms = tags.map(tag => hasOneOf(formsOfTag(key, tag)));
  const isUntagged = hasBaggage ? hasNoneOf(key, forms) : `${key} IS NULL`;
  return `(${isUntagged} OR ${key} NOT IN (${tags.map(literal).join(', ')}) OR ${IS_RETRY})`;
}

/** Holds for messages of no environment, and for a group's own retries. */
export function isUntagged(carried: TagProperties): string {
  return `(${isWithoutTag(carried)} OR ${IS_RETRY})`;
}

/** Holds for messages of no environment. */
export function isWithoutTag({ key, hasBaggage }: TagProperties): string {
  return hasBaggage ? hasNoneOf(key, [hasOneOf(formsOfAnyTag(key))]) : `${key} IS NULL`;
}

/** Holds for baggage in one of these forms, with operators that brokers know since 5.0. */
function hasOneOf({ whole, beginnings, parts, ends }: TextForms): string {
  const condition = (operator: string) => (text: string) => `${BAGGAGE_PROPERTY} ${operator} ${literal(text)}`;
  return [
    ...whole.map(condition('=')),
    ...beginnings.map(condition('STARTSWITH')),
    ...parts.map(condition('CONTAINS')),
    ...ends.map(condition('ENDSWITH')),
  ].join(' OR ');
}

/** Holds for what has neither the property nor such baggage. What a message does not have is neither true nor false. */
function hasNoneOf(key: string, forms: readonly string[]): string {
  return `(${key} IS NULL AND (${BAGGAGE_PROPERTY} IS NULL OR NOT (${forms.join(' OR ')})))`;
}

/**
 * Holds for the messages of a group's own retry topic. A broker applies the filter of a POP also to them: a group whose
 * filter narrows would never again see what it had taken before and not yet acknowledged (run on 5.5.0, where messages
 * put into a retry topic get this property).
 */
const IS_RETRY = 'ORIGIN_GROUP IS NOT NULL';

/** A filter as one operand of SQL92; undefined for one that selects everything. */
function operandOf({ type, expression }: FilterExpression): string | undefined {
  return type === 'TAG' ? tagsToSql(expression) : sqlOperand(expression);
}

/** A TAG expression as SQL92; undefined for one that selects everything. */
function tagsToSql(expression: string): string | undefined {
  const tags = tagsOf(expression);
  if (tags === undefined) return undefined;
  // Selects nothing: no message has an empty tag.
  if (tags.length === 0) return '(TAGS IS NULL AND TAGS IS NOT NULL)';
  return `(TAGS IS NOT NULL AND TAGS IN (${tags.map(literal).join(',')}))`;
}

/** The tags of a TAG expression; undefined for one that selects everything. After FilterAPI.buildSubscriptionData, 5.5.0. */
export function tagsOf(expression: string): string[] | undefined {
  if (expression === '' || expression === '*') return undefined;
  return expression
    .split('||')
    .map(tag => tag.trim())
    .filter(tag => tag !== '');
}

function literal(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}

/**
 * An SQL92 expression as one operand. The broker's parser stops, without an error, at a closing parenthesis that nothing
 * opened: what follows has no meaning to it (`a = 1) OR (b = 2` selects `a = 1`; run on 5.5.0), and would get one inside
 * of ours.
 */
function sqlOperand(expression: string): string {
  const { end, hasLineComment } = shapeOf(expression);
  // A comment to the end of the line would swallow the closing parenthesis.
  return `(${expression.slice(0, end)}${hasLineComment ? '\n' : ''})`;
}

/**
 * Where the expression ends for the broker, reading over string literals and comments as its lexer does
 * (rocketmq-filter, SelectorParser.jj).
 */
function shapeOf(expression: string): { readonly end: number; readonly hasLineComment: boolean } {
  let depth = 0;
  let hasLineComment = false;
  for (const token of expression.matchAll(/'(?:[^']|'')*'|--[^\r\n]*|\/\*[\s\S]*?\*\/|[()]/g)) {
    const [text] = token;
    if (text === '(') depth++;
    else if (text === ')' && --depth < 0) return { end: token.index, hasLineComment };
    else if (text.startsWith('--')) hasLineComment = true;
  }
  return { end: expression.length, hasLineComment };
}
