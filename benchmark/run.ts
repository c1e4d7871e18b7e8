/** `npm run bench [-- options]` (options.ts): what the agent costs, beside bare Node.js and beside others. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { installApplication } from '../fixtures/applications/install';
import { installNodeVersions, NODE_VERSIONS } from '../fixtures/node-versions';
import { type Rocketmq, startRocketmq } from '../fixtures/rocketmq';
import { SERVICE_CLIENTS, serviceOf } from '../fixtures/rocketmq-clients/clients';
import { timedProgress } from '../fixtures/servers/progress';
import { runInterruptibly } from '../fixtures/servers/run-interruptibly';
import { serverProcesses } from '../fixtures/servers/server-processes';
import { judge } from './comparison';
import { type Figures, withEarlier } from './earlier';
import type { Measured } from './measurement';
import { type Options, parseOptions } from './options';
import { picture } from './picture';
import { goalTable, type Machine, markdown, pictureName, type Run } from './report';
import { SCENARIOS } from './scenarios';

const DEPENDENCIES = {
  ...Object.assign({}, ...SERVICE_CLIENTS.map(client => serviceOf(client).dependencies)),
  autocannon: '8.0.0',
  express: '5.1.0',
  ms: '2.1.3',
  nacos: '2.6.3',
  undici: '7.16.0',
  'dd-trace': '5.132.0',
  // Beside the agent's own, as in any application with OpenTelemetry.
  '@opentelemetry/api': '1.9.0',
  '@opentelemetry/core': '2.12.0',
  '@opentelemetry/instrumentation': '0.223.0',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/instrumentation-undici': '0.33.0',
  '@opentelemetry/sdk-trace-base': '2.12.0',
  '@opentelemetry/sdk-trace-node': '2.12.0',
};

const FIGURES = 'benchmark.json';
const say = timedProgress(6);

async function run(options: Options, signal: AbortSignal): Promise<boolean> {
  const { nodes, only, rounds, workMs, requests, out } = options;
  const names = Object.keys(SCENARIOS).filter(name => only.length === 0 || only.some(part => name.includes(part)));
  say(`${names.length} scenarios on Node.js ${nodes.join(', ')}: ${rounds} rounds`);
  await installNodeVersions(nodes);
  const processes = serverProcesses('rocketmq-gray-bench-');
  let starting: Promise<Rocketmq> | undefined;
  const rocketmq = () => {
    starting ??= startRocketmq({ onProgress: say });
    return starting;
  };
  try {
    await installApplication({
      directory: processes.directory,
      apps: 'benchmark/apps',
      dependencies: DEPENDENCIES,
      withAgent: true,
      signal,
      onProgress: say,
    });
    const runs = NODE_VERSIONS.filter(({ name }) => nodes.includes(name)).map(node => ({
      node: execFileSync(node.path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim(),
      version: node,
      measured: [] as Measured[],
    }));
    const earlier = figuresIn(out);
    for (const name of names) {
      for (const { version: node, measured } of runs) {
        say(`Node.js ${node.name}: ${name}`);
        const bench = { node, processes, rocketmq, rounds, workMs, onProgress: say };
        const one = await SCENARIOS[name]?.(bench, { requests });
        if (one) measured.push(one);
      }
      // What was measured is there, should the rest be interrupted.
      write(out, runs, earlier);
    }
    for (const one of runs) console.log(`\nNode.js ${one.node}\n\n${goalTable(one)}`);
    const missed = runs.flatMap(({ measured }) => measured.flatMap(judge)).filter(({ isMissed }) => isMissed);
    console.log(
      `\n${missed.length === 0 ? 'No goal was missed.' : `${missed.length} goals were missed.`} Report: ${out}`,
    );
    return true;
  } finally {
    await Promise.all([processes.stop(), starting?.then(servers => servers.stop())]);
  }
}

/** Raw figures, report, and a picture of each version of Node.js; what `earlier` has besides stays. */
function write(out: string, measured: readonly Run[], earlier: Figures | undefined): void {
  mkdirSync(out, { recursive: true });
  const machine = thisMachine();
  const figures = measured.map(({ node, measured }) => ({ node, measured }));
  const runs = withEarlier({ machine, runs: figures }, earlier, Object.keys(SCENARIOS));
  writeFileSync(join(out, FIGURES), `${JSON.stringify({ machine, runs }, null, 1)}\n`);
  writeFileSync(join(out, 'benchmark.md'), `${markdown(runs, machine)}\n`);
  for (const one of runs) writeFileSync(join(out, pictureName(one)), picture(one));
}

function figuresIn(out: string): Figures | undefined {
  const file = join(out, FIGURES);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Figures) : undefined;
}

function thisMachine(): Machine {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return {
    processor: cpus()[0]?.model ?? 'an unknown processor',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions: { 'rocketmq-gray': version, RocketMQ: '5.5.0', ...DEPENDENCIES },
  };
}

runInterruptibly(() => parseOptions(process.argv.slice(2)), run);
