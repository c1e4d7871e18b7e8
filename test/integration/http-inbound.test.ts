import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeCertificate } from './certificate';
import { type ChildOptions, PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
  writeCertificate(sandbox, 'http');
});
afterAll(() => sandbox?.remove());

interface Seen {
  readonly counts: Record<string, number>;
  readonly wrong: readonly unknown[];
}

/** Every place that looks at the active tag; none may have been missed. */
const PLACES = `request|request data|request end|request close|request error|tick after request close|response finish|
  response close|timer|for await|await|transform|transform end|pipeline|late|late data|response to an outbound call|
  after outbound calls|data before abort|aborted|checkContinue|data after continue|checkExpectation|upgrade|upgrade data|
  upgrade end|upgrade close|connect|connect data|connect end|connect close|connection|connection close|client error`
  .split('|')
  .map(place => place.trim())
  .sort();

const check = async (app: Pick<ChildOptions, 'args' | 'node' | 'env'>) => {
  const { counts, wrong } = await runJson<Seen>({ cwd: sandbox.directory, ...app });
  expect(wrong).toEqual([]);
  expect(Object.keys(counts).sort()).toEqual(PLACES);
};

describeOnEachNode('an http or https server', node => {
  it('handles a request within its tag, and no other within it', async () => {
    await Promise.all([
      check({ node, args: [...PRELOAD, 'http/inbound-http.cjs'] }),
      check({ node, args: [...PRELOAD, 'http/inbound-https.mjs'] }),
    ]);
  });
});

it('in a canary an untagged request has no active tag, and goes on with the tag of the instance', async () => {
  await check({ env: { GRAY_TAG: 'canary' }, args: [...PRELOAD, 'http/inbound-http.cjs'] });
});

describeOnEachNode('requests that a server is asked for, by `on` or `once` of node:events', node => {
  it('are handled within their tag over HTTP/1 and HTTP/2, and leave none behind', async () => {
    const args = [...PRELOAD, 'http/awaited.mjs'];
    const { after, ...ways } = await runJson<Record<string, unknown>>({ node, cwd: sandbox.directory, args });
    // What a request carried, and what it was handled under, at once and later; and what the flow has in the end.
    const handled = [null, 'gray', 'blue', null, 'base', 'gray'].map(tag => [tag, tag, tag]);
    expect(Object.keys(ways).length).toBe(7);
    expect(ways).toEqual(Object.fromEntries(Object.keys(ways).map(name => [name, [handled, null]])));
    expect(after).toBe(null);
  });
});

describeOnEachNode('an error that is thrown while a request is handled', node => {
  it('has one line of stack more, under a tag one of AsyncLocalStorage besides', async () => {
    const app = { node, cwd: sandbox.directory };
    const [bare, agent] = await Promise.all([
      runJson<number[][]>({ ...app, args: ['http/stack-lines.cjs'] }),
      runJson<number[][]>({ ...app, args: [...PRELOAD, 'http/stack-lines.cjs'] }),
    ]);
    const more = agent.map((lines, request) => lines.map((count, at) => count - (bare[request]?.[at] ?? 0)));
    // At the end of a body nobody looks before a tag was seen.
    expect(more).toEqual([
      [1, 0],
      [2, 2],
      [1, 1],
    ]);
  });
});
