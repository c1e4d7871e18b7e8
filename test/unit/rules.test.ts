/** Rules: their form, what they match, and the buckets of users. */
import fc from 'fast-check';
import { createColors } from 'picocolors';
import { describe, expect, it } from 'vitest';
import { rulesReport } from '../../src/command-line/rules-report';
import { WrongEntry } from '../../src/config/entry';
import { type Match, type Matcher, type Rule, readRules } from '../../src/config/rules';
import { type RequestHead, requestValues } from '../../src/propagation/request-values';
import { compileRules, firstMatch } from '../../src/propagation/rules';

/** The example of the documentation. */
const EXAMPLE: Rule[] = [
  { tag: 'base', match: { headers: { 'user-agent': { prefix: 'kube-probe/' } } } },
  { tag: 'gray', match: { headers: { 'X-User-Id': { in: ['1001', '1002'] } } } },
  { tag: 'gray', match: { path: { prefix: '/api/' } }, percent: 5, by: { cookie: 'uid' } },
];

function request(target = '/', headers: readonly string[] = [], method = 'GET'): RequestHead {
  return { method, target, rawHeaders: headers };
}
const matched = (rules: readonly Rule[], head: RequestHead) => firstMatch(compileRules(readRules(rules)), head)?.number;

describe('the first rule that matches', () => {
  it.each<[string, RequestHead, number | undefined]>([
    ['none', request(), undefined],
    ['a prefix of a header', request('/', ['User-Agent', 'kube-probe/1.30']), 1],
    ['names of headers in any case', request('/', ['x-USER-id', '1002']), 2],
    ['in the order of the file', request('/', ['X-User-Id', '1001', 'User-Agent', 'kube-probe/1']), 1],
    ['a value that is none of the list', request('/', ['x-user-id', '100']), undefined],
    // Its bucket is 409.
    ['a share', request('/api/x?y=1', ['Cookie', 'a=b; uid=user-12; uid=2']), 3],
    ['a share, another path', request('/apix', ['Cookie', 'uid=user-12']), undefined],
    ['a share, without the value', request('/api/x', ['Cookie', 'a=b']), undefined],
    ['a share, with an empty value', request('/api/x', ['Cookie', 'uid=']), undefined],
  ])('%s', (_name, head, number) => {
    expect(matched(EXAMPLE, head)).toBe(number);
  });
});

