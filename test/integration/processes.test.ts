/** Processes as people start them: too late, half installed, on an old Node.js, with variables that come later. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBinaries, installNodeVersions, nodeBinary } from '../../fixtures/node-versions';
import { agentLines } from './agent-lines';
import { PRELOAD, run, start as startServer } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

const TOO_OLD = ['12', '14', '16', '18.12.1'];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: { undici: '^6', 'rocketmq-client-nodejs': '^1.0.8' },
    files: {
      'app.js': "console.log('app runs');",
      'late.js': "require('rocketmq-client-nodejs'); require('rocketmq-gray/register'); console.log('app runs');",
      'late.mjs': "import 'undici'; import 'rocketmq-gray/register'; console.log('app runs');",
      'in-time.js': "require('rocketmq-gray/register'); require('rocketmq-client-nodejs'); console.log('app runs');",
      'dotenv.js':
        "process.env.GRAY_TAG = 'gray'; process.env.GRAY_KEY = 'k'; setTimeout(console.log, 50, 'app runs');",
      'dotenv-consumer.js': `
        process.env.GRAY_TAG = 'gray';
        const { PushConsumer } = require('rocketmq-client-nodejs');
        const options = { endpoints: '127.0.0.1:1', consumerGroup: 'group1', subscriptions: new Map([['T', '*']]) };
        new PushConsumer({ ...options, messageListener: { consume() {} } });
        console.log('consumer is made');
        process.exit();`,
    },
  });
  await installNodeVersions(TOO_OLD);
});
afterAll(() => sandbox?.remove());

const start = (args: readonly string[], env: Record<string, string> = {}, options: object = {}) =>
  run({ cwd: sandbox.directory, env, args, ...options });

/** What becomes of a process. */
async function outcome(...how: Parameters<typeof start>) {
  const { code, stdout, stderr } = await start(...how);
  return { code, stdout, lines: agentLines(stderr) };
}
const RUNS = { code: 0, stdout: 'app runs\n' };
const ENDS = { code: 1, stdout: '' };
const ENDS_AS = /; this canary of gray cannot be kept apart and ends \(GRAY_ON_FAILURE=continue lets it go on\)$/;
const GOES_ON_AS = /; this process of the baseline goes on and is not kept apart$/;

describe('the package in the place of its preload', () => {
  it.each([
    [['--require', 'rocketmq-gray', 'app.js']],
    [['-r', 'rocketmq-gray', 'app.js']],
    [['--import', 'rocketmq-gray', 'app.js']],
    [['--import', 'rocketmq-gray/register', 'app.js']],
    [['--require', 'rocketmq-gray', ...PRELOAD, 'app.js']],
  ])('%j starts the agent', async args => {
    expect(await outcome(args, { GRAY_TAG: 'gray' })).toEqual({
      ...RUNS,
      lines: [expect.stringMatching(/^tag gray, version /)],
    });
  });
});

describeOnEachNode('a library that was loaded before the agent', node => {
  it('is an error in a canary, a warning in the baseline', async () => {
    const says = (level: string, module: string) =>
      expect.stringMatching(
        new RegExp(
          `^${level}: loaded before the agent.*: ${module} \\(.*node --require rocketmq-gray/register app.js$`,
        ),
      );
    const begins = expect.stringContaining('version');
    const [gray, baseline, module] = await Promise.all([
      outcome(['late.js'], { GRAY_TAG: 'gray' }, { node }),
      outcome(['late.js'], {}, { node }),
      outcome(['late.mjs'], { GRAY_TAG: 'gray' }, { node }),
    ]);
    expect(gray).toMatchObject({ ...RUNS, lines: [begins, says('error', '.*rocketmq-client-nodejs')] });
    expect(baseline).toMatchObject({ ...RUNS, lines: [begins, says('warn', '.*rocketmq-client-nodejs')] });
    expect(module).toMatchObject({ ...RUNS, lines: [begins, says('error', 'undici')] });
  });

  it('is none where the agent comes first, also in code', async () => {
    const { lines } = await outcome(['in-time.js'], { GRAY_TAG: 'gray' }, { node });
    expect(lines).toEqual([expect.stringMatching(/^tag gray, version /)]);
  });
});

