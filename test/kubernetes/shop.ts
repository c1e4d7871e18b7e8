/** What docs/kubernetes.md is about, for its tests: a cluster, a RocketMQ, and images of the application and of the agent. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject, onTestFailed } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { unpackImage } from '../../fixtures/image/unpack';
import { type ControlPlane, startControlPlane } from '../../fixtures/kubernetes/control-plane';
import { programPath } from '../../fixtures/kubernetes/install';
import { applicationImage, type Image, imageOf } from '../../fixtures/kubernetes/kubelet';
import type { Container, Pod } from '../../fixtures/kubernetes/pod';
import { muslImage } from '../../fixtures/musl';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { until } from '../../fixtures/servers/until';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { type ChildResult, runOk } from '../integration/child';
import { createSandbox } from '../integration/sandbox';
import { blocksOf, type Step, stepsOf } from '../operations/documented-blocks';
import { IMAGE, injectedInto } from './injected';
import { type PodsOptions, type RunningPod, startPod } from './node';

export const PAGE = join(PROJECT_ROOT, 'docs', 'kubernetes.md');
export const GRAY = { baggage: 'gray_tag=gray' };
const COMMANDS_MS = 240_000;
const POLICY_MS = 60_000;

/** The command blocks of one section of the page. @throws Error where there is none */
export function stepsOfSection(heading: string): Step[] {
  const [, section] = readFileSync(PAGE, 'utf8').split(`\n## ${heading}\n`);
  const steps = stepsOf(section?.split('\n## ')[0] ?? '');
  if (steps.length === 0) throw new Error(`docs/kubernetes.md has no commands under ${heading}`);
  return steps;
}

/** A fenced block of the page. @throws Error where there is none that begins so */
export function blockOfPage(fence: string, beginning: string): string {
  const block = blocksOf(readFileSync(PAGE, 'utf8'), fence).find(text => text.startsWith(beginning));
  if (block === undefined) throw new Error(`docs/kubernetes.md has no block that begins with ${beginning}`);
  return block;
}

export interface Shop {
  readonly cluster: ControlPlane;
  readonly rocketmq: Rocketmq;
  readonly agent: Image;
  /** @throws Error with the server's words */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** What a reader types, with what is the reader's own: registry and cluster. */
  type(commands: string): Promise<ChildResult>;
  /** As the controllers do: a pod of a Deployment, as the API server takes it. */
  podOf(deployment: string): Promise<Pod>;
  /** An image of the application. @param node path of a Node.js */
  image(node: string, config?: Image['config']): Image;
  /** The same with a Node.js for musl, and nothing of glibc. */
  muslImage(): Image;
  /** What the application's pods are run with. */
  podsOptions(application: Image): PodsOptions;
  /** Runs a pod until it listens. */
  run(pod: Pod, application: Image): Promise<RunningPod>;
  /** Waits until pods come out with the agent. */
  untilInjected(deployment: string): Promise<void>;
  /** Kills the pods that `run` started. */
  endPods(): Promise<void>;
  close(): Promise<void>;
}

