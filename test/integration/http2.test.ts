import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { writeCertificate } from './certificate';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';
import { type Expected, expectPropagated, type SeenCall } from './seen-calls';
import { placeUndici, undiciDependencies, undiciFor } from './undici-versions';

const GENERATIONS = [6, 8];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ dependencies: undiciDependencies(GENERATIONS) });
  writeCertificate(sandbox, 'http2');
  placeUndici(sandbox, GENERATIONS);
});
afterAll(() => sandbox?.remove());

interface Run {
  readonly script?: string;
  readonly node?: NodeVersion;
  readonly env?: Record<string, string>;
}

/** Runs the service; what was seen, by kind of call the version of HTTP or the error. */
async function check(expected: Expected, { script = 'http2/commonjs.cjs', node, env }: Run = {}) {
  const running = undiciFor(node ?? { major: 20 }).filter(({ major }) => GENERATIONS.includes(major));
  const undicis = running.map(({ major }) => `v${major}`);
  const calls = await runJson<readonly (SeenCall & { readonly result?: { readonly version?: string } })[]>({
    cwd: sandbox.directory,
    env: { NODE_EXTRA_CA_CERTS: sandbox.path('http2/cert.pem'), ...env },
    args: [...(expected.agent ? PRELOAD : []), script, '200', ...undicis],
    ...(node && { node }),
  });
  expectPropagated(calls, expected);
  return Object.fromEntries(calls.map(({ kind, result, error }) => [kind, error ?? result.version]));
}

describeOnEachNode('calls over HTTP/2 carry the tag of their caller once, and are handled within it', node => {
  it('streams, the compatibility API, HTTP/1 at the same port, fetch and undici', async () => {
    const bare = await check({ agent: false }, { node });
    // Lists of headers came with 22.
    const array = node.major < 22 ? 'ERR_INVALID_ARG_TYPE' : '2.0';
    const overHttp2 = { stream: '2.0', session: '2.0', compat: '2.0', secure: '2.0', bare: '2.0', array, v6: '2.0' };
    expect(bare).toMatchObject({ ...overHttp2, http1: '1.1' });
    const [commonjs, module] = await Promise.all([
      check({ agent: true }, { node }),
      check({ agent: true }, { node, script: 'http2/module.mjs' }),
    ]);
    expect([commonjs, module]).toEqual([bare, bare]);
  });
});

describeOnEachNode('what node:http2 exports', node => {
  it('is not called by the agent, which a stub would see, and makes no session more', async () => {
    const args = [...PRELOAD, 'http2/stubbed.cjs'];
    expect(await runJson({ node, cwd: sandbox.directory, args })).toEqual({
      calls: [],
      answers: [
        [null, null],
        ['gray_tag=gray', 'gray'],
      ],
      sessions: 2,
    });
  });
});

describe('headers under', () => {
  it.each<[string, Record<string, string>, Omit<Expected, 'agent'>]>([
    ['GRAY_TAG', { GRAY_TAG: 'canary' }, { instance: 'canary' }],
    ['GRAY_INTEROP=mse', { GRAY_INTEROP: 'mse' }, { mse: true }],
    ['GRAY_INBOUND=ignore', { GRAY_INBOUND: 'ignore' }, { ignore: true }],
  ])('%s', async (_name, env, expected) => {
    await check({ agent: true, ...expected }, { env });
  });
});

describeOnEachNode('node:http2', node => {
  it('is found however it was loaded', async () => {
    const app = { node, cwd: sandbox.directory, env: { GRAY_TAG: 'canary' } };
    for (const way of ['require', 'import', 'named', 'getBuiltinModule']) {
      const seen = await runJson({ ...app, args: [...PRELOAD, 'http2/loading.mjs', way] });
      expect({ [way]: seen }).toEqual({ [way]: ['gray_tag=canary', 'canary'] });
    }
  });

  it('is found by a server that another process calls, from its first connection on', async () => {
    for (const kind of ['plain', 'secure']) {
      const args = [...PRELOAD, 'http2/served.cjs', kind];
      const env = { NODE_EXTRA_CA_CERTS: sandbox.path('http2/cert.pem') };
      expect(await runJson({ node, cwd: sandbox.directory, env, args })).toEqual([null, 'gray', null]);
    }
  });

  it('untagged calls in a process without a tag are handled as they are', async () => {
    const seen = await runJson({ node, cwd: sandbox.directory, args: [...PRELOAD, 'http2/untagged.cjs'] });
    expect(seen).toEqual({ calls: 20, scopes: 0, followed: 0 });
  });
});