describe('a half-installed agent', () => {
  let copies: string;
  beforeAll(() => {
    copies = mkdtempSync(join(tmpdir(), 'rocketmq-gray-copies-'));
  });
  afterAll(() => rmSync(copies, { recursive: true, force: true }));

  /** A copy of the package without what `missing` names, in a place of its own. */
  const copyWithout = (name: string, missing: readonly string[]) => {
    const target = join(copies, name, 'rocketmq-gray');
    cpSync(sandbox.agentDirectory, target, { recursive: true });
    for (const path of missing) rmSync(join(target, path), { recursive: true, force: true });
    return join(target, 'register');
  };

  it.each<[string, readonly string[]]>([
    ['no dependencies', ['node_modules']],
    ['no dist', ['dist']],
    ['no preload in dist', ['dist/start.js']],
  ])('with %s: a canary ends with one line, a baseline goes on with one', async (name, missing) => {
    const args = ['--require', copyWithout(name.replaceAll(' ', '-'), missing), 'app.js'];
    const own = (lines: string[]) => lines.filter(line => !/^(baseline|tag gray), version /.test(line));
    const canary = await outcome(args, { GRAY_TAG: 'gray' });
    expect({ ...canary, lines: own(canary.lines) }).toEqual({
      ...ENDS,
      lines: [
        expect.stringMatching(
          /^error: (the require hook cannot be installed|the agent cannot be loaded): Cannot find module/,
        ),
      ],
    });
    expect(canary.lines.at(-1)).toMatch(ENDS_AS);

    const baseline = await outcome(args);
    expect({ ...baseline, lines: own(baseline.lines) }).toEqual({
      ...RUNS,
      lines: [expect.stringMatching(GOES_ON_AS)],
    });
    const goesOn = await outcome(args, { GRAY_TAG: 'gray', GRAY_ON_FAILURE: 'continue' });
    expect({ code: goesOn.code, stdout: goesOn.stdout }).toEqual(RUNS);
    expect(goesOn.lines.at(-1)).toMatch(/; this canary of gray goes on and is not kept apart$/);
    const strict = await outcome(args, { GRAY_ON_FAILURE: 'exit' });
    expect({ code: strict.code, stdout: strict.stdout }).toEqual(ENDS);
    expect(await outcome(args, { GRAY_TAG: 'gray', GRAY_ENABLED: 'false' })).toEqual({ ...RUNS, lines: [] });
  });
});

describe.skipIf(!hasBinaries)('a Node.js that is too old (binaries of old versions are for Linux on x64 only)', () => {
  const old = TOO_OLD.map(name => ({ name, path: nodeBinary(name) }));
  it.each(old)('$name: a canary ends, a baseline goes on, with one line each', async node => {
    const line = (what: RegExp) =>
      expect.stringMatching(
        new RegExp(`^error: Node\\.js ${node.name.split('.')[0]}\\.\\S+ is too old.*18\\.19${what.source}`),
      );
    expect(await outcome([...PRELOAD, 'app.js'], { GRAY_TAG: 'gray' }, { node })).toEqual({
      ...ENDS,
      lines: [line(/ or later; this canary of gray cannot/)],
    });
    const settings = JSON.stringify({ GRAY_TAG: 'gray', pm_err_log_path: sandbox.path(`pm2-${node.name}.log`) });
    const underPm2 = await outcome([...PRELOAD, 'app.js'], { pm2_env: settings }, { node });
    expect(underPm2).toEqual({ ...ENDS, lines: [] });
    expect(readFileSync(sandbox.path(`pm2-${node.name}.log`), 'utf8')).toContain(
      'this canary of gray cannot be kept apart',
    );
    sandbox.write('gray.json', '{ "tag": "gray", "logTo": "stdout" }');
    const byFile = await outcome([...PRELOAD, 'app.js'], { GRAY_CONFIG: 'gray.json' }, { node });
    expect(byFile).toMatchObject({ code: 1, stdout: expect.stringContaining('is too old'), lines: [] });
    expect(await outcome([...PRELOAD, 'app.js'], {}, { node })).toEqual({
      ...RUNS,
      lines: [line(/ or later; this process/)],
    });
    expect(await outcome([...PRELOAD, 'app.js'], { GRAY_ENABLED: 'false', GRAY_TAG: 'g' }, { node })).toEqual({
      ...RUNS,
      lines: [],
    });
  });
});

describeOnEachNode('a variable that is set after the agent has started', node => {
  it('is said to have no effect; a tag is an error', async () => {
    expect(await outcome([...PRELOAD, 'dotenv.js'], {}, { node })).toEqual({
      ...RUNS,
      lines: [
        expect.stringMatching(/^baseline/),
        expect.stringMatching(/^warn: GRAY_KEY=k was set after the agent had started/),
        expect.stringMatching(/^error: GRAY_TAG=gray was set after the agent had started.*--env-file\)$/),
      ],
    });
    expect((await outcome([...PRELOAD, 'dotenv.js'], { GRAY_TAG: 'gray', GRAY_KEY: 'k' }, { node })).lines).toEqual([
      expect.stringMatching(/^tag gray/),
    ]);
  });

  it('ends a process that takes itself for a canary, before it has a consumer in the group of the baseline', async () => {
    const env = { GRAY_LOG_LEVEL: 'error' };
    const ended = await outcome([...PRELOAD, 'dotenv-consumer.js'], env, { node });
    expect(ended).toEqual({ ...ENDS, lines: [expect.stringMatching(/^error: GRAY_TAG=gray was set after/)] });
    expect(ended.lines[0]).toMatch(ENDS_AS);
    const goesOn = await outcome([...PRELOAD, 'dotenv-consumer.js'], { ...env, GRAY_ON_FAILURE: 'continue' }, { node });
    expect(goesOn).toMatchObject({ code: 0, stdout: 'consumer is made\n' });
    expect(goesOn.lines).toEqual([expect.stringMatching(/this canary of gray goes on and is not kept apart$/)]);
  });
});

