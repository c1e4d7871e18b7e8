// `npm run test:one -- <file> [options of vitest]`: one file of tests, as quickly as can be. Builds what has changed, keeps servers
// warm from run to run, and runs on one version of Node.js and RocketMQ (TEST_NODE_VERSIONS and TEST_ROCKETMQ_VERSIONS name
// others).
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, prepare, say } from './prepare.mjs';

const VERSIONS = { TEST_NODE_VERSIONS: '22', TEST_ROCKETMQ_VERSIONS: '5.5.0' };
const LOG = join('.cache', 'servers.log');
const ANSWERS_WITHIN_MS = 10_000;

const args = process.argv.slice(2);
const file = args.find(arg => /\.test(\.ts)?$/.test(arg));
if (file === undefined) {
  console.error('npm run test:one -- <file>: for example test/integration/startup.test.ts');
  process.exit(2);
}
const project =
  ['unit', 'operations', 'environments', 'frameworks', 'clusters', 'java', 'kubernetes'].find(
    name => basename(dirname(file)) === name,
  ) ?? 'integration';
/** @type {Record<string, string | undefined>} */
const environment = { ...VERSIONS, ...process.env };
try {
  prepare.installDependencies();
  if (project !== 'unit') {
    prepare.buildAgentQuickly();
    prepare.buildFixtures();
    await prepare.installServersOnce();
    environment.TEST_TARBALL ??= prepare.pack();
    environment.TEST_WARM_SERVERS = await warmServers();
  }
} catch (error) {
  say(error instanceof Error ? error.message : `${error}`);
  process.exit(1);
}
const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const run = spawn(process.execPath, [vitest, 'run', '--project', project, ...args], {
  stdio: 'inherit',
  env: environment,
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => run.kill(signal));
run.once('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)));

/** The socket of the process that keeps servers warm: of one that runs, else of one that is started and ends when unused. */
async function warmServers() {
  const { socketPath, sourcesHash } = await fixture('warm-servers', 'place');
  const { askKeeper } = await fixture('warm-servers', 'take');
  const path = socketPath();
  const about = () => askKeeper(path, { about: true }).catch(() => undefined);
  const running = await about();
  if (running?.hash === sourcesHash()) return path;
  if (running !== undefined) {
    say('what starts servers has changed: those that are kept warm are started anew');
    await askKeeper(path, { end: true }).catch(() => {});
  }
  mkdirSync('.cache', { recursive: true });
  const log = openSync(LOG, 'w');
  const program = ['build/fixtures/warm-servers/run.js', '--in-background'];
  const keeper = spawn(process.execPath, program, { detached: true, stdio: ['ignore', log, log] });
  keeper.unref();
  const end = Date.now() + ANSWERS_WITHIN_MS;
  while ((await about()) === undefined) {
    if (Date.now() > end || keeper.exitCode !== null) throw new Error(`servers cannot be kept warm: see ${LOG}`);
    await sleep(50);
  }
  say(
    `servers are kept warm by process ${keeper.pid}, which ends when nobody used one for ten minutes (npm run servers -- --stop ends it now)`,
  );
  return path;
}
