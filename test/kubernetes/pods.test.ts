/**
 * docs/kubernetes.md, from nothing to an isolated canary: its commands on a real API server, and the pods that come out of it executed
 * as a kubelet does, on a real RocketMQ. What Kubernetes's controllers do, making pods of Deployments, is done here.
 */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFailed } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { unpackImage } from '../../fixtures/image/unpack';
import { type ControlPlane, startControlPlane } from '../../fixtures/kubernetes/control-plane';
import { programPath } from '../../fixtures/kubernetes/install';
import {
  applicationImage,
  type Image,
  imageOf,
  type PodOnMachine,
  podOnMachine,
} from '../../fixtures/kubernetes/kubelet';
import type { Pod } from '../../fixtures/kubernetes/pod';
import { chosenNodeVersions } from '../../fixtures/node-versions';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { freePort } from '../../fixtures/servers/free-ports';
import { until } from '../../fixtures/servers/until';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { type RunningChild, runOk, start } from '../integration/child';
import { createSandbox, type Sandbox } from '../integration/sandbox';
import { stepsOf } from '../operations/documented-blocks';
import { IMAGE, injectedInto } from './injected';

const PAGE = join(PROJECT_ROOT, 'docs', 'kubernetes.md');
const GRAY = { baggage: 'gray_tag=gray' };
const COMMANDS_MS = 240_000;
/** A stand-in may wait for a busy machine; docs/kubernetes.md says what was measured. */
const STAND_IN_MS = 60_000;