describe('where lines go', () => {
  it.each<[Record<string, string>, 'stdout' | 'stderr']>([
    [{}, 'stderr'],
    [{ GRAY_LOG_TO: 'stderr' }, 'stderr'],
    [{ GRAY_LOG_TO: 'stdout' }, 'stdout'],
    [{ GRAY_LOG_TO: 'stdout', GRAY_TAG: 'a_b' }, 'stdout'],
  ])('%j: to %s, with their time and process', async (env, name) => {
    const before = Date.now();
    const { stdout, stderr } = await start([...PRELOAD, '-p', 'process.pid'], env);
    const [line, other] = name === 'stdout' ? [stdout, stderr] : [stderr, stdout];
    expect(other).not.toContain('rocketmq-gray');
    const [, time, pid] = /^\[rocketmq-gray\] (\S+) (\d+) \S/m.exec(line) ?? [];
    expect(Date.parse(String(time))).toBeGreaterThanOrEqual(before);
    expect(time).toMatch(/Z$/);
    if (env.GRAY_TAG === undefined) expect(stdout).toMatch(new RegExp(`^${pid}$`, 'm'));
  });

  it('to a file, and to standard error with one warning where there can be none', async () => {
    const args = [...PRELOAD, 'app.js'];
    expect(await outcome(args, { GRAY_TAG: 'gray', GRAY_LOG_TO: 'logs.txt' })).toEqual({ ...RUNS, lines: [] });
    expect(agentLines(readFileSync(sandbox.path('logs.txt'), 'utf8'))).toEqual([expect.stringMatching(/^tag gray/)]);
    expect(await outcome(args, { GRAY_LOG_TO: 'none/logs.txt' })).toEqual({
      ...RUNS,
      lines: [expect.stringMatching(/^warn: GRAY_LOG_TO=none\/logs.txt: ENOENT/), expect.stringMatching(/^baseline/)],
    });
    expect(existsSync(sandbox.path('none'))).toBe(false);
  });
});

it('starts in no npm and no npx', async () => {
  const NODE_OPTIONS = `--require ${sandbox.agentDirectory}/register`;
  const npm = join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js');
  expect(existsSync(npm)).toBe(true);
  mkdirSync(sandbox.path('home'), { recursive: true });
  const env = { NODE_OPTIONS, GRAY_TAG: 'gray', HOME: sandbox.path('home') };
  const version = await start([npm, '--version'], env);
  expect(version).toMatchObject({ code: 0, stderr: '' });
  const script = JSON.stringify({ name: 'app', version: '1.0.0', scripts: { start: 'node app.js' } });
  sandbox.write('package.json', script);
  const { stdout, stderr } = await start([npm, 'start', '--silent'], env);
  expect(stdout).toContain('app runs');
  expect(agentLines(stderr)).toEqual([expect.stringMatching(/^tag gray/)]);
  const help = await start([join(sandbox.agentDirectory, 'dist/cli.js'), '--help'], env);
  expect(agentLines(help.stderr)).toEqual([]);
});

it('warns of each malformed tag of requests once', async () => {
  sandbox.write(
    'server.js',
    "require('http').createServer((q, s) => s.end('ok')).listen(0, '127.0.0.1', function () { console.log(this.address().port); });",
  );
  const server = startServer({ cwd: sandbox.directory, args: [...PRELOAD, 'server.js'] });
  const port = await server.waitFor(/^\d+$/);
  for (const baggage of ['gray_tag=a_b', 'gray_tag=a_b', 'gray_tag=gray', 'gray_tag=c d']) {
    await (await fetch(`http://127.0.0.1:${port}/`, { headers: { baggage } })).text();
  }
  await server.waitFor('c d');
  expect(agentLines(server.stderr)).toEqual([
    expect.stringMatching(/^baseline/),
    expect.stringMatching(/^warn: a malformed tag in the baggage header .* was dropped: gray_tag=a_b; allowed: /),
    expect.stringMatching(/dropped: gray_tag=c d; allowed: /),
  ]);
  await server.stop();
});
