import { afterAll, beforeAll, expect, it } from 'vitest';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

/** Of these the name and a main file: a stub is put in the place of that. */
const FAKES = {
  'rocketmq-client-nodejs': '1.0.8',
  next: '16.0.0',
  'nacos-naming': '2.6.3',
  'apache-dubbo-consumer': '4.0.0',
  'ali-ons': '3.12.0',
};
const LIBRARIES = ['undici', '@grpc/grpc-js', ...Object.keys(FAKES)];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: {
      // The newest undici that runs on every version of Node.js.
      undici: '^6',
      '@grpc/grpc-js': '^1.14.0',
      mockery: '^2.1.0',
      'mock-require': '^3.0.3',
      testdouble: '^3.20.2',
    },
    files: Object.fromEntries(
      Object.entries(FAKES).flatMap(([name, version]) => [
        [`node_modules/${name}/package.json`, JSON.stringify({ name, version, main: 'index.js' })],
        [`node_modules/${name}/index.js`, 'module.exports = { real: true };'],
      ]),
    ),
  });
});
afterAll(() => sandbox?.remove());

type Seen = Record<string, unknown>;

describeOnEachNode('stubs of libraries that a test puts in their place', node => {
  it('are used as without the agent, and gone when they are taken away', async () => {
    // In every 22 to 26.
    const mocks = node.major >= 22 ? ['--experimental-test-module-mocks', '--no-warnings'] : [];
    const app = { node, cwd: sandbox.directory, timeout: 100_000 };
    const args = [...mocks, 'loading/stubs.cjs', ...LIBRARIES];
    const [bare, agent] = await Promise.all([
      runJson<Seen>({ ...app, args }),
      runJson<Seen>({ ...app, env: { GRAY_TAG: 'gray' }, args: [...PRELOAD, ...args] }),
    ]);
    const { sent, ...stubs } = agent;
    const { sent: sentBare, ...stubsBare } = bare;
    expect(stubs).toEqual(stubsBare);
    // 7 or 8 ways, and whether it is one module.
    expect(Object.keys(stubs).length).toBeGreaterThanOrEqual(8 * LIBRARIES.length);
    expect(new Set(Object.values(stubs))).toEqual(new Set(['stub,stub,real', true]));
    expect([sentBare, sent]).toEqual([
      [true, []],
      [true, ['gray_tag=gray']],
    ]);
  }, 120_000);
});