describe('a matcher', () => {
  const holds = (match: Match, head: RequestHead) => matched([{ tag: 'a', match }], head) === 1;
  it.each<[Matcher, string | undefined, boolean]>([
    [{ exact: 'a' }, 'a', true],
    [{ exact: 'a' }, 'A', false],
    [{ exact: '' }, '', true],
    [{ exact: '' }, undefined, false],
    [{ exact: 'zoë' }, Buffer.from('zoë').toString('latin1'), true],
    [{ prefix: 'ab' }, 'abc', true],
    [{ prefix: 'ab' }, 'a', false],
    [{ prefix: 'ab' }, undefined, false],
    [{ in: ['a', 'b'] }, 'b', true],
    [{ in: ['a', 'b'] }, 'c', false],
    [{ in: ['a'] }, undefined, false],
    [{ present: true }, '', true],
    [{ present: true }, undefined, false],
    [{ present: false }, undefined, true],
    [{ present: false }, 'a', false],
    [{ not: { exact: 'a' } }, 'b', true],
    [{ not: { exact: 'a' } }, 'a', false],
    [{ not: { exact: 'a' } }, undefined, true],
    [{ prefix: 'a', not: { exact: 'ab' } }, 'ac', true],
    [{ prefix: 'a', not: { exact: 'ab' } }, 'ab', false],
    [{ present: true, not: { in: ['a'] } }, undefined, false],
  ])('%j on %j: %s', (matcher, value, expected) => {
    const headers = value === undefined ? [] : ['x', value];
    expect(holds({ headers: { x: matcher } }, request('/', headers))).toBe(expected);
    const cookies = value === undefined ? [] : ['cookie', `a=1;x=${value} ; x=0`];
    expect(holds({ cookies: { x: matcher } }, request('/', cookies))).toBe(expected);
    const query =
      value === undefined ? '/?y' : `/?x=${encodeURIComponent(Buffer.from(value, 'latin1').toString())}&x=0`;
    expect(holds({ query: { x: matcher } }, request(query))).toBe(expected);
  });

  it.each<[Match, RequestHead]>([
    [{ path: { exact: '/a' }, method: { exact: 'PUT' } }, request('/a?b', [], 'PUT')],
    [{ path: { exact: '/a' } }, request('/a#b?c')],
    // As proxies are sent it.
    [{ path: { exact: '/a' }, query: { b: { exact: '/' } } }, request('http://shop.example:80/a?b=/')],
    [{ path: { exact: '/' } }, request('http://shop.example')],
    [{ path: { exact: '//shop/a' } }, request('//shop/a')],
    [{ path: { present: false } }, { method: 'GET', target: undefined, rawHeaders: [] }],
    [{ query: { city: { exact: 'São Paulo' } } }, request('/?city=S%C3%A3o+Paulo')],
    [{ query: { flag: { present: true } } }, request('/?flag')],
    [{ headers: { x: { exact: 'a, b' } } }, request('/', ['x', 'a', 'X', 'b'])],
    // Clients of HTTP/2 may send a field for each.
    [{ cookies: { a: { exact: '1' }, b: { exact: '2' } } }, request('/', ['cookie', 'a=1', 'cookie', 'b=2'])],
    [{ cookies: { a: { exact: '"1"' } } }, request('/', ['cookie', 'a="1"'])],
    [{}, request()],
  ])('%j', (match, head) => {
    expect(holds(match, head)).toBe(true);
  });
});

