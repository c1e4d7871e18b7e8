import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start } from './child';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ files: { 'data/file.txt': 'text' } });
});
afterAll(() => sandbox?.remove());

const node = (script: string) => ({ cwd: sandbox.directory, args: ['-e', script] });

describe('a child process', () => {
  it('sees nothing of the outer environment', async () => {
    process.env.GRAY_TAG = 'outer';
    try {
      const { stdout } = await run(
        node('console.log(Object.keys(process.env).filter(name => name !== "PATH").join())'),
      );
      expect(stdout.trim()).toBe('');
    } finally {
      delete process.env.GRAY_TAG;
    }
  });

  it('can be waited for and stopped, and shows what it printed when it fails', async () => {
    const child = start(node('console.log("up"); console.error("oops"); setInterval(() => {}, 1000)'));
    expect(await child.waitFor('u')).toBe('up');
    expect(await child.waitFor(/^oops$/)).toBe('oops');
    await expect(child.waitFor('never', 50)).rejects.toThrow(/did not print never[\s\S]*up[\s\S]*oops/);
    expect((await child.stop()).signal).toBe('SIGTERM');
    await expect(child.waitFor('never')).rejects.toThrow('ended (SIGTERM) before never');
  });

  it('is killed when it takes too long, with the processes it started', async () => {
    // The second process holds the same pipe: the first one's end is seen only when both are gone.
    const script = `
      require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`;
    await expect(run({ ...node(script), timeout: 1000 })).rejects.toThrow('did not end within 1000 ms');
  });
});

it('a sandbox holds the packed package, files and apps', async () => {
  const script = `
    const { existsSync, readFileSync } = require('node:fs');
    console.log(JSON.stringify([readFileSync('data/file.txt', 'utf8'), require.resolve('rocketmq-gray'), existsSync('node_modules/rocketmq-gray/src'), existsSync('README.md')]));`;
  const { stdout } = await run(node(script));
  expect(JSON.parse(stdout)).toEqual(['text', sandbox.path('node_modules/rocketmq-gray/dist/index.js'), false, true]);
});
