/** What a process tells of itself by its local socket (GRAY_STATUS), and how it is found. No broker is needed. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessReport } from '../../src/process-status/process-report';
import { PRELOAD, type RunningChild, run, start } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

const app = 'status/app.cjs';
let sandbox: Sandbox;
let directories = 0;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: { undici: '^7' },
    files: {
      'gray.json': '{ "status": "by-file.sock", "mqIgnoreTags": ["old"] }',
      'node_modules/ali-ons/package.json': '{ "name": "ali-ons", "version": "9.9.9" }',
      'node_modules/ali-ons/index.js': '',
      // A known version that is not what it should be.
      'node_modules/nacos-naming/package.json': '{ "name": "nacos-naming", "version": "2.6.0" }',
      'node_modules/nacos-naming/index.js': 'require("./lib/naming/client.js");',
      'node_modules/nacos-naming/lib/naming/client.js': 'module.exports = class {};',
    },
  });
});
afterAll(() => sandbox?.remove());

/** A directory of its own: sockets of other tests are no concern. */
function directory(): string {
  const path = sandbox.path(`run${++directories}`);
  mkdirSync(path);
  return path;
}

interface Who {
  readonly kind: string;
  readonly pid: number;
  readonly thread: number;
  readonly port: number;
}

const preloaded = (status: string, ...args: string[]) => ({
  cwd: sandbox.directory,
  env: { GRAY_STATUS: status },
  args: [...PRELOAD, app, ...args],
});
const who = async (child: RunningChild, kind = 'alone') => JSON.parse(await child.waitFor(`"kind":"${kind}"`)) as Who;
/** Asks it to end by itself, as an application does that shuts down. */
const end = async (child: RunningChild) => {
  await fetch(`http://127.0.0.1:${(await who(child)).port}/end`);
  await child.ended;
};

const status = (target: string | number, json = false, env: Record<string, string> = {}) =>
  run({
    cwd: sandbox.directory,
    env,
    args: [join(sandbox.agentDirectory, 'dist', 'cli.js'), 'status', `${target}`, ...(json ? ['--json'] : [])],
  });
