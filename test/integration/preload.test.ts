import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRELOAD, run, start } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox?.remove());

describeOnEachNode('the preload', node => {
  it('says at start which environment the process belongs to', async () => {
    const env = { GRAY_TAG: 'gray' };
    const { code, stdout, stderr } = await run({
      node,
      env,
      cwd: sandbox.directory,
      args: [...PRELOAD, '-e', 'console.log(process.version)'],
    });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^v${node.name}\\.?`)),
      stderr: expect.stringMatching(/^\[rocketmq-gray\] tag gray, version \S+\n$/),
    });
  });
});

describe('harness', () => {
  it('waits for a line, stops a process and shows what it printed', async () => {
    const child = start({
      cwd: sandbox.directory,
      args: ['-e', 'console.log("up"); console.error("oops"); setInterval(() => {}, 1000)'],
    });
    await child.waitFor('up');
    await child.waitFor(/^oops$/);
    await expect(child.waitFor('never', 50)).rejects.toThrow(/did not print never[\s\S]*up[\s\S]*oops/);
    expect((await child.stop()).signal).toBe('SIGTERM');
  });
});
