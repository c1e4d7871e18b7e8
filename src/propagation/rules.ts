/**
 * Rules: which tag a request gets where it enters. The first that matches wins. Every rule is a list of conditions that all
 * have to hold; a share of users is one of them.
 */
import type { By, Match, Matcher, Rule } from '../config/rules';
import { type RequestHead, type RequestValues, requestValues, type ValueSource } from './request-values';

/** One thing that has to hold, in words too: for people who ask why. */
export interface Condition {
  readonly source: ValueSource;
  /** Of a header, cookie or query; else empty. */
  readonly name: string;
  /** `is "a"`. */
  readonly words: string;
  /** Set for a share of users: the bucket of a value, from 0 to 9,999. */
  readonly bucketOf?: (value: string) => number;
  test(value: string | undefined): boolean;
}

export interface CompiledRule {
  /** From 1 on: its place in the list. */
  readonly number: number;
  readonly tag: string;
  readonly conditions: readonly Condition[];
}

/** Hundredths of a percent. */
export const BUCKETS = 10_000;

export function compileRules(rules: readonly Rule[]): readonly CompiledRule[] {
  return rules.map(({ tag, match, percent, by }, index) => ({
    number: index + 1,
    tag,
    conditions: [
      ...(match === undefined ? [] : conditionsOf(match)),
      ...(percent === undefined || by === undefined ? [] : [shareCondition(percent, by)]),
    ],
  }));
}

/** The first rule that a request matches; undefined: none. */
export function firstMatch(rules: readonly CompiledRule[], head: RequestHead): CompiledRule | undefined {
  const values = requestValues(head);
  return rules.find(rule => failingCondition(rule, values) === undefined);
}

/** The first condition that does not hold; undefined: the rule matches. */
export function failingCondition({ conditions }: CompiledRule, values: RequestValues): Condition | undefined {
  return conditions.find(({ source, name, test }) => !test(values(source, name)));
}

function conditionsOf({ method, path, headers, cookies, query }: Match): Condition[] {
  const named = (source: ValueSource, matchers: Readonly<Record<string, Matcher>> | undefined) =>
    Object.entries(matchers ?? {}).map(([name, matcher]) =>
      condition(source, source === 'header' ? name.toLowerCase() : name, matcher),
    );
  return [
    ...(method === undefined ? [] : [condition('method', '', method)]),
    ...(path === undefined ? [] : [condition('path', '', path)]),
    ...named('header', headers),
    ...named('cookie', cookies),
    ...named('query', query),
  ];
}

function condition(source: ValueSource, name: string, matcher: Matcher): Condition {
  return { source, name, words: wordsOf(matcher), test: testOf(matcher, asSent(source)) };
}

/** Texts of rules in the form that values have: what is not decoded has one character for each byte. */
function asSent(source: ValueSource): (text: string) => string {
  return source === 'query' ? text => text : text => Buffer.from(text, 'utf8').toString('latin1');
}

function testOf(matcher: Matcher, text: (text: string) => string): (value: string | undefined) => boolean {
  const tests: ((value: string | undefined) => boolean)[] = [];
  const { exact, prefix, in: list, present, not } = matcher;
  if (exact !== undefined) {
    const wanted = text(exact);
    tests.push(value => value === wanted);
  }
  if (prefix !== undefined) {
    const wanted = text(prefix);
    tests.push(value => value?.startsWith(wanted) === true);
  }
  if (list !== undefined) {
    const wanted = new Set(list.map(text));
    tests.push(value => value !== undefined && wanted.has(value));
  }
  if (present !== undefined) tests.push(value => (value !== undefined) === present);
  if (not !== undefined) {
    const negated = testOf(not, text);
    tests.push(value => !negated(value));
  }
  return value => tests.every(test => test(value));
}

function wordsOf({ exact, prefix, in: list, present, not }: Matcher): string {
  const words: string[] = [];
  if (exact !== undefined) words.push(`is ${JSON.stringify(exact)}`);
  if (prefix !== undefined) words.push(`begins with ${JSON.stringify(prefix)}`);
  if (list !== undefined) words.push(`is one of ${list.length <= 5 ? JSON.stringify(list) : `${list.length} values`}`);
  if (present !== undefined) words.push(present ? 'is there' : 'is not there');
  if (not !== undefined) words.push(`not (${wordsOf(not)})`);
  return words.join(' and ');
}

function shareCondition(percent: number, by: By): Condition {
  const [source, name] = sourceOf(by);
  const below = Math.round(percent * 100);
  const bucketOf = (value: string) => bucket(value, source);
  return {
    source,
    name,
    words: `is in a bucket below ${below}`,
    bucketOf,
    test: value => value !== undefined && value !== '' && bucketOf(value) < below,
  };
}

function sourceOf({ header, cookie, query }: By): readonly [source: ValueSource, name: string] {
  if (header !== undefined) return ['header', header.toLowerCase()];
  return cookie === undefined ? ['query', query ?? ''] : ['cookie', cookie];
}

/**
 * The bucket of a user, from 0 to 9,999: the first 32 bits of SHA-256 of the value's bytes, modulo 10,000. Without salt, so
 * that every service decides alike, and a higher percentage only adds users.
 */
function bucket(value: string, source: ValueSource): number {
  // Not loaded where nobody asks for a share.
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const bytes = Buffer.from(value, source === 'query' ? 'utf8' : 'latin1');
  return createHash('sha256').update(bytes).digest().readUInt32BE(0) % BUCKETS;
}