const report = async (target: string | number, env: Record<string, string> = {}): Promise<ProcessReport> => {
  const { code, stdout, stderr } = await status(target, true, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as ProcessReport;
};
/** What nobody listens at any more: left by a process that was killed. */
async function staleSocket(path: string): Promise<void> {
  const child = start(preloaded(path));
  await who(child);
  await child.stop('SIGKILL');
  expect(statSync(path).isSocket()).toBe(true);
}

describe('one process', () => {
  it('tells who it is, its settings with where each is from, and which libraries it found', async () => {
    const child = start({
      cwd: sandbox.directory,
      env: { GRAY_CONFIG: 'gray.json', MSE_ALICLOUD_SERVICE_TAG: 'gray' },
      args: [...PRELOAD, app],
    });
    const { pid, port } = await who(child);
    await fetch(`http://127.0.0.1:${port}/`, { headers: { baggage: 'gray_tag=a_b' } });
    const found = await report(pid);
    expect(statSync(sandbox.path('by-file.sock')).mode & 0o777).toBe(0o600);
    expect(found).toMatchObject({
      format: 1,
      tag: 'gray',
      process: { pid, thread: 0, script: sandbox.path(app), node: process.versions.node },
      hasMeterProvider: false,
      consumers: [],
      counts: {
        messagesSince: expect.any(Number),
        malformedTags: [{ carrier: 'baggage', count: 1 }],
        hookErrors: [{ hook: 'the hook of nacos-naming/lib/naming/client.js 2.6.0', count: 1 }],
      },
    });
    const path = 'gray.json';
    expect(Object.fromEntries(found.settings.map(({ name, value, source }) => [name, [value, source]]))).toMatchObject({
      tag: ['gray', { from: 'environment', variable: 'MSE_ALICLOUD_SERVICE_TAG' }],
      status: ['by-file.sock', { from: 'file', path }],
      mqIgnoreTags: [['old'], { from: 'file', path }],
      mqBaseline: ['auto', { from: 'default' }],
      mqNamesrv: [null, { from: 'default' }],
    });
    const libraries = Object.fromEntries(found.libraries.map(one => [one.module, one]));
    expect(libraries).toMatchObject({
      undici: { isKnown: true, failed: [], directory: sandbox.path('node_modules/undici') },
      'ali-ons': { version: '9.9.9', isKnown: false, patched: [], versions: '>=2.0.0 <4' },
      'nacos-naming': { version: '2.6.0', isKnown: true, patched: [], failed: ['lib/naming/client.js'] },
    });
    expect(libraries.undici?.patched.length).toBeGreaterThan(0);

    const { stdout } = await status('by-file.sock');
    expect(stdout).toContain(`process ${pid}: rocketmq-gray ${found.version}, tag gray\n`);
    expect(stdout).toMatch(/GRAY_MQ_IGNORE_TAGS +old +file, gray\.json/);
    expect(stdout).toMatch(/ali-ons +9\.9\.9 +left alone/);

    await end(child);
    expect(existsSync(sandbox.path('by-file.sock'))).toBe(false);
    const gone = await status(pid);
    expect(gone).toMatchObject({ code: 2, stdout: '' });
    expect(gone.stderr).toContain('GRAY_STATUS=<path>');
  });

  it('takes the path of one that was killed, not of one that lives, not what is no socket', async () => {
    const path = join(directory(), 'gray.sock');
    await staleSocket(path);
    const first = start(preloaded(path));
    const second = start(preloaded(path));
    const pids = [(await who(first)).pid, (await who(second)).pid];
    await until(() => existsSync(path) && pids.some(pid => existsSync(`${path}.${pid}`)));
    // Each is found by its id, whichever was first.
    for (const pid of pids) expect((await report(pid)).process.pid).toBe(pid);
    await end(second);
    expect((await report(pids[0] as number)).process.pid).toBe(pids[0]);
    await end(first);
    expect(readdirSync(join(path, '..'))).toEqual([]);

    writeFileSync(path, 'mine');
    const { code, stderr } = await run({ ...preloaded(path), args: [...PRELOAD, '-e', 'setTimeout(() => {}, 200)'] });
    expect([code, readFileSync(path, 'utf8')]).toEqual([0, 'mine']);
    expect(stderr).toContain(`warn: GRAY_STATUS=${path}: ${path} is there, and is no socket; the process goes on`);
  });

  it('has a socket also when many start at once where one was killed', async () => {
    for (let round = 0; round < 3; round++) {
      const path = join(directory(), 'gray.sock');
      await staleSocket(path);
      const children = Array.from({ length: 6 }, () => start(preloaded(path)));
      const pids = (await Promise.all(children.map(child => who(child)))).map(({ pid }) => pid);
      await until(() => existsSync(path) && pids.filter(pid => existsSync(`${path}.${pid}`)).length === 5);
      for (const pid of pids) expect((await report(pid)).process.pid).toBe(pid);
      await Promise.all(children.map(end));
      expect(readdirSync(join(path, '..'))).toEqual([]);
    }
  });

  it.each<[string, () => string]>([
    ['is too long', () => `/tmp/${'x'.repeat(120)}.sock`],
    ['there is no directory', () => sandbox.path('nowhere/')],
    ['there is no directory', () => sandbox.path('nowhere/gray.sock')],
  ])('whose socket cannot be opened (%s) goes on, with one warning', async (problem, path) => {
    const { code, stdout, stderr } = await run({
      ...preloaded(path()),
      args: [...PRELOAD, '-e', 'console.log("runs")'],
    });
    expect([code, stdout]).toEqual([0, 'runs\n']);
    const lines = stderr.split('\n').filter(line => line.includes('GRAY_STATUS'));
    expect(lines).toEqual([expect.stringContaining(problem)]);
  });
});

describeOnEachNode('a socket', node => {
  it('is there before the application runs, for its user alone, keeps nothing alive, and is gone afterwards', async () => {
    const path = join(directory(), 'gray.sock');
    const script = `
      const { existsSync, statSync } = require('node:fs');
      const [, path] = process.argv;
      if (existsSync(path)) console.log((statSync(path).mode & 0o777).toString(8), statSync(path).isSocket());
      process.on('exit', () => console.log(existsSync(path)));`;
    const app = { node, cwd: sandbox.directory, args: [...PRELOAD, '-e', script, path] };
    expect(await run(app)).toMatchObject({ code: 0, stdout: 'false\n' });
    expect(await run({ ...app, env: { GRAY_STATUS: path } })).toMatchObject({ code: 0, stdout: '600 true\nfalse\n' });
    expect(existsSync(path)).toBe(false);
  });
});

describe('a family of processes', () => {
  it('has a socket for each of them in a directory, from which those of dead ones are removed', async () => {
    const path = directory();
    const dead = join(path, 'rocketmq-gray-1.sock');
    await staleSocket(dead);
    utimesSync(dead, new Date(0), new Date(0));
    // Somebody else's, and alive though it looks old.
    const alive = join(path, 'rocketmq-gray-2.sock');
    const server = createServer(socket => socket.destroy());
    await new Promise<void>(resolve => server.listen(alive, resolve));
    utimesSync(alive, new Date(0), new Date(0));
    try {
      const child = start(preloaded(path, 'family'));
      const kinds = ['family', 'forked', 'clustered', 'thread'];
      const members = await Promise.all(kinds.map(kind => who(child, kind)));
      const [family, forked, clustered, thread] = members as [Who, Who, Who, Who];
      expect(thread.pid).toBe(family.pid);
      const name = ({ pid, thread }: Who) => `rocketmq-gray-${pid}${thread === 0 ? '' : `-${thread}`}.sock`;
      const expected = [...members.map(name), 'rocketmq-gray-2.sock'].sort();
      await until(() => readdirSync(path).sort().join() === expected.join());
      for (const member of [family, forked, clustered]) {
        expect((await report(member.pid)).process).toMatchObject({ pid: member.pid, thread: 0 });
      }
      const ofThread = join(path, name(thread));
      expect((await report(ofThread)).process).toMatchObject({ pid: family.pid, thread: thread.thread });
      expect((await status(family.pid)).stdout).toContain(`a worker thread tells of itself at ${ofThread}\n`);
      const several = await status(path);
      expect([several.code, several.stderr]).toEqual([2, expect.stringContaining('has several')]);
    } finally {
      server.close();
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error('not within 20 s');
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
