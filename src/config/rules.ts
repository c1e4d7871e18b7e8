/** The setting `rules`: which tag a request gets where it enters. Its form, and what is wrong with it. */
import { isTag, TAG_GRAMMAR } from '../names/tag';
import { anyObject, below, objectWith, WrongEntry } from './entry';

/** What a value has to be. All that is said of it has to hold. */
export interface Matcher {
  readonly exact?: string;
  readonly prefix?: string;
  readonly in?: readonly string[];
  /** Whether there is a value at all. */
  readonly present?: boolean;
  readonly not?: Matcher;
}

/** What a request has to be. All of it has to hold. */
export interface Match {
  readonly headers?: Readonly<Record<string, Matcher>>;
  readonly cookies?: Readonly<Record<string, Matcher>>;
  readonly query?: Readonly<Record<string, Matcher>>;
  readonly path?: Matcher;
  readonly method?: Matcher;
}

/** Whose bucket decides: one of the three. */
export interface By {
  readonly header?: string;
  readonly cookie?: string;
  readonly query?: string;
}

export interface Rule {
  /** `base`: the baseline outright. */
  readonly tag: string;
  /** Absent: every request. */
  readonly match?: Match;
  /** 0 to 100, with two decimals at the most. */
  readonly percent?: number;
  readonly by?: By;
}

export const RULES_GRAMMAR = 'a list of rules, each with a tag, and match, percent, by';

const MATCHERS = ['exact', 'prefix', 'in', 'present', 'not'];
const SOURCES = ['headers', 'cookies', 'query', 'path', 'method'];
const BYS = ['header', 'cookie', 'query'];
/** RFC 9110, 5.6.2: names of headers and cookies. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TOKEN_GRAMMAR = "letters, digits, and any of !#$%&'*+.^_`|~-";

/** The value as it is, when it is a list of rules. @throws {WrongEntry} which names the entry */
export function readRules(value: unknown, at = 'rules'): readonly Rule[] {
  if (!Array.isArray(value)) throw new WrongEntry(at, value, RULES_GRAMMAR);
  for (const [index, rule] of value.entries()) checkRule(rule, `${at}[${index}]`);
  return value as Rule[];
}

function checkRule(value: unknown, at: string): void {
  const rule = objectWith(value, at, ['tag', 'match', 'percent', 'by']);
  if (!isTag(rule.tag)) throw new WrongEntry(`${at}.tag`, rule.tag, `${TAG_GRAMMAR}; base is the baseline`);
  if (rule.match !== undefined) checkMatch(rule.match, `${at}.match`);
  if (rule.percent !== undefined) {
    if (!isPercent(rule.percent)) {
      throw new WrongEntry(`${at}.percent`, rule.percent, 'a number from 0 to 100, with two decimals at the most');
    }
    if (rule.by === undefined) throw new WrongEntry(`${at}.by`, rule.by, BY_GRAMMAR);
  } else if (rule.by !== undefined) {
    throw new WrongEntry(`${at}.by`, rule.by, 'only beside percent');
  }
  if (rule.by !== undefined) checkBy(rule.by, `${at}.by`);
}

function isPercent(value: unknown): value is number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) return false;
  // As it was written: 0.29 is 28.999999999999996 hundredths.
  return Math.abs(value * 100 - Math.round(value * 100)) < 1e-6;
}

const BY_GRAMMAR = 'one of { "header": name }, { "cookie": name }, { "query": name }, whose value tells users apart';

function checkBy(value: unknown, at: string): void {
  const by = objectWith(value, at, BYS);
  const [source, ...others] = Object.keys(by);
  if (source === undefined || others.length > 0) throw new WrongEntry(at, value, BY_GRAMMAR);
  checkName(by[source], source, below(at, source));
}

function checkName(name: unknown, source: string, at: string): void {
  const isQuery = source === 'query';
  const isName = typeof name === 'string' && (isQuery ? name !== '' : TOKEN.test(name));
  if (!isName) throw new WrongEntry(at, name, isQuery ? 'a name' : `a name: ${TOKEN_GRAMMAR}`);
}

function checkMatch(value: unknown, at: string): void {
  const match = objectWith(value, at, SOURCES);
  for (const source of Object.keys(match)) {
    const place = `${at}.${source}`;
    if (source === 'path' || source === 'method') {
      checkMatcher(match[source], place);
      continue;
    }
    const named = anyObject(match[source], place, 'an object with a matcher for each name');
    for (const [name, matcher] of Object.entries(named)) {
      checkName(name, source, `a name in ${place}`);
      checkMatcher(matcher, below(place, name));
    }
  }
}

function checkMatcher(value: unknown, at: string, isNegated = false): void {
  const keys = isNegated ? MATCHERS.filter(key => key !== 'not') : MATCHERS;
  const matcher = objectWith(value, at, keys);
  if (Object.keys(matcher).length === 0) throw new WrongEntry(at, value, `at least one of ${keys.join(', ')}`);
  const check = (key: string, isAllowed: (entry: unknown) => boolean, allowed: string) => {
    if (key in matcher && !isAllowed(matcher[key])) throw new WrongEntry(`${at}.${key}`, matcher[key], allowed);
  };
  const isText = (entry: unknown) => typeof entry === 'string';
  check('exact', isText, 'a text');
  check('prefix', entry => isText(entry) && entry !== '', 'a text that is not empty');
  check('in', entry => Array.isArray(entry) && entry.length > 0 && entry.every(isText), 'a list of texts');
  check('present', entry => typeof entry === 'boolean', 'true or false');
  if ('not' in matcher) checkMatcher(matcher.not, `${at}.not`, true);
}
