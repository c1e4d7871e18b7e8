import { afterAll, beforeAll, expect, it } from 'vitest';
import { withoutTimes } from './agent-lines';
import { runOk } from './child';
import { describeOnEachNode } from './each-node';
import { writeParts } from './parts';
import { createSandbox, type Sandbox } from './sandbox';

/** A package of ES modules only, whose entry re-exports from inner files. */
const greeter = (name: string, version: string) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version, type: 'module', exports: './index.js' }),
  [`node_modules/${name}/index.js`]: `
    export { Greeter } from './lib/greeter.js';
    export { replaced } from './lib/replaced.js';
    export { broken } from './lib/broken.js';`,
  [`node_modules/${name}/lib/greeter.js`]: "export class Greeter { greet() { return 'hello'; } }",
  [`node_modules/${name}/lib/replaced.js`]: "export const replaced = () => 'original';",
  [`node_modules/${name}/lib/broken.js`]: "export const broken = () => 'works';",
});

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    files: {
      ...greeter('greeter', '1.2.3'),
      ...greeter('@scope/greeter', '1.0.0'),
      ...greeter('unknown-greeter', '2.0.0'),
    },
  });
  writeParts(sandbox, ['agent/agent', 'config/load', 'loader/install', 'foreign-objects/wrap']);
});
afterAll(() => sandbox?.remove());

describeOnEachNode('libraries that are ES modules', node => {
  it('are instrumented once, in the main thread and in workers; what fails is said and harmless', async () => {
    const { stdout, stderr } = await runOk({
      node,
      cwd: sandbox.directory,
      args: ['--require', './loading/es-module-hook.cjs', 'loading/es-module-hook.mjs'],
    });
    const expected = {
      greeter: 'hello, patched',
      scoped: 'hello, patched',
      unknown: 'hello',
      replaced: 'replaced',
      broken: 'works',
      isSame: true,
      patches: expect.toSatisfy(
        (patches: string[]) => patches.slice().sort().join() === '@scope/greeter 1.0.0,greeter 1.2.3',
      ),
    };
    expect(JSON.parse(stdout)).toEqual({ ...expected, worker: expected });
    const lines = [...new Set(withoutTimes(stderr).trim().split('\n'))].sort();
    expect(lines).toEqual([
      '[rocketmq-gray] warn: the hook of @scope/greeter/lib/broken.js 1.0.0 failed, the application goes on without it: broken hook',
      '[rocketmq-gray] warn: the hook of greeter/lib/broken.js 1.2.3 failed, the application goes on without it: broken hook',
      '[rocketmq-gray] warn: unknown-greeter 2.0.0 is not a version this agent knows (>=1.0.0 <2): it is left alone',
    ]);
  });
});
