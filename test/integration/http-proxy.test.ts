import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeVersion } from '../../fixtures/node-versions';
import { PRELOAD, runJson } from './child';
import { createSandbox, type Sandbox } from './sandbox';

/** The newest http-proxy-middleware wants Node.js 22. */
const node = nodeVersion(22);
const PROXIES = [
  'http-proxy',
  'http-proxy-middleware2',
  'http-proxy-middleware3',
  ...(node ? ['http-proxy-middleware4'] : []),
];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: {
      'http-proxy': '^1.18.1',
      'http-proxy-middleware2': 'npm:http-proxy-middleware@^2',
      'http-proxy-middleware3': 'npm:http-proxy-middleware@^3',
      'http-proxy-middleware4': 'npm:http-proxy-middleware@^4',
    },
  });
});
afterAll(() => sandbox?.remove());

/** By case: the active tag, and by form of the outgoing call the headers that it had. */
type Passed = Record<string, { readonly active: string | null } & Record<string, string[]>>;

/** Header names in lower case, sorted: the forms differ in spelling and order. */
async function passed(env: Record<string, string>): Promise<Record<string, [string | null, string[]]>> {
  const args = [...PRELOAD, 'http/proxy.cjs', ...PROXIES];
  const results = await runJson<Passed>({ cwd: sandbox.directory, env, args, ...(node && { node }) });
  return Object.fromEntries(
    Object.entries(results).map(([name, { active, ...forms }]) => {
      const headers = Object.values(forms).map(lines =>
        lines.map(line => line.replace(/^[^:]+/, text => text.toLowerCase()).replace(/, /g, ',')).sort(),
      );
      expect(headers).toHaveLength(4 + PROXIES.length);
      // Every form of the call passes the same on.
      for (const lines of headers) expect({ [name]: lines }).toEqual({ [name]: headers[0] });
      return [name, [active, headers[0] ?? []]];
    }),
  );
}

const MSE = (tag: string) => `__microservice_tag__=%5B%7B%22name%22%3A%22${tag}%22%7D%5D`;

describe('an application that copies the headers it got into its own calls, http-proxy and http-proxy-middleware', () => {
  it('sends one merged baggage header', async () => {
    expect(await passed({})).toEqual({
      tagged: ['gray', ['baggage: gray_tag=gray,a=1;p,b=2']],
      'mse header': ['gray', ['baggage: gray_tag=gray', 'x-mse-tag: gray', 'x-other: 1']],
      'mse member': ['mse', [`baggage: gray_tag=mse,${MSE('mse')},a=1`]],
      'all of them': ['gray', [`baggage: gray_tag=gray,a=1,${MSE('mse')}`, 'x-mse-tag: header']],
      base: ['base', ['baggage: gray_tag=base']],
      malformed: [null, ["baggage: gray_tag=' OR 1=1,a=1"]],
      untagged: [null, ['baggage: a=1']],
      nothing: [null, ['x-other: 1']],
    });
  });

  it('in a canary sends what has no tag on as its own', async () => {
    const results = await passed({ GRAY_TAG: 'canary' });
    expect(results).toMatchObject({
      tagged: ['gray', ['baggage: gray_tag=gray,a=1;p,b=2']],
      base: ['base', ['baggage: gray_tag=base']],
      malformed: [null, ['baggage: gray_tag=canary,a=1']],
      untagged: [null, ['baggage: gray_tag=canary,a=1']],
      nothing: [null, ['baggage: gray_tag=canary', 'x-other: 1']],
    });
  });

  it('with GRAY_INTEROP=mse also sends the names of the Java agent', async () => {
    expect(await passed({ GRAY_INTEROP: 'mse' })).toEqual({
      tagged: ['gray', [`baggage: gray_tag=gray,${MSE('gray')},a=1;p,b=2`, 'x-mse-tag: gray']],
      'mse header': ['gray', [`baggage: gray_tag=gray,${MSE('gray')}`, 'x-mse-tag: gray', 'x-other: 1']],
      'mse member': ['mse', [`baggage: gray_tag=mse,${MSE('mse')},a=1`, 'x-mse-tag: mse']],
      'all of them': ['gray', [`baggage: gray_tag=gray,${MSE('gray')},a=1`, 'x-mse-tag: gray']],
      base: ['base', ['baggage: gray_tag=base']],
      malformed: [null, ["baggage: gray_tag=' OR 1=1,a=1"]],
      untagged: [null, ['baggage: a=1']],
      nothing: [null, ['x-other: 1']],
    });
  });

  it('with GRAY_INBOUND=ignore passes no tag of a caller on', async () => {
    expect(await passed({ GRAY_INBOUND: 'ignore' })).toEqual({
      tagged: [null, ['baggage: a=1;p,b=2']],
      'mse header': [null, ['x-other: 1']],
      'mse member': [null, ['baggage: a=1']],
      'all of them': [null, ['baggage: a=1']],
      base: [null, []],
      malformed: [null, ['baggage: a=1']],
      untagged: [null, ['baggage: a=1']],
      nothing: [null, ['x-other: 1']],
    });
  });

  it('with GRAY_INBOUND=ignore in a canary passes its own tag on', async () => {
    expect(await passed({ GRAY_INBOUND: 'ignore', GRAY_TAG: 'canary', GRAY_INTEROP: 'mse' })).toMatchObject({
      tagged: [null, [`baggage: gray_tag=canary,${MSE('canary')},a=1;p,b=2`, 'x-mse-tag: canary']],
      'all of them': [null, [`baggage: gray_tag=canary,${MSE('canary')},a=1`, 'x-mse-tag: canary']],
      nothing: [null, [`baggage: gray_tag=canary,${MSE('canary')}`, 'x-mse-tag: canary', 'x-other: 1']],
    });
  });

  it('with GRAY_KEY uses that name instead', async () => {
    expect(await passed({ GRAY_KEY: 'a', GRAY_TAG: 'canary' })).toMatchObject({
      tagged: ['1', ['baggage: a=1,gray_tag=gray,b=2']],
      nothing: [null, ['baggage: a=canary', 'x-other: 1']],
    });
  });
});
