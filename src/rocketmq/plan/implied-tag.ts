/**
 * Which environment's messages alone an SQL92 expression selects: by it a consumer is known for a canary's, whatever agent it
 * has, or none. Pure.
 *
 * Agents and people write the condition as `key = 'gray'` or `key in ('gray')`, alone, or joined to others by AND; ours has
 * baggage beside it, by OR. An expression that also selects other messages says nothing.
 */
import { BAGGAGE_PROPERTY } from '../../propagation/message-baggage';
import type { FilterExpression } from './filter-expression';

type Token = string;

/**
 * The tag that each message has which `filter` selects, as far as its form shows; undefined: it shows none.
 *
 * @param key the property whose value is the tag
 */
export function impliedTag({ type, expression }: FilterExpression, key: string): string | undefined {
  if (type !== 'SQL92') return undefined;
  const tokens = tokensOf(expression);
  return tokens && impliedBy(tokens, key);
}

/** Comments are left out. Undefined: something is not closed. */
function tokensOf(expression: string): Token[] | undefined {
  const tokens: Token[] = [];
  let depth = 0;
  for (const [text] of expression.matchAll(
    /'(?:[^']|'')*'|--[^\r\n]*|\/\*[\s\S]*?\*\/|[()]|[A-Za-z_$][\w$]*|[^\s\w'()]+|\S/g,
  )) {
    if (text.startsWith('--') || text.startsWith('/*')) continue;
    if (text === '(') depth++;
    // What follows has no meaning to a broker.
    else if (text === ')' && --depth < 0) break;
    tokens.push(text);
  }
  return depth > 0 ? undefined : tokens;
}

function impliedBy(tokens: readonly Token[], key: string): string | undefined {
  const alternatives = split(tokens, 'OR');
  if (alternatives.length > 1) {
    const tags = new Set(alternatives.map(alternative => impliedBy(alternative, key)));
    return tags.size === 1 ? [...tags][0] : undefined;
  }
  const conditions = split(tokens, 'AND');
  if (conditions.length > 1) return conditions.map(one => impliedBy(one, key)).find(tag => tag !== undefined);
  if (tokens[0] === '(' && closes(tokens)) return impliedBy(tokens.slice(1, -1), key);
  return impliedByOne(tokens, key);
}

/** The parts between a word that is in no parentheses. */
function split(tokens: readonly Token[], word: string): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    if (depth === 0 && token.toUpperCase() === word) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** Whether the first parenthesis is closed by the last one. */
function closes(tokens: readonly Token[]): boolean {
  let depth = 0;
  return tokens.every((token, at) => {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    return depth > 0 || at === tokens.length - 1;
  });
}

function impliedByOne(tokens: readonly Token[], key: string): string | undefined {
  const [property, operator = '', ...values] = tokens;
  const [value = ''] = values;
  if (property === BAGGAGE_PROPERTY && values.length === 1) return tagInForm(textOf(value), key);
  if (property !== key) return undefined;
  if (operator === '=' && values.length === 1) return textOf(value);
  const [open, only = '', close] = values;
  const isOneOfOne = operator.toUpperCase() === 'IN' && open === '(' && close === ')' && values.length === 3;
  return isOneOfOne ? textOf(only) : undefined;
}

/** `gray` of a text such as `,key=gray,` that baggage begins or ends with, contains or is. */
function tagInForm(text: string | undefined, key: string): string | undefined {
  return new RegExp(`^(?:, ?)?${key}=([^,;=]+)[,;]?$`).exec(text ?? '')?.[1];
}

/** The text of a literal. */
function textOf(token: Token): string | undefined {
  return token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") : undefined;
}
