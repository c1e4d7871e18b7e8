/**
 * The commands for Docker and the Compose file of docs/kubernetes.md. No container engine runs: Docker's own client, and Compose, say
 * what they would have one do, and that is executed as the containers of a pod are.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, onTestFailed } from 'vitest';
import { dockerClient, startEngine } from '../../fixtures/image/engine';
import { programPath } from '../../fixtures/kubernetes/install';
import { type Container, type Pod, variablesOf } from '../../fixtures/kubernetes/pod';
import { chosenNodeVersions } from '../../fixtures/node-versions';
import { runProgram } from '../../fixtures/servers/run-program';
import { type RunningPod, startPod } from './node';
import { blockOfPage, GRAY, openShop, type Shop } from './shop';

const AGENT = 'rocketmq-gray:0.1.0';
const TAKEN_MS = 60_000;

let shop: Shop;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-docker-'));
  shop = await openShop();
});
const running: RunningPod[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(pod => pod.kill()));
});
afterAll(async () => {
  await shop?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A container as both say it. */
interface Wanted {
  readonly image: string;
  readonly user?: string | undefined;
  /** Its variables. */
  readonly env: Readonly<Record<string, string>>;
  /** `volume:/path`, `volume:/path:ro` */
  readonly mounts: readonly string[];
}

function containerOf({ image, user, env, mounts }: Wanted, name: string): Container {
  return {
    name,
    image,
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    volumeMounts: mounts.map(mount => {
      const [volume = '', mountPath = '', mode] = mount.split(':');
      return { name: volume, mountPath, readOnly: mode === 'ro' };
    }),
    ...(user && { securityContext: { runAsUser: Number(user) } }),
  };
}

/** The first one is run to its end, then the second one, as a pod does with volumes that both have. */
async function runInTurn(copying: Wanted, application: Wanted): Promise<RunningPod> {
  const containers = [copying, application].map((wanted, index) => containerOf(wanted, `container-${index}`));
  const [init, container] = containers;
  if (init === undefined || container === undefined) throw new Error('two containers are needed');
  const names = new Set(containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  const pod: Pod = {
    metadata: { name: 'docker' },
    spec: {
      initContainers: [init],
      containers: [container],
      volumes: [...names].map(name => ({ name, emptyDir: {} })),
    },
  };
  const image = shop.image(chosenNodeVersions()[1]?.path ?? process.execPath, { Cmd: ['node', 'app.js'] });
  const { here } = shop.podsOptions(image);
  const started = await startPod(pod, {
    images: { [AGENT]: shop.agent, orders: image },
    // What the image of the application has itself.
    here: (each, port) => here(withVariables(each, ['PORT', 'ENDPOINTS']), port),
  });
  running.push(started);
  onTestFailed(() => console.log(`${started.child.stdout}\n${started.child.stderr}`));
  await started.child.waitFor(`port ${started.port} is ready`, TAKEN_MS);
  return started;
}

function withVariables(pod: Pod, names: readonly string[]): Pod {
  const containers = pod.spec.containers.map(container => ({
    ...container,
    env: [...(container.env ?? []), ...names.map(name => ({ name, value: '' }))],
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

async function expectCanary(pod: RunningPod): Promise<void> {
  await pod.child.waitFor(/GRAY-101 tag gray, version/);
  await pod.child.waitFor(/GRAY-301 group1 -> group1_gray, TEST_MQ: gray_tag = 'gray'/);
  await pod.request(GRAY);
  await pod.child.waitFor('took message 1', TAKEN_MS);
}

it('docker run: a volume gets the agent, and a container with it is a canary', async () => {
  const engine = await startEngine();
  const commands = blockOfPage('', 'docker run ').trim().split('\n');
  const PATH = `${dirname(dockerClient())}:${process.env.PATH ?? ''}`;
  const env = { PATH, HOME: directory, DOCKER_HOST: engine.host };
  for (const command of commands) {
    const { code, stderr } = await runProgram('bash', ['-c', command], { env });
    // 125: the engine made no container.
    expect([code, stderr]).toEqual([125, expect.stringContaining('this engine runs nothing')]);
  }
  await engine.stop();
  const [copying, application] = engine.wanted.map(
    ({ Image, User, Env, HostConfig }): Wanted => ({
      ...{ image: Image, user: User },
      ...{ env: variablesOf(Env ?? []), mounts: HostConfig.Binds ?? [] },
    }),
  );
  if (copying === undefined || application === undefined) throw new Error('the page has two commands');
  expect(application.mounts).toEqual(['rocketmq-gray:/rocketmq-gray:ro']);
  await expectCanary(await runInTurn(copying, application));
});

/** What Compose understood of a file (`docker compose config`). */
interface Project {
  readonly services: Readonly<Record<string, Service>>;
}
interface Service {
  readonly image: string;
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes: readonly { readonly source: string; readonly target: string; readonly read_only?: boolean }[];
}

it('Compose: the same', async () => {
  const file = join(directory, 'compose.yaml');
  writeFileSync(file, blockOfPage('yaml', 'services:'));
  const args = ['--file', file, 'config', '--format', 'json'];
  const { code, stdout, stderr } = await runProgram(programPath('docker-compose'), args);
  expect([code, stderr]).toEqual([0, '']);
  const { services } = JSON.parse(stdout) as Project;
  const wanted = (name: string): Wanted => {
    const service = services[name];
    if (service === undefined) throw new Error(`there is no service ${name}`);
    const { image, user, environment = {}, volumes } = service;
    const mounts = volumes.map(({ source, target, read_only }) => `${source}:${target}${read_only ? ':ro' : ''}`);
    return { image, user, env: environment, mounts };
  };
  const [first] = Object.entries(services['orders-gray']?.depends_on ?? {});
  expect(first).toMatchObject(['agent', { condition: 'service_completed_successfully' }]);
  await expectCanary(await runInTurn(wanted('agent'), wanted('orders-gray')));
});