/** @param options `hasControllers`: Deployments get pods */
export async function openShop(options: { readonly hasControllers?: boolean } = {}): Promise<Shop> {
  const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-shop-'));
  chmodSync(directory, 0o755);
  const [cluster, rocketmq, sandbox] = await Promise.all([
    startControlPlane(options),
    takeRocketmq(),
    createSandbox({
      dependencies: { 'ali-ons': '^3.12.0', 'rocketmq-client-nodejs': '^1.0.8', urllib: '^2.44.0' },
      apps: [join(PROJECT_ROOT, 'docs', 'getting-started'), join(__dirname, 'apps')],
    }),
  ]);
  // The application's image has no agent.
  rmSync(sandbox.agentDirectory, { recursive: true });
  chmodSync(sandbox.directory, 0o755);
  await rocketmq.createTopic('TEST_MQ');
  await rocketmq.createGroup('group1');
  const agent = imageOf(await unpackImage(inject('image'), join(directory, 'agent')));
  const pods: RunningPod[] = [];

  const kubectl = async (args: readonly string[], input?: string) => {
    const { code, stdout, stderr } = await cluster.kubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}\n${stderr}`);
    return stdout;
  };
  const podOf = async (deployment: string) => {
    const got = await kubectl(['--namespace=shop', 'get', 'deployment', deployment, '--output=json']);
    const { metadata, spec } = (JSON.parse(got) as { spec: { template: Pod } }).spec.template;
    const manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: deployment }, spec };
    const args = ['--namespace=shop', 'create', '--dry-run=server', '--output=json', '--filename=-'];
    return JSON.parse(await kubectl(args, JSON.stringify(manifest))) as Pod;
  };
  const podsOptions = (application: Image): PodsOptions => ({
    images: {
      [IMAGE]: agent,
      'registry.example.com/orders:1': application,
      'registry.example.com/orders:2': application,
    },
    here: (pod, port) => onThisMachine(pod, rocketmq, port),
  });
  const endPods = async () => {
    await Promise.all(pods.splice(0).map(pod => pod.kill()));
  };
  return {
    cluster,
    rocketmq,
    agent,
    kubectl,
    podOf,
    podsOptions,
    endPods,
    async type(commands) {
      const own = commands.replaceAll(/docker:\/\/\S+/g, `dir:${join(directory, 'registry')}`);
      const { PATH = '', HOME = '' } = process.env;
      const env = { PATH: `${dirname(programPath('kubectl'))}:${PATH}`, HOME, KUBECONFIG: cluster.kubeconfig };
      return runOk({ command: 'bash', args: ['-ec', own], cwd: PROJECT_ROOT, env, timeout: COMMANDS_MS });
    },
    image(node, config) {
      // A user that is not root has to be able to read it, wherever the checkout is.
      const home = mkdtempSync(join(directory, 'node-'));
      chmodSync(home, 0o755);
      copyFileSync(node, join(home, 'node'));
      return applicationImage(sandbox.directory, home, config);
    },
    muslImage: () => muslImage(sandbox.directory),
    async run(pod, application) {
      const running = await startPod(pod, podsOptions(application));
      pods.push(running);
      onTestFailed(() => console.log(`${pod.metadata.name}\n${running.child.stdout}\n${running.child.stderr}`));
      await running.child.waitFor(`port ${running.port} is ready`, 60_000);
      return running;
    },
    untilInjected: deployment =>
      until('the policy is heeded', POLICY_MS, async () => injectedInto(await podOf(deployment)).length > 0),
    async close() {
      await endPods();
      await Promise.all([cluster.stop(), rocketmq.stop()]);
      sandbox.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The manifest with addresses of this machine, where all pods have one network. */
function onThisMachine(pod: Pod, rocketmq: Rocketmq, port: number): Pod {
  const own: Record<string, string> = {
    PORT: String(port),
    ENDPOINTS: rocketmq.endpoints,
    GRAY_MQ_NAMESRV: rocketmq.namesrv,
  };
  return withContainers(pod, container => ({
    ...container,
    env: (container.env ?? []).map(variable => {
      const value = own[variable.name];
      return value === undefined ? variable : { name: variable.name, value };
    }),
  }));
}

export function withContainers(pod: Pod, change: (container: Container) => Container): Pod {
  return { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map(change) } };
}

/** A pod whose application ends in an orderly way, and says what it takes. @param env more of its variables */
export function counting(pod: Pod, env: Readonly<Record<string, string>> = {}): Pod {
  const more = Object.entries(env).map(([name, value]) => ({ name, value }));
  return withContainers(pod, container => ({
    ...container,
    command: ['node', 'counting.js'],
    env: [...(container.env ?? []), ...more],
  }));
}
