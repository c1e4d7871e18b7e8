/**
 * Whether an SQL92 expression selects a message, as brokers decide it (SelectorParser.jj and the expressions behind it, 4.5 to
 * 5.5): three values, no order of evaluation that could be seen. What a broker may take in another way than it is written here
 * is not decided at all.
 */

/** True, false, or null where a property is missing: a message for which it is null is not selected. */
type Truth = boolean | null;
type Value = string | number | boolean | null;
type Properties = Readonly<Record<string, string>>;

/** Nobody but a broker knows. */
class UndecidedError extends Error {}

/** @returns undefined where it is not known */
export function selectsMessage(expression: string, properties: Properties): boolean | undefined {
  try {
    const parser = new Parser(tokensOf(expression), properties);
    const truth = parser.or();
    parser.end();
    return truth === true;
  } catch (error) {
    if (error instanceof UndecidedError) return undefined;
    throw error;
  }
}

interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'sign';
  /** Of a word in upper case, where it is a keyword. */
  readonly text: string;
}

const KEYWORDS = new Set([
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS',
  'NULL',
  'BETWEEN',
  'CONTAINS',
  'STARTSWITH',
  'ENDSWITH',
  'TRUE',
  'FALSE',
]);
const TOKEN =
  /\s+|--[^\r\n]*|\/\*[\s\S]*?\*\/|(?<string>'(?:[^']|'')*')|(?<number>\d+(?:\.\d+)?(?![\w.]))|(?<word>[A-Za-z_$][\w$]*)|(?<sign><>|<=|>=|[=<>(),+-])/gy;

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of expression.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    const { string, number, word, sign } = match.groups ?? {};
    if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1).replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (word !== undefined) {
      const upper = word.toUpperCase();
      tokens.push(KEYWORDS.has(upper) ? { kind: 'sign', text: upper } : { kind: 'word', text: word });
    }
  }
  if (end !== expression.length) throw new UndecidedError();
  return tokens;
}

/** Reads and decides at once: properties are all that there is. */
class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly properties: Properties,
  ) {}

  end(): void {
    if (this.at < this.tokens.length) throw new UndecidedError();
  }

  or(): Truth {
    let truth = this.and();
    while (this.takes('OR')) {
      const other = this.and();
      truth = truth === true || other === true ? true : truth === null || other === null ? null : false;
    }
    return truth;
  }

  private and(): Truth {
    let truth = this.comparison();
    while (this.takes('AND')) {
      const other = this.comparison();
      truth = truth === false || other === false ? false : truth === null || other === null ? null : true;
    }
    return truth;
  }

  private comparison(): Truth {
    if (this.takes('NOT')) {
      // Without parentheses it binds to the first operand alone.
      if (this.tokens[this.at]?.text !== '(') throw new UndecidedError();
      return negated(truthOf(this.operand()));
    }
    const left = this.operand();
    if (this.takes('IS')) {
      const isNegated = this.takes('NOT');
      this.expect('NULL');
      return isNegated ? left !== null : left === null;
    }
    const isNegated = this.takes('NOT');
    if (this.takes('IN')) return negatedIf(isNegated, this.isIn(left));
    if (this.takes('BETWEEN')) {
      const least = compare(left, this.operand(), order => order >= 0);
      this.expect('AND');
      const most = compare(left, this.operand(), order => order <= 0);
      return negatedIf(isNegated, least === null || most === null ? null : least && most);
    }
    for (const [word, holds] of TEXT_OPERATORS) {
      if (this.takes(word)) return ofTexts(left, this.operand(), (text, part) => holds(text, part) !== isNegated);
    }
    if (isNegated) throw new UndecidedError();
    for (const [sign, holds] of ORDER_OPERATORS) {
      if (this.takes(sign)) return compare(left, this.operand(), holds);
    }
    return truthOf(left);
  }

  private isIn(left: Value): Truth {
    this.expect('(');
    const texts: string[] = [];
    do {
      const token = this.tokens[this.at++];
      if (token?.kind !== 'string') throw new UndecidedError();
      texts.push(token.text);
    } while (this.takes(','));
    this.expect(')');
    if (left === null) return null;
    if (typeof left !== 'string') throw new UndecidedError();
    return texts.includes(left);
  }

  private operand(): Value {
    if (this.takes('(')) {
      const truth = this.or();
      this.expect(')');
      return truth;
    }
    if (this.takes('NULL')) return null;
    if (this.takes('TRUE')) return true;
    if (this.takes('FALSE')) return false;
    if (this.takes('-')) return -this.number();
    const token = this.tokens[this.at];
    if (token?.kind === 'number') return this.number();
    if (token?.kind !== 'word' && token?.kind !== 'string') throw new UndecidedError();
    this.at++;
    if (token.kind === 'string') return token.text;
    return Object.hasOwn(this.properties, token.text) ? (this.properties[token.text] as string) : null;
  }

  private number(): number {
    const token = this.tokens[this.at++];
    if (token?.kind !== 'number') throw new UndecidedError();
    return Number(token.text);
  }

  private takes(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.at++;
    return true;
  }

  private expect(sign: string): void {
    if (!this.takes(sign)) throw new UndecidedError();
  }
}

const TEXT_OPERATORS: readonly (readonly [string, (text: string, part: string) => boolean])[] = [
  ['CONTAINS', (text, part) => text.includes(part)],
  ['STARTSWITH', (text, part) => text.startsWith(part)],
  ['ENDSWITH', (text, part) => text.endsWith(part)],
];

const ORDER_OPERATORS: readonly (readonly [string, (order: number) => boolean])[] = [
  ['=', order => order === 0],
  ['<>', order => order !== 0],
  ['<=', order => order <= 0],
  ['>=', order => order >= 0],
  ['<', order => order < 0],
  ['>', order => order > 0],
];

function ofTexts(text: Value, part: Value, holds: (text: string, part: string) => boolean): Truth {
  // These know no third value, negated or not.
  if (text === null || part === null) return false;
  // What an empty part is in differs among them.
  if (part === '') throw new UndecidedError();
  if (typeof text !== 'string' || typeof part !== 'string') throw new UndecidedError();
  return holds(text, part);
}

/** A property is a text: beside a number it is one, if it can be read as such. */
function compare(left: Value, right: Value, holds: (order: number) => boolean): Truth {
  if (left === null || right === null) return null;
  if (typeof left === 'string' && typeof right === 'string') {
    // Texts are equal or not; what order they have is the broker's to say.
    if (left !== right && holds(1) !== holds(-1)) throw new UndecidedError();
    return holds(left === right ? 0 : 1);
  }
  return holds(numberOf(left) - numberOf(right));
}

function numberOf(value: string | number | boolean): number {
  const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) throw new UndecidedError();
  return number;
}

function truthOf(value: Value): Truth {
  if (value === null || typeof value === 'boolean') return value;
  throw new UndecidedError();
}

function negated(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function negatedIf(isNegated: boolean, truth: Truth): Truth {
  return isNegated ? negated(truth) : truth;
}
