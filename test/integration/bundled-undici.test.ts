import { afterAll, beforeAll, expect, it } from 'vitest';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ dependencies: { 'undici-by-another-name': 'npm:undici@^6' } });
});
afterAll(() => sandbox?.remove());

/** Since which version of Node.js there is one, and the option that it needs. */
const WAYS: readonly { way: string; since?: number; flag?: (major: number) => string | undefined }[] = [
  { way: 'fetch' },
  { way: 'WebSocket', since: 20, flag: major => (major === 20 ? '--experimental-websocket' : undefined) },
  { way: 'http.WebSocket', since: 22 },
  { way: 'EventSource', since: 20, flag: major => (major < 20 ? undefined : '--experimental-eventsource') },
  { way: 'the dispatcher itself' },
  { way: 'another of its class' },
  { way: 'a copy under another name' },
  { way: 'a look that loads nothing' },
];

describeOnEachNode('the undici in Node.js carries the tag from its first use on', node => {
  it.each(WAYS)('$way', async ({ way, since = 0, flag }) => {
    const option = flag?.(node.major);
    const args = [...PRELOAD, ...(option === undefined ? [] : [option]), 'http/bundled-undici.cjs', way];
    const baggage = await runJson({ node, cwd: sandbox.directory, args });
    expect(baggage).toEqual(node.major < since ? null : ['gray_tag=gray', 'none']);
  });

  it('also where it was loaded before the agent', async () => {
    const app = { node, cwd: sandbox.directory };
    expect(await runJson({ ...app, args: ['http/bundled-undici.cjs', 'an agent that comes later'] })).toEqual([
      'gray_tag=gray',
      'none',
    ]);
    // Node.js 24 and later load it at the start for that.
    const env = { NODE_USE_ENV_PROXY: '1', NO_PROXY: '127.0.0.1', HTTP_PROXY: 'http://127.0.0.1:9' };
    const args = [...PRELOAD, 'http/bundled-undici.cjs', 'the dispatcher itself'];
    expect(await runJson({ ...app, args, env })).toEqual(['gray_tag=gray', 'none']);
  });

  it.each(['loaded', 'assigned'])(
    'where it shares its dispatcher everything looks as without the agent: %s',
    async way => {
      const app = (args: readonly string[]) =>
        runJson({ node, cwd: sandbox.directory, args: [...args, 'http/shared-places.cjs', way] });
      const [bare, agent] = await Promise.all([app([]), app(PRELOAD)]);
      expect(agent).toEqual(bare);
    },
  );
});