describe('a wrong entry is named', () => {
  const percent = 'a number from 0 to 100, with two decimals at the most';
  it.each<[unknown, string, string]>([
    [{}, 'rules', 'a list of rules'],
    [['gray'], 'rules[0]', 'an object with the keys tag, match, percent, by'],
    [[{ tag: 'a' }, { tag: 'a_b' }], 'rules[1].tag', 'a letter or digit'],
    [[{}], 'rules[0].tag', 'a letter or digit'],
    [[{ tag: 'a', weight: 1 }], 'unknown key in rules[0]', 'the keys tag, match, percent, by'],
    [[{ tag: 'a', match: [] }], 'rules[0].match', 'an object with the keys headers'],
    [[{ tag: 'a', match: { header: {} } }], 'unknown key in rules[0].match', 'the keys headers, cookies'],
    [[{ tag: 'a', match: { headers: 'x' } }], 'rules[0].match.headers', 'an object with a matcher for each name'],
    [[{ tag: 'a', match: { headers: { 'a b': {} } } }], 'a name in rules[0].match.headers', 'a name: letters'],
    [[{ tag: 'a', match: { cookies: { '': {} } } }], 'a name in rules[0].match.cookies', 'a name: letters'],
    [[{ tag: 'a', match: { query: { '': {} } } }], 'a name in rules[0].match.query', 'a name'],
    [[{ tag: 'a', match: { headers: { 'x-a': {} } } }], 'rules[0].match.headers.x-a', 'at least one of exact'],
    [[{ tag: 'a', match: { query: { 'x.a': 1 } } }], 'rules[0].match.query["x.a"]', 'an object with the keys exact'],
    [[{ tag: 'a', match: { path: { regex: 'a+' } } }], 'unknown key in rules[0].match.path', 'the keys exact, prefix'],
    [[{ tag: 'a', match: { path: { exact: 1 } } }], 'rules[0].match.path.exact', 'a text'],
    [[{ tag: 'a', match: { path: { prefix: '' } } }], 'rules[0].match.path.prefix', 'a text that is not empty'],
    [[{ tag: 'a', match: { method: { in: [] } } }], 'rules[0].match.method.in', 'a list of texts'],
    [[{ tag: 'a', match: { method: { in: ['a', 1] } } }], 'rules[0].match.method.in', 'a list of texts'],
    [[{ tag: 'a', match: { method: { present: 1 } } }], 'rules[0].match.method.present', 'true or false'],
    [[{ tag: 'a', match: { path: { not: 'a' } } }], 'rules[0].match.path.not', 'an object with the keys exact'],
    [[{ tag: 'a', match: { path: { not: { not: {} } } } }], 'unknown key in rules[0].match.path.not', 'the keys exact'],
    [[{ tag: 'a', percent: '5', by: { query: 'u' } }], 'rules[0].percent', percent],
    [[{ tag: 'a', percent: -1, by: { query: 'u' } }], 'rules[0].percent', percent],
    [[{ tag: 'a', percent: 100.01, by: { query: 'u' } }], 'rules[0].percent', percent],
    [[{ tag: 'a', percent: 0.005, by: { query: 'u' } }], 'rules[0].percent', percent],
    [[{ tag: 'a', percent: 5 }], 'rules[0].by', 'one of { "header": name }'],
    [[{ tag: 'a', by: { query: 'u' } }], 'rules[0].by', 'only beside percent'],
    [[{ tag: 'a', percent: 5, by: {} }], 'rules[0].by', 'one of { "header": name }'],
    [[{ tag: 'a', percent: 5, by: { query: 'u', cookie: 'u' } }], 'rules[0].by', 'one of { "header": name }'],
    [[{ tag: 'a', percent: 5, by: { path: 'u' } }], 'unknown key in rules[0].by', 'the keys header, cookie, query'],
    [[{ tag: 'a', percent: 5, by: { cookie: 'a b' } }], 'rules[0].by.cookie', 'a name: letters'],
  ])('%j: %s', (rules, at, allowed) => {
    let error: unknown;
    try {
      readRules(rules);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(WrongEntry);
    expect(error).toMatchObject({ at, allowed: expect.stringContaining(allowed) });
  });
});

describe('buckets of users', () => {
  const bucketOf = (value: string, source: 'header' | 'query' = 'header') => {
    const [rule] = compileRules([{ tag: 'a', percent: 1, by: { [source]: 'u' } }]);
    return rule?.conditions[0]?.bucketOf?.(value);
  };
  // Those of docs/rules.md; other languages have to come to the same.
  it.each([
    ['1', 0x6b86b273, 9619],
    ['7', 0x7902699b, 1243],
    ['1001', 0xfe675fe7, 7623],
    ['alice', 0x2bd806c9, 7801],
    ['user-12', 0xd2254ef9, 409],
  ])('%j is in that of the first 32 bits of its SHA-256', (value, bits, bucket) => {
    expect([bucketOf(value), bits % 10_000]).toEqual([bucket, bucket]);
  });

  it('of a value that is not ASCII are those of its bytes', () => {
    expect(bucketOf(Buffer.from('zoë').toString('latin1'))).toBe(bucketOf('zoë', 'query'));
  });

  it.each([0.29, 0.57, 1.13, 33.33, 99.99])('are below %d percent where the hundredths are', percent => {
    const rules = compileRules([{ tag: 'a', percent, by: { query: 'u' } }]);
    const [condition] = rules[0]?.conditions ?? [];
    const below = Math.round(percent * 100);
    expect(condition?.words).toBe(`is in a bucket below ${below}`);
    const users = Array.from({ length: 3000 }, (_, user) => `${user}`);
    const isGray = (user: string) => firstMatch(rules, request(`/?u=${user}`)) !== undefined;
    expect(users.map(isGray)).toEqual(users.map(user => Number(condition?.bucketOf?.(user)) < below));
  });

  it('are about as many as the percentage says', () => {
    const rules = compileRules([{ tag: 'a', percent: 5, by: { query: 'u' } }]);
    const gray = Array.from({ length: 20_000 }, (_, user) => firstMatch(rules, request(`/?u=${user}`)) && user);
    expect(gray.filter(user => user !== undefined).length / 20_000).toBeCloseTo(0.05, 2);
  });
});

const text = fc.string({ unit: fc.constantFrom(...'abuid/?&=;#% "\\\u00e9\u0000'), maxLength: 8 });
const anyText = fc.oneof(text, fc.string());
const name = fc.constantFrom('uid', 'x', '__proto__', 'constructor', 'cookie');
const plainMatcher = fc.oneof(
  fc.record({ exact: anyText }),
  fc.record({ prefix: fc.string({ minLength: 1 }) }),
  fc.record({ in: fc.array(anyText, { minLength: 1, maxLength: 3 }) }),
  fc.record({ present: fc.boolean() }),
);
const matcher = fc.oneof(
  plainMatcher,
  plainMatcher.map(not => ({ not })),
);
const named = fc.dictionary(name, matcher, { maxKeys: 2 });
const match = fc.record(
  { headers: named, cookies: named, query: named, path: matcher, method: matcher },
  { requiredKeys: [] },
);
const by = fc.oneof(...['header', 'cookie', 'query'].map(source => name.map(value => ({ [source]: value }))));
const hundredths = fc.integer({ min: 0, max: 10_000 });
const share = fc.record({ percent: hundredths.map(value => value / 100), by });
const rule = fc
  .tuple(fc.constantFrom('gray', 'blue', 'base'), fc.option(match, { nil: undefined }), fc.option(share))
  .map(([tag, match, share]) => ({ tag, ...(match && { match }), ...share }) as Rule);
const rules = fc.array(rule, { maxLength: 4 });
const anyRequest = fc
  .record({
    method: fc.option(anyText, { nil: undefined }),
    target: fc.option(fc.oneof(anyText, fc.webUrl({ withQueryParameters: true })), { nil: undefined }),
    headers: fc.array(fc.tuple(fc.oneof(name, fc.constant('Cookie'), anyText), anyText)),
  })
  .map(({ method, target, headers }): RequestHead => ({ method, target, rawHeaders: headers.flat() }));

describe('for every file of rules that loads', () => {
  it('a request matches or does not, without an exception, and always the same', () => {
    fc.assert(
      fc.property(rules, anyRequest, (written, head) => {
        const parsed = readRules(JSON.parse(JSON.stringify(written)));
        const number = firstMatch(compileRules(parsed), head)?.number;
        expect(firstMatch(compileRules(written), { ...head })?.number).toBe(number);
        // The command says the same, whatever it is asked.
        const report = rulesReport(parsed, head, undefined, { colors: createColors(false) });
        expect(report.includes('No rule matches')).toBe(number === undefined);
      }),
    );
  });

  it('the first of those that match is taken, alone as among others', () => {
    fc.assert(
      fc.property(rules, anyRequest, (written, head) => {
        const alone = written.findIndex(one => firstMatch(compileRules([one]), head) !== undefined);
        expect(firstMatch(compileRules(written), head)?.number).toBe(alone < 0 ? undefined : alone + 1);
      }),
    );
  });

  it('a higher percentage removes no user', () => {
    fc.assert(
      fc.property(hundredths, hundredths, fc.string({ minLength: 1 }), (one, another, user) => {
        const isGray = (hundredths: number) => {
          const [rule] = compileRules([{ tag: 'a', percent: hundredths / 100, by: { cookie: 'u' } }]);
          return rule?.conditions[0]?.test(user);
        };
        const [lower, higher] = [Math.min(one, another), Math.max(one, another)];
        expect(isGray(lower) && !isGray(higher)).toBe(false);
      }),
    );
  });
});

it('whatever is read as rules is allowed or named', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map(text => JSON.parse(text) as unknown),
        fc.anything(),
        rules,
      ),
      value => {
        try {
          readRules(value);
        } catch (error) {
          expect(error).toBeInstanceOf(WrongEntry);
        }
      },
    ),
  );
});

it('no more of a request is taken apart than is asked for', () => {
  const head = {
    method: 'GET',
    target: '/a',
    rawHeaders: new Proxy([], { get: () => expect.fail('headers are read') }),
  };
  const values = requestValues(head as unknown as RequestHead);
  expect([values('path', ''), values('method', ''), values('query', 'a')]).toEqual(['/a', 'GET', undefined]);
});
