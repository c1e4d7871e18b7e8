import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NodeVersion, nodeVersion } from '../../fixtures/node-versions';
import { writeCertificate } from './certificate';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
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

/** By form, existing headers and tag: the requests that were sent. */
type Sent = Record<string, readonly { readonly bytes: string; readonly baggage: readonly string[] }[]>;

const withoutBaggage = (bytes: string) => bytes.replace(/^baggage:.*\r\n/gim, '');

/** What the agent must make of the application's own baggage headers. */
function merged(tag: string, own: readonly string[]): string[] {
  const members = own
    .join(',')
    .split(',')
    .filter(member => !member.trim().startsWith('gray_tag='))
    .join(',');
  return [members === '' ? `gray_tag=${tag}` : `gray_tag=${tag},${members}`];
}

/** Runs every form of the client with and without the agent, and holds one against the other. */
async function compare(node: NodeVersion, client: string): Promise<void> {
  const app = { node, cwd: sandbox.directory, timeout: 60_000 };
  const script = ['http/outbound.cjs', client];
  const [bare, agent] = await Promise.all([
    runJson<Sent>({ ...app, args: script }),
    runJson<Sent>({ ...app, args: [...PRELOAD, ...script] }),
  ]);
  const names = Object.keys(bare);
  expect(Object.keys(agent)).toEqual(names);
  expect(names.length).toBeGreaterThan(40);
  const expected: Sent = {};
  const got: Sent = {};
  for (const name of names) {
    const tag = name.split(' | ')[2] as string;
    const [without, withAgent] = [bare[name] ?? [], agent[name] ?? []];
    if (tag === 'untagged') {
      expected[name] = without;
      got[name] = withAgent;
    } else {
      expected[name] = without.map(({ bytes, baggage }) => ({
        bytes: withoutBaggage(bytes),
        baggage: merged(tag, baggage),
      }));
      got[name] = withAgent.map(({ bytes, baggage }) => ({ bytes: withoutBaggage(bytes), baggage }));
    }
  }
  expect(got).toEqual(expected);
}

describeOnEachNode('outbound calls carry one merged baggage header, untagged ones the very same bytes', node => {
  it.each(['http', 'https', 'fetch'])('%s', client => compare(node, client));

  for (const { major, since } of undiciFor(node)) {
    it(`undici ${major} (Node.js ${since} and later)`, () => compare(node, `v${major}`));
  }
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

// The copy of undici in Node.js must be able to talk to the one that the application installed.
const GLOBAL_DISPATCHERS = [
  [18, 6],
  [20, 6],
  [22, 6],
  [24, 7],
  [26, 8],
] as const;
describe('the global fetch with a dispatcher that the application set', () => {
  for (const [major, undici] of GLOBAL_DISPATCHERS) {
    const node = nodeVersion(major);
    it.skipIf(node === undefined)(
      `undici ${undici} in Node.js ${major} (skipped where that version is not there)`,
      async () => {
        const app = (order: string) =>
          runJson({
            node: node as NodeVersion,
            cwd: sandbox.directory,
            args: [...PRELOAD, 'http/dispatchers.cjs', `v${undici}`, order],
          });
        const calls = [['a=1'], ['gray_tag=gray,a=1']];
        expect(await app('before')).toEqual([...calls, ...calls]);
        expect(await app('after')).toEqual([...calls, ...calls, ...calls]);
      },
    );
  }
});
