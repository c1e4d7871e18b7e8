/** Filter expressions of subscriptions: composing a condition on the tag with what the application asked for. Pure. */

export interface FilterExpression {
  readonly type: 'TAG' | 'SQL92';
  /** TAG: `*`, `A`, `A || B`. SQL92: an expression over message properties. */
  readonly expression: string;
}

/**
 * The expression that selects what `user` selects and `condition` (SQL92) holds for. The user's expression stays one
 * operand. An SQL92 expression that is not well-formed stays so: the broker refuses it as it would without the agent.
 */
export function both(user: FilterExpression, condition: string): FilterExpression {
  const operand = user.type === 'TAG' ? tagsToSql(user.expression) : sqlOperand(user.expression);
  return { type: 'SQL92', expression: operand === undefined ? condition : `${operand} AND ${condition}` };
}

/** Holds for messages of the environment `tag`. */
export function isTagged(key: string, tag: string): string {
  return `${key} = ${literal(tag)}`;
}

/** Holds for messages of no environment or of one that is not in `tags`. */
export function isNoneOf(key: string, tags: readonly string[]): string {
  return `(${key} IS NULL OR ${key} NOT IN (${tags.map(literal).join(', ')}) OR ${IS_RETRY})`;
}

/** Holds for messages of no environment. */
export function isUntagged(key: string): string {
  return `(${key} IS NULL OR ${IS_RETRY})`;
}

/**
 * Holds for the messages of a group's own retry topic. A broker applies the filter of a POP also to them: a group whose
 * filter narrows would never again see what it had taken before and not yet acknowledged (run on 5.5.0, where messages
 * put into a retry topic get this property).
 */
const IS_RETRY = 'ORIGIN_GROUP IS NOT NULL';

/** A TAG expression as SQL92; undefined for one that selects everything. After FilterAPI.buildSubscriptionData, 5.5.0. */
function tagsToSql(expression: string): string | undefined {
  if (expression === '' || expression === '*') return undefined;
  const tags = expression
    .split('||')
    .map(tag => tag.trim())
    .filter(tag => tag !== '');
  // Selects nothing: no message has an empty tag.
  if (tags.length === 0) return '(TAGS IS NULL AND TAGS IS NOT NULL)';
  return `(TAGS IS NOT NULL AND TAGS IN (${tags.map(literal).join(',')}))`;
}

function literal(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}

function sqlOperand(expression: string): string {
  const shape = shapeOf(expression);
  // Parentheses around an unbalanced expression could make it well-formed, with another meaning: `a = 1) OR (b = 2`.
  if (!shape.balanced) return expression;
  // A comment to the end of the line would swallow the closing parenthesis.
  return shape.lineComment ? `(${expression}\n)` : `(${expression})`;
}

/** Reads over string literals and comments as the broker's lexer does (rocketmq-filter, SelectorParser.jj). */
function shapeOf(expression: string): { readonly balanced: boolean; readonly lineComment: boolean } {
  let depth = 0;
  let lineComment = false;
  const token = /'(?:[^']|'')*('|$)|--[^\r\n]*|\/\*[\s\S]*?(\*\/|$)|[()]/g;
  for (const [text, quoteEnd, commentEnd] of expression.matchAll(token)) {
    if (text === '(') depth++;
    else if (text === ')') {
      if (--depth < 0) return { balanced: false, lineComment };
    } else if (text.startsWith('--')) lineComment = true;
    else if (quoteEnd === '' || commentEnd === '') return { balanced: false, lineComment };
  }
  return { balanced: depth === 0, lineComment };
}
