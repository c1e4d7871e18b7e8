import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { writeCertificate } from './certificate';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { expectOneMergedHeader } from './outbound-calls';
import { createSandbox, type Sandbox } from './sandbox';
import { placeUndici, UNDICI, undiciDependencies, undiciFor } from './undici-versions';

const GENERATIONS = UNDICI.map(({ major }) => major);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ dependencies: undiciDependencies(GENERATIONS) });
  writeCertificate(sandbox, 'http');
  placeUndici(sandbox, GENERATIONS);
});
afterAll(() => sandbox?.remove());

const compare = (node: NodeVersion, client: string) => expectOneMergedHeader(sandbox, client, { node });

describeOnEachNode('outbound calls carry one merged baggage header, untagged ones the very same bytes', node => {
  it.each(['http', 'https', 'fetch'])('%s', client => compare(node, client));

  for (const { major, since } of undiciFor(node)) {
    it(`undici ${major} (Node.js ${since} and later)`, () => compare(node, `v${major}`));
  }
});

describeOnEachNode('headers of undici reach composed interceptors as the kind that was given', node => {
  interface Call {
    readonly seen?: string;
    readonly error?: string;
    readonly sent?: { readonly baggage?: string };
  }
  /** What interceptors see of those that cannot be made once more. */
  const otherKinds: Readonly<Record<string, string>> = {
    'Headers of a class': 'Headers',
    iterable: 'Object',
    undefined: 'Object',
  };

  // 5 knows no interceptors that are composed.
  it.each(undiciFor(node).filter(({ major }) => major > 5))('undici $major', async ({ major }) => {
    const app = { node, cwd: sandbox.directory };
    const script = ['http/header-kinds.cjs', `v${major}`];
    const [bare, agent] = await Promise.all([
      runJson<Record<string, Call>>({ ...app, args: script }),
      runJson<Record<string, Call>>({ ...app, env: { GRAY_TAG: 'gray' }, args: [...PRELOAD, ...script] }),
    ]);
    expect(Object.keys(agent).length).toBeGreaterThanOrEqual(49);
    const expected = Object.entries(bare).map(([name, { seen, error, sent }]) => {
      const kind = otherKinds[name.split(',')[0] as string] ?? seen;
      if (sent === undefined) return [name, { seen: kind, error }];
      const baggage = ['gray_tag=gray', sent.baggage].filter(member => member !== undefined).join();
      return [name, { seen: kind, sent: { ...sent, baggage } }];
    });
    expect(agent).toEqual(Object.fromEntries(expected));
  });
});

describeOnEachNode('fetch of an application with a Response of its own', node => {
  it('carries the tag', async () => {
    const app = { node, cwd: sandbox.directory, env: { GRAY_TAG: 'gray' } };
    expect(await runJson({ ...app, args: [...PRELOAD, 'http/own-response.cjs'] })).toEqual([
      ['gray_tag=gray'],
      ['gray_tag=gray'],
    ]);
  });
});

describeOnEachNode('requests that wait for a connection carry the tag of their own caller', node => {
  it('http, fetch and every undici', async () => {
    const clients = ['http', 'fetch', ...undiciFor(node).map(({ major }) => `v${major}`)];
    const results: Record<string, unknown> = {};
    for (const client of clients) {
      const args = [...PRELOAD, 'http/queues.cjs', client];
      results[client] = await runJson({ node, cwd: sandbox.directory, args });
    }
    const clean = { count: expect.toSatisfy((count: number) => count >= 72), wrong: [] };
    expect(results).toEqual(Object.fromEntries(clients.map(client => [client, clean])));
  });
});

describeOnEachNode('requests that somebody holds back belong to the flow that made them', node => {
  it('every way to make one', async () => {
    const args = [...PRELOAD, 'http/held-back.cjs'];
    const result = await runJson<Record<string, unknown>>({ node, cwd: sandbox.directory, args });
    // The header that was sent, and the tag that the answer was handled under.
    const own = [[null, null], ...['gray', 'blue', 'base'].map(tag => [`gray_tag=${tag}`, tag])];
    expect(Object.keys(result).length).toBe(10);
    expect(result).toEqual(Object.fromEntries(Object.keys(result).map(name => [name, own])));
  });
});

describeOnEachNode('a connection that requests share', node => {
  it('does not hand the tag of the first of them to later ones', async () => {
    const args = [...PRELOAD, 'http/shared-connection.cjs'];
    // In callbacks: gray, untagged, blue, blue with AsyncResource.bind, untagged.
    const carried = [null, null, null, 'gray_tag=blue', null];
    expect(await runJson({ node, cwd: sandbox.directory, args })).toEqual({
      tcp: carried,
      tls: carried,
      'tls again': carried,
      errors: ['gray', null],
    });
  });
});

describeOnEachNode('a plain object as global dispatcher', node => {
  it('is handed calls that carry the tag', async () => {
    const args = [...PRELOAD, 'http/plain-dispatcher.cjs'];
    const app = { node, cwd: sandbox.directory, env: { GRAY_TAG: 'gray' } };
    expect(await runJson({ ...app, args })).toEqual([['gray_tag=gray'], ['gray_tag=gray']]);
  });
});

describeOnEachNode('a CONNECT to a proxy', node => {
  it.each(undiciFor(node))(
    'of node:http and undici $major carries no tag, what goes through the tunnel does',
    async ({ major }) => {
      const app = { node, cwd: sandbox.directory, env: { GRAY_TAG: 'gray' } };
      expect(await runJson({ ...app, args: [...PRELOAD, 'http/tunnel.cjs', `v${major}`] })).toEqual({
        connects: [null, null],
        got: ['gray_tag=gray', 'gray_tag=gray'],
      });
    },
  );
});

/** The copy of undici in Node.js must be able to talk to the one that the application installed: by major of Node.js. */
const GLOBAL_DISPATCHERS = new Map([
  [18, 6],
  [20, 6],
  [22, 6],
  [24, 7],
  [26, 8],
]);
describeOnEachNode(
  'the global fetch with a dispatcher that the application set',
  node => {
    const undici = `v${GLOBAL_DISPATCHERS.get(node.major)}`;
    it(`undici ${undici}`, async () => {
      const app = (order: string) =>
        runJson({ node, cwd: sandbox.directory, args: [...PRELOAD, 'http/dispatchers.cjs', undici, order] });
      const calls = [['a=1'], ['gray_tag=gray,a=1']];
      expect(await app('before')).toEqual([...calls, ...calls]);
      expect(await app('after')).toEqual([...calls, ...calls, ...calls]);
    });
  },
  ({ major }) => GLOBAL_DISPATCHERS.has(major),
);
