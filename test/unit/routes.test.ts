/** Routes: their form, which target a call has, and what is done where that is not there. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { WrongEntry } from '../../src/config/entry';
import { type Routes, readRoutes } from '../../src/config/routes';
import { nameLookup } from '../../src/routing/name-lookup';
import { routeTable } from '../../src/routing/route-table';
import { createRoutes } from '../../src/routing/routes';
import { recordedLog } from './recorded-log';

const EXAMPLE: Routes = {
  'svc-b.shop.svc:8080': { gray: 'svc-b-gray.shop.svc:8080' },
  '*.shop.svc': { '*': '{service}-{tag}.shop.svc' },
};

describe('a wrong entry is named', () => {
  it.each<[unknown, string, string]>([
    [[], 'routes', 'an object with a route for each name'],
    [{ 'a b': { gray: 'a' } }, 'a name in routes', 'a host name'],
    [{ 'http://a': { gray: 'a' } }, 'a name in routes', 'a host name'],
    [{ 'a:0': { gray: 'a' } }, 'a name in routes', 'a host name'],
    [{ 'a:65536': { gray: 'a' } }, 'a name in routes', 'a host name'],
    [{ 'a.*.c': { gray: 'a' } }, 'a name in routes', 'a host name'],
    [{ a: 'b' }, 'routes.a', 'an object with a target for each tag'],
    [{ a: {} }, 'routes.a', 'at least one tag'],
    [{ a: { host: 'target' } }, 'routes.a', 'at least one tag'],
    [{ a: { gray: 'b', host: 'a' } }, 'routes.a.host', '"target"'],
    [{ 'a.b:1': { a_b: 'b' } }, 'a tag in routes["a.b:1"]', 'a tag'],
    [{ a: { base: 'b' } }, 'a tag in routes.a', 'not base'],
    [{ a: { gray: 1 } }, 'routes.a.gray', 'a host name'],
    [{ a: { gray: 'b:99999' } }, 'routes.a.gray', 'a host name'],
    [{ a: { gray: '{service}-gray' } }, 'routes.a.gray', '{service} where the name begins with *'],
    [{ '*.a': { '*': '{name}.a' } }, 'routes["*.a"]["*"]', 'a host name'],
  ])('%j: %s', (routes, at, allowed) => {
    let error: unknown;
    try {
      readRoutes(routes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(WrongEntry);
    expect(error).toMatchObject({ at, allowed: expect.stringContaining(allowed) });
  });

  it('whatever is read as routes is allowed or named, and what is allowed answers', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab.*-_:8{}') });
    const routes = fc.dictionary(
      text,
      fc.dictionary(fc.constantFrom('gray', '*', 'host', 'base'), fc.oneof(text, fc.constant('target'))),
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), routes), text, (value, host) => {
        try {
          routeTable(readRoutes(value)).find(host, 80, 'gray');
        } catch (error) {
          expect(error).toBeInstanceOf(WrongEntry);
        }
      }),
    );
  });
});

describe('the target of a call', () => {
  const find = (routes: Routes, address: string, tag: string) => {
    const [host = '', port] = address.split(':');
    const target = routeTable(readRoutes(routes)).find(host, Number(port), tag);
    return target && `${target.host}:${target.port}${target.isGuess ? ' if there' : ''}`;
  };
  it.each<[string, Routes, string, string, string | undefined]>([
    ['by its name', EXAMPLE, 'svc-b.shop.svc:8080', 'gray', 'svc-b-gray.shop.svc:8080'],
    // An exact name wins, also where it has no target.
    ['by its name, another tag', EXAMPLE, 'svc-b.shop.svc:8080', 'blue', undefined],
    ['by a pattern, another port', EXAMPLE, 'svc-b.shop.svc:80', 'blue', 'svc-b-blue.shop.svc:80 if there'],
    ['by a pattern', EXAMPLE, 'svc-c.shop.svc:81', 'gray', 'svc-c-gray.shop.svc:81 if there'],
    ['a star is one label', EXAMPLE, 'a.svc-c.shop.svc:81', 'gray', undefined],
    ['and not none', EXAMPLE, '.shop.svc:81', 'gray', undefined],
    ['none', EXAMPLE, 'elsewhere.example:80', 'gray', undefined],
    ['the canary itself', EXAMPLE, 'svc-c-gray.shop.svc:81', 'gray', undefined],
    ['another canary', EXAMPLE, 'svc-c-gray.shop.svc:81', 'blue', 'svc-c-gray-blue.shop.svc:81 if there'],
    ['a tag of its own before the star', { a: { '*': 'b', gray: 'c' } }, 'a:1', 'gray', 'c:1'],
    ['the star for others', { a: { '*': 'b-{tag}:2', gray: 'c' } }, 'a:1', 'blue', 'b-blue:2'],
    ['a name with its port first', { a: { gray: 'b' }, 'a:1': { gray: 'c' } }, 'a:1', 'gray', 'c:1'],
    ['the longest pattern', { '*.b': { '*': 'x' }, '*.a.b': { '*': 'y' } }, 'c.a.b:1', 'gray', 'y:1 if there'],
    ['a tag with the name of the option', { a: { host: 'target', gray: 'b' } }, 'a:1', 'host', undefined],
    ['small letters', { 'A.Example': { gray: 'B.Example' } }, 'a.example:1', 'gray', 'b.example:1'],
    ['a property of every object', EXAMPLE, 'constructor:1', 'gray', undefined],
  ])('%s', (_name, routes, address, tag, target) => {
    expect(find(routes, address, tag)).toBe(target);
  });
});

describe('a name', () => {
  function lookup() {
    let now = 0;
    let answer: string | undefined;
    const asked = vi.fn(async () => {
      if (answer !== undefined) throw Object.assign(new Error(answer), { code: answer });
    });
    const onFailure = vi.fn();
    const { resolves } = nameLookup({ lookUp: asked, now: () => now, onFailure });
    const at = (ms: number, next?: string) => {
      now = ms;
      answer = next;
    };
    return { resolves, asked, onFailure, at };
  }

  it.each([
    [undefined, true],
    ['ENOTFOUND', false],
  ])('is looked up once, and kept for five seconds: %s', async (code, isThere) => {
    const { resolves, asked, at } = lookup();
    at(0, code);
    const both = [resolves('a'), resolves('a')];
    expect(await Promise.all(both)).toEqual([isThere, isThere]);
    expect(resolves('a')).toBe(isThere);
    at(4_999, code);
    expect(resolves('a')).toBe(isThere);
    expect(asked).toHaveBeenCalledTimes(1);
    at(5_000, code === undefined ? 'ENOTFOUND' : undefined);
    expect(await resolves('a')).toBe(!isThere);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('keeps its last answer while the resolver fails, else it is not there', async () => {
    const { resolves, onFailure, at } = lookup();
    at(0);
    expect(await resolves('a')).toBe(true);
    at(6_000, 'EAI_AGAIN');
    expect(await resolves('a')).toBe(true);
    expect(await resolves('b')).toBe(false);
    expect(onFailure.mock.calls).toEqual([
      ['a', 'EAI_AGAIN'],
      ['b', 'EAI_AGAIN'],
    ]);
    at(12_000, 'ENOTFOUND');
    expect(await resolves('a')).toBe(false);
  });
});

describe('a call', () => {
  function routes(written: Routes = EXAMPLE) {
    let now = 0;
    const lines: string[] = [];
    const counted: string[] = [];
    const made = createRoutes({
      log: recordedLog(lines),
      count: (tag, outcome) => void counted.push(`${tag} ${outcome}`),
      lookUp: async name => {
        if (!name.includes('there')) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
      },
      now: () => now,
    });
    made.replace(written);
    const at = (ms: number) => {
      now = ms;
    };
    return { ...made, made, lines, counted, at };
  }

  it.each([undefined, 'base'])('of the tag %s goes nowhere else', tag => {
    const { find, counted } = routes();
    expect(find('svc-b.shop.svc', 8080, tag)).toBe(undefined);
    expect(counted).toEqual([]);
  });

  it('goes to its target at once, or after a look for its name', async () => {
    const { find, counted } = routes();
    expect(find('SVC-B.shop.svc.', 8080, 'gray')).toMatchObject({ host: 'svc-b-gray.shop.svc', port: 8080 });
    const found = find('there.shop.svc', 80, 'gray');
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toMatchObject({ host: 'there-gray.shop.svc', port: 80 });
    expect(find('there.shop.svc', 80, 'gray')).toMatchObject({ host: 'there-gray.shop.svc' });
    expect(await find('other.shop.svc', 80, 'gray')).toBe(undefined);
    expect(find('other.shop.svc', 80, 'gray')).toBe(undefined);
    expect(counted).toEqual(['gray own', 'gray own', 'gray own', 'gray baseline', 'gray baseline']);
  });

  it('leaves a target alone for five seconds that took no connection, which is said once', () => {
    const { made, lines, at } = routes({ 'a:1': { gray: 'b' } });
    const found = made.find('a', 1, 'gray');
    if (found === undefined || found instanceof Promise) return expect.fail('no target');
    found.refused('ECONNREFUSED');
    expect(made.find('a', 1, 'gray')).toBe(undefined);
    at(4_999);
    expect(made.find('a', 1, 'gray')).toBe(undefined);
    at(5_000);
    expect(made.find('a', 1, 'gray')).toMatchObject({ host: 'b', port: 1 });
    found.refused('ECONNREFUSED');
    expect(lines).toEqual([
      'warn: b:1 takes no connection (ECONNREFUSED): the baseline is called, and b:1 is left alone for 5 s',
    ]);
  });

  it('follows routes that are replaced', () => {
    const { made } = routes({});
    expect(made.isEmpty).toBe(true);
    made.replace({ a: { gray: 'b' } });
    expect([made.isEmpty, made.find('a', 1, 'gray')]).toMatchObject([false, { host: 'b' }]);
    made.replace({});
    expect([made.isEmpty, made.find('a', 1, 'gray')]).toEqual([true, undefined]);
  });
});
