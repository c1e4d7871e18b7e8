/** A copy that was put beside an application from outside, as the image does it: it never stops a start, and steps back. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBinaries, installNodeVersions, nodeBinary } from '../../fixtures/node-versions';
import { agentLines } from './agent-lines';
import { PRELOAD, run } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

const OLD = ['12', '16', '18.12.1'];
const APP = { 'app.js': "console.log('app runs');" };
const RUNS = { code: 0, stdout: 'app runs\n' };

let home: string;
/** Has the package itself; `bare` has none. */
let own: Sandbox;
let bare: Sandbox;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'rocketmq-gray-injected-'));
  const files = { ...APP, 'functions.js': "console.log(require('rocketmq-gray').activeTag() ?? 'app runs');" };
  [own, bare] = await Promise.all([createSandbox({ files }), createSandbox({ files: APP })]);
  const copy = join(home, 'node_modules', 'rocketmq-gray');
  cpSync(bare.agentDirectory, copy, { recursive: true });
  writeFileSync(join(copy, 'injected'), '');
  rmSync(bare.agentDirectory, { recursive: true });
  bare.write('package.json', JSON.stringify({ private: true, scripts: { start: 'node app.js' } }));
  await installNodeVersions(OLD);
});
afterAll(() => {
  for (const sandbox of [own, bare]) sandbox?.remove();
  rmSync(home, { recursive: true, force: true });
});

const register = () => join(home, 'node_modules', 'rocketmq-gray', 'register');

/** What becomes of a process that got the injected copy. */
async function outcome(sandbox: Sandbox, args: readonly string[], env: object = {}, options: object = {}) {
  const variables = { NODE_OPTIONS: `--require ${register()}`, ...env };
  const result = await run({ cwd: sandbox.directory, args, env: variables, ...options });
  return { code: result.code, stdout: result.stdout, lines: agentLines(result.stderr) };
}

describeOnEachNode('an injected copy', node => {
  const began = expect.stringMatching(/^tag gray, version /);
  const steppedBack = () =>
    expect.stringMatching(
      new RegExp(`^the application's own copy, \\S+ in ${own.agentDirectory}, runs in the place of`),
    );

  it('starts in an application that has none', async () => {
    expect(await outcome(bare, ['app.js'], { GRAY_TAG: 'gray' }, { node })).toEqual({ ...RUNS, lines: [began] });
  });

  it.each([
    ['which nobody preloads', ['app.js']],
    ['which the command line preloads too', [...PRELOAD, 'app.js']],
    ['whose functions are called', ['functions.js']],
  ])("lets the application's own copy run, with one line: one %s", async (_, args) => {
    const { lines, ...rest } = await outcome(own, args, { GRAY_TAG: 'gray' }, { node });
    expect(rest).toEqual(RUNS);
    expect(lines).toEqual([steppedBack(), began]);
  });

  it('finds it by the script, wherever the process was started', async () => {
    const { lines } = await outcome(bare, [own.path('app.js')], { GRAY_TAG: 'gray' }, { node });
    expect(lines).toEqual([steppedBack(), began]);
  });

  it('says nothing where it was preloaded after the other, or where nobody wants to read', async () => {
    const both = `--require rocketmq-gray/register --require ${register()}`;
    expect(await outcome(own, ['app.js'], { NODE_OPTIONS: both }, { node })).toMatchObject({
      ...RUNS,
      lines: [expect.stringMatching(/^baseline, /)],
    });
    for (const env of [{ GRAY_ENABLED: 'false' }, { GRAY_LOG_LEVEL: 'warn' }]) {
      expect(await outcome(own, ['app.js'], env, { node })).toEqual({ ...RUNS, lines: [] });
    }
  });
});

it('says one line in a container that runs npm', async () => {
  const { code, lines } = await outcome(bare, ['start', '--silent'], { GRAY_TAG: 'gray' }, { command: 'npm' });
  expect([code, lines]).toEqual([0, [expect.stringMatching(/^tag gray, version /)]]);
});

it('does nothing in a container without Node.js', async () => {
  const result = await outcome(bare, ['-c', 'echo app runs'], { GRAY_TAG: 'gray' }, { command: 'sh' });
  expect(result).toEqual({ ...RUNS, lines: [] });
});

describe.skipIf(!hasBinaries)(
  'on a Node.js that is too old (binaries of old versions are for Linux on x64 only)',
  () => {
    const line = expect.stringMatching(
      /^error: Node\.js \S+ is too old.*; this canary of gray goes on and is not kept apart$/,
    );

    it.each(OLD)('%s: a canary goes on, with one line', async name => {
      const node = { path: nodeBinary(name) };
      expect(await outcome(bare, ['app.js'], { GRAY_TAG: 'gray' }, { node })).toEqual({ ...RUNS, lines: [line] });
      // Unless it is told otherwise.
      const strict = await outcome(bare, ['app.js'], { GRAY_TAG: 'gray', GRAY_ON_FAILURE: 'exit' }, { node });
      expect(strict).toMatchObject({ code: 1, stdout: '' });
    });

    it('npm does not say it as well', async () => {
      bare.write('npm', "require('child_process').execFileSync(process.execPath, ['app.js'], { stdio: 'inherit' });");
      const node = { path: nodeBinary('16') };
      expect(await outcome(bare, ['npm'], { GRAY_TAG: 'gray' }, { node })).toEqual({ ...RUNS, lines: [line] });
    });
  },
);

it('that is not complete lets a canary go on, with one line', async () => {
  const broken = join(home, 'broken', 'rocketmq-gray');
  cpSync(join(home, 'node_modules', 'rocketmq-gray'), broken, { recursive: true });
  rmSync(join(broken, 'dist', 'start.js'));
  const env = { GRAY_TAG: 'gray', NODE_OPTIONS: `--require ${join(broken, 'register')}` };
  expect(await outcome(bare, ['app.js'], env)).toEqual({
    ...RUNS,
    lines: [expect.stringMatching(/cannot be loaded: .*; this canary of gray goes on and is not kept apart$/)],
  });
});