let directory: string;
let cluster: ControlPlane;
let rocketmq: Rocketmq;
let sandbox: Sandbox;
let agent: Image;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-pods-'));
  chmodSync(directory, 0o755);
  [cluster, rocketmq, sandbox] = await Promise.all([
    startControlPlane(),
    takeRocketmq(),
    createSandbox({
      dependencies: { 'rocketmq-client-nodejs': '^1.0.8' },
      apps: [join(PROJECT_ROOT, 'docs', 'getting-started'), join(__dirname, 'apps')],
    }),
  ]);
  // The application's image has no agent.
  rmSync(sandbox.agentDirectory, { recursive: true });
  chmodSync(sandbox.directory, 0o755);
  await rocketmq.createTopic('TEST_MQ');
  await rocketmq.createGroup('group1');
  agent = imageOf(await unpackImage(inject('image'), join(directory, 'agent')));
});
const pods: PodOnMachine[] = [];
const processes: RunningChild[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map(child => child.stop('SIGKILL')));
  for (const pod of pods.splice(0)) pod.remove();
});
afterAll(async () => {
  await Promise.all([cluster?.stop(), rocketmq?.stop()]);
  sandbox?.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** What a reader types, with what is the reader's own: registry and cluster. */
async function type(commands: string): Promise<void> {
  const own = commands.replaceAll(/docker:\/\/\S+/g, `dir:${join(directory, 'registry')}`);
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH: `${dirname(programPath('kubectl'))}:${PATH}`, HOME, KUBECONFIG: cluster.kubeconfig };
  await runOk({ command: 'bash', args: ['-ec', own], cwd: PROJECT_ROOT, env, timeout: COMMANDS_MS });
}

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}\n${stderr}`);
  return stdout;
}

/** As the controllers do: a pod of a Deployment, as the API server takes it. */
async function podOf(deployment: string): Promise<Pod> {
  const got = await kubectl(['--namespace=shop', 'get', 'deployment', deployment, '--output=json']);
  const { metadata, spec } = (JSON.parse(got) as { spec: { template: Pod } }).spec.template;
  const manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: deployment }, spec };
  const args = ['--namespace=shop', 'create', '--dry-run=server', '--output=json', '--filename=-'];
  return JSON.parse(await kubectl(args, JSON.stringify(manifest))) as Pod;
}

/** The manifest with addresses of this machine, where all pods have one network. */
function here(pod: Pod, port: number): Pod {
  const own: Record<string, string> = {
    PORT: String(port),
    ENDPOINTS: rocketmq.endpoints,
    GRAY_MQ_NAMESRV: rocketmq.namesrv,
  };
  const containers = pod.spec.containers.map(container => ({
    ...container,
    env: (container.env ?? []).map(variable => {
      const value = own[variable.name];
      return value === undefined ? variable : { name: variable.name, value };
    }),
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

interface RunningPod {
  readonly child: RunningChild;
  readonly port: number;
  readonly onMachine: PodOnMachine;
  request(headers?: Record<string, string>): Promise<string>;
}

/** Executes a pod: its init containers, then its container. */
async function run(pod: Pod, application: Image): Promise<RunningPod> {
  const port = await freePort();
  const images = {
    [IMAGE]: agent,
    'registry.example.com/orders:1': application,
    'registry.example.com/orders:2': application,
  };
  const onMachine = podOnMachine(here(pod, port), images);
  pods.push(onMachine);
  for (const command of onMachine.init) await runOk(command);
  const child = start(onMachine.container('orders'));
  processes.push(child);
  onTestFailed(() => console.log(`${pod.metadata.name}\n${child.stdout}\n${child.stderr}`));
  await child.waitFor(`port ${port} is ready`, 60_000);
  const request = async (headers = {}) => (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
  return { child, port, onMachine, request };
}

/** A signal to the process 1 of the container, as a container's runtime sends it. */
function signal({ child }: RunningPod, name: NodeJS.Signals): void {
  const pid = child.process.pid ?? expect.fail('it is not running');
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  process.kill(Number(first), name);
}

const nodes = chosenNodeVersions();
function imageWith(node: string, command?: string[]): Image {
  // A user that is not root has to be able to read it, wherever the checkout is.
  const home = mkdtempSync(join(directory, 'node-'));
  chmodSync(home, 0o755);
  copyFileSync(node, join(home, 'node'));
  return applicationImage(sandbox.directory, home, command && { Cmd: command });
}

describe('docs/kubernetes.md', () => {
  beforeAll(async () => {
    for (const { commands } of stepsOf(readFileSync(PAGE, 'utf8'))) await type(commands);
    const isHeeded = async () => injectedInto(await podOf('orders')).length > 0;
    await until('the policy is heeded', 60_000, () => undefined, isHeeded);
  }, 600_000);

  it('says ten lines at most', () => {
    const lines = stepsOf(readFileSync(PAGE, 'utf8')).flatMap(({ commands }) => commands.trim().split('\n'));
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.join('\n')).toContain('rocketmq-gray.io/inject=enabled');
  });

  it.each(nodes)('two pods, baseline and canary, are isolated: Node.js $name', async node => {
    const application = imageWith(node.path);
    const baseline = await run(await podOf('orders'), application);
    const canary = await run(await podOf('orders-gray'), application);
    await baseline.child.waitFor(/GRAY-101 baseline, version/);
    await canary.child.waitFor(/GRAY-101 tag gray, version/);
    await canary.child.waitFor(/GRAY-301 group1 -> group1_gray, TEST_MQ: gray_tag = 'gray'/);

    await baseline.request(GRAY);
    await canary.child.waitFor(`port ${canary.port} took message 1`, STAND_IN_MS);
    await baseline.request();
    await baseline.child.waitFor(`port ${baseline.port} took message 2`, STAND_IN_MS);
    await baseline.request(GRAY);
    await canary.child.waitFor(`port ${canary.port} took message 3`, STAND_IN_MS);
    const taken = ({ child }: RunningPod) => child.stdout.match(/took .*/g);
    expect([taken(baseline), taken(canary)]).toEqual([['took message 2'], ['took message 1', 'took message 3']]);
  });

  it('a pod that is told to end hands over, and a stand-in takes what comes', async () => {
    const application = imageWith(nodes[1]?.path ?? process.execPath);
    const baseline = await run(await podOf('orders'), application);
    const pod = await podOf('orders-gray');
    const containers = pod.spec.containers.map(each => ({ ...each, command: ['node', 'orderly.js'] }));
    const canary = await run({ ...pod, spec: { ...pod.spec, containers } }, application);
    await baseline.request(GRAY);
    await canary.child.waitFor('took message 1', STAND_IN_MS);

    const told = Date.now();
    signal(canary, 'SIGTERM');
    const { code } = await canary.child.ended;
    const ended = Date.now() - told;
    await baseline.child.waitFor('group1_gray: stand-in on, no canary of gray is there', STAND_IN_MS);
    const standsIn = Date.now() - told;
    await baseline.request(GRAY);
    await baseline.child.waitFor('took message 2', STAND_IN_MS);
    const taken = Date.now() - told;
    console.log(`after SIGTERM: ended after ${ended} ms, stand-in on after ${standsIn} ms, took after ${taken} ms`);
    expect(code).toBe(0);
  });

  it('an application without a handler does not end by SIGTERM, as process 1', async () => {
    const canary = await run(await podOf('orders-gray'), imageWith(nodes[1]?.path ?? process.execPath));
    signal(canary, 'SIGTERM');
    // It still serves afterwards.
    expect(await canary.request(GRAY)).toMatch(/\S/);
    expect(canary.child.process.exitCode).toBeNull();
  });

  it('shows itself by the socket in the volume', async () => {
    const application = imageWith(nodes[1]?.path ?? process.execPath);
    const canary = await run(await podOf('orders-gray'), application);
    const status = await runOk({
      args: [
        join(canary.onMachine.volume('rocketmq-gray'), 'node_modules', 'rocketmq-gray', 'dist', 'cli.js'),
        'status',
        join(canary.onMachine.volume('rocketmq-gray'), 'status', 'orders.sock'),
      ],
      cwd: '/',
    });
    expect(status.stdout).toContain('group1_gray');
  });
});
