/** What the README and docs/getting-started.md tell people to type first, to the letter, on a real RocketMQ. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { freePort } from '../../fixtures/servers/free-ports';
import { until } from '../../fixtures/servers/until';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { pattern, stepsOf } from './documented-blocks';

/** npm fetches packages; a stand-in takes over from a canary that ended. */
const COMMANDS_MS = 240_000;
const LINES_MS = 60_000;

let rocketmq: Rocketmq;
let directory: string;
let shell: ChildProcess | undefined;
beforeAll(async () => {
  rocketmq = await takeRocketmq();
  // As docs/getting-started.md says. The pages share them, as they do with a reader who goes on from one to the other.
  await rocketmq.createTopic('TEST_MQ');
  await rocketmq.createGroup('group1');
});
afterEach(() => {
  // The services in its background, too.
  if (shell?.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});
afterAll(() => rocketmq?.stop());

/** The page with what is the reader's own: addresses, ports, and a package that is not published yet. */
async function filledIn(page: string): Promise<string> {
  const own: Record<string, string> = {
    '127.0.0.1:9876': rocketmq.namesrv,
    '127.0.0.1:8081': rocketmq.endpoints,
    '3000': String(await freePort()),
    '3001': String(await freePort()),
  };
  const text = page.replaceAll(/^(npm (?:.* )?install .*)\brocketmq-gray\b/gm, `$1${inject('tarball')}`);
  return text.replaceAll(/127\.0\.0\.1:(9876|8081)|\b300[01]\b/g, found => own[found] ?? found);
}

interface Terminal {
  type(commands: string): void;
  /** Waits for a line. @throws with all that was seen when the shell ends, or nothing comes in time */
  waitFor(line: string, timeoutMs: number): Promise<void>;
}

function openTerminal(): Terminal {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH: `${dirname(process.execPath)}:${PATH}`, HOME, npm_config_prefer_offline: 'true' };
  // A command that fails ends it.
  const child = spawn('bash', ['-e'], { cwd: directory, env, detached: true, stdio: 'pipe' });
  shell = child;
  let seen = '';
  let end: string | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', data => {
      seen += data;
    });
  child.once('exit', (code, signal) => {
    end = `the shell ended with ${code ?? signal}`;
  });
  return {
    type: commands => child.stdin.write(commands),
    async waitFor(line, timeoutMs) {
      const wanted = pattern(line);
      await until(
        line,
        timeoutMs,
        async () => wanted.test(seen),
        () => end,
      ).catch(error => {
        throw new Error(`${error.message}\n${seen}`);
      });
    },
  };
}

it.each(['README.md', 'docs/getting-started.md'])(
  '%s works as it is written',
  async file => {
    directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-documented-'));
    const steps = stepsOf(await filledIn(readFileSync(join(PROJECT_ROOT, file), 'utf8')));
    expect(steps.flatMap(step => step.output)).not.toEqual([]);
    const terminal = openTerminal();
    for (const [index, { commands, output }] of steps.entries()) {
      terminal.type(`${commands}\necho step ${index} is done\n`);
      await terminal.waitFor(`step ${index} is done`, COMMANDS_MS);
      for (const line of output) await terminal.waitFor(line, LINES_MS);
    }
  },
  600_000,
);
