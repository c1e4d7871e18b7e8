import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildResult, run, start } from './child';
import { createSandbox, type Sandbox } from './sandbox';

/** Says how it was started; ends when it is asked to. */
const APP = `
const [order] = process.argv.slice(2);
if (order === 'stay') {
  process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
  setInterval(() => {}, 1_000);
} else process.exitCode = Number(order ?? 0);
console.log(JSON.stringify({ tag: process.env.GRAY_TAG, args: process.argv.slice(2) }));
`;

let sandbox: Sandbox;
let script: string;
beforeAll(async () => {
  sandbox = await createSandbox();
  script = sandbox.commandLine;
  sandbox.write('my app/app.js', APP);
});
afterAll(() => sandbox?.remove());

function call(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildResult> {
  return run({ args: [script, 'run', ...args], cwd: sandbox.directory, env });
}

describe('rocketmq-gray run', () => {
  it('starts a command as an environment, says which one, and ends as it ends', async () => {
    const { code, stdout, stderr } = await call([
      '--tag',
      'dev-alice',
      '--',
      'node',
      'my app/app.js',
      '3',
      '--tag',
      'x',
    ]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({ tag: 'dev-alice', args: ['3', '--tag', 'x'] });
    expect(stderr).toMatch(/^rocketmq-gray: node my app\/app\.js 3 --tag x runs as dev-alice \(--tag\)$/m);
    expect(stderr).toMatch(
      /^rocketmq-gray: its consumer groups end with _dev-alice, .+ gray_tag=dev-alice; name servers: those of the application$/m,
    );
    expect(stderr).toMatch(/GRAY-101 tag dev-alice/);
  });

  it('has a tag by itself, that of GRAY_TAG first, and keeps the options of Node.js', async () => {
    const app = ['node', 'my app/app.js'];
    const own = await call(app, { NODE_OPTIONS: '--title=mine', GRAY_ENABLED: 'false' });
    expect(own.stderr).toMatch(new RegExp(`runs as \\S+ \\(user ${userInfo().username}\\)$`, 'm'));
    expect(own.stderr).toContain('GRAY-101');
    const set = await call(app, { GRAY_TAG: 'pr-42', GRAY_MQ_NAMESRV: '127.0.0.1:9876' });
    expect(set.stderr).toMatch(/runs as pr-42 \(GRAY_TAG\)$/m);
    expect(set.stderr).toContain('name servers: 127.0.0.1:9876');
    expect(JSON.parse(set.stdout)).toMatchObject({ tag: 'pr-42' });
  });

  it('passes on that it is to end', async () => {
    const child = start({
      args: [script, 'run', '--tag', 'dev-alice', '--', 'node', 'my app/app.js', 'stay'],
      cwd: sandbox.directory,
      env: {},
    });
    await child.waitFor('"stay"');
    await child.stop('SIGTERM');
    expect(child.stdout).toContain('asked to end');
  });

  it.each([
    [[], 2, "missing required argument 'command'"],
    [['--tag', 'a_b', '--', 'node'], 2, "option '--tag <tag>' argument 'a_b' is invalid"],
    [['--tag', 'base', '--', 'node'], 2, 'base is reserved'],
    [['--', 'no-such-command'], 127, 'cannot start no-such-command: there is no such command'],
    [['--', '.'], 126, 'cannot start .'],
  ])('%j: exit code %i, and says why', async (args, code, problem) => {
    const { stderr, ...result } = await call(args);
    expect(result.code).toBe(code);
    expect(stderr).toContain(problem);
  });
});
