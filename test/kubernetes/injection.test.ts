/** Pods go to a real API server with one of our policies, or through kustomize, and come out with the agent. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { type ControlPlane, startControlPlane } from '../../fixtures/kubernetes/control-plane';
import { chosenKubernetesVersions } from '../../fixtures/kubernetes/install';
import type { Pod } from '../../fixtures/kubernetes/pod';
import { runProgram } from '../../fixtures/servers/run-program';
import { until } from '../../fixtures/servers/until';
import {
  CASES,
  containerOf,
  expectAgent,
  expectBesideOwn,
  expectCase,
  IMAGE,
  injectedInto,
  manifestOf,
  podOf,
  REQUIRE,
  RESTRICTED,
  variablesOf,
  withOwn,
} from './injected';

const MANIFESTS = join(PROJECT_ROOT, 'deploy', 'kubernetes');
/** Until the API server heeds a policy that was changed. */
const POLICY_MS = 60_000;

const V1BETA1 = ['v1beta1', 'mutating-admission-policy.v1beta1.yaml'] as const;
const V1 = ['v1', 'mutating-admission-policy.yaml'] as const;

let directory: string;
let cluster: ControlPlane;
async function begin(version: string): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-injection-'));
  cluster = await startControlPlane({ version });
  await kubectl(['create', 'namespace', 'on']);
  await kubectl(['create', 'namespace', 'off']);
  await kubectl([
    ...['label', 'namespace', 'on', 'rocketmq-gray.io/inject=enabled'],
    'pod-security.kubernetes.io/enforce=restricted',
  ]);
}
async function end(): Promise<void> {
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true });
}

describe.each(chosenKubernetesVersions())('Kubernetes %s', version => {
  beforeAll(() => begin(version));
  afterAll(end);
  const policies = version.startsWith('1.34.') ? [V1BETA1] : [V1, V1BETA1];
  describe.each(policies)('MutatingAdmissionPolicy %s', (_, file) => policyTests(file));
  describe('the kustomize component', componentTests);
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}\n${stderr}`);
  return stdout;
}

/** Every container as the strictest rules want it: the namespace enforces them. */
function restricted(pod: Pod): Pod {
  const containers = pod.spec.containers.map(container => ({
    ...container,
    securityContext: { ...RESTRICTED, ...container.securityContext },
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

async function create(pod: Pod, namespace = 'on'): Promise<Pod> {
  const args = ['create', '--dry-run=server', '--output=json', `--namespace=${namespace}`, '--filename=-'];
  return JSON.parse(await kubectl(args, manifestOf(pod))) as Pod;
}

/** A pod that came out, as it can go in again. */
const again = ({ metadata: { name, labels, annotations }, spec }: Pod): Pod => ({
  metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
  spec,
});

const isInjected = async (namespace = 'on') => injectedInto(await create(restricted(podOf({})), namespace)).length > 0;

function policyTests(file: string): void {
  beforeAll(async () => {
    await kubectl(['apply', '--filename', join(MANIFESTS, file)]);
    await until('the policy is heeded', POLICY_MS, isInjected);
  });
  afterAll(async () => {
    await kubectl(['delete', '--filename', join(MANIFESTS, file)]);
    await until('the policy is forgotten', POLICY_MS, async () => !(await isInjected()));
  });

  it.each(CASES)('$what', async one => {
    expectCase(await create(restricted(podOf(one.pod))), one);
  });

  it.each(CASES)('applied twice it changes nothing: $what', async ({ pod }) => {
    const once = again(await create(restricted(podOf(pod))));
    expect(again(await create(once))).toEqual(once);
  });

  it('makes an init container that the strictest rules let in, with the user of the first container', async () => {
    const owner = { runAsUser: 1234, runAsGroup: 4321 };
    const after = await create(restricted(podOf({ containers: [{ securityContext: owner }, { name: 'worker' }] })));
    expectAgent(after, { ...RESTRICTED, ...owner });
  });

  it('leaves a pod of the class Guaranteed in it', async () => {
    const limits = { cpu: '250m', memory: '256Mi' };
    const after = await create(restricted(podOf({ containers: [{ resources: { limits, requests: limits } }] })));
    expect(after).toMatchObject({ status: { qosClass: 'Guaranteed' } });
    expect(containerOf(after, 'rocketmq-gray').resources).toEqual({ limits, requests: limits });
  });

  it('leaves what a container says itself, and what a pod has', async () => {
    const env = [
      { name: 'GRAY_TAG', value: 'blue' },
      { name: 'GRAY_STATUS', value: '/tmp/' },
    ];
    const after = await create(restricted(withOwn(env, { securityContext: RESTRICTED })));
    expect(variablesOf(after)).toMatchObject({ GRAY_TAG: 'blue', GRAY_STATUS: '/tmp/', NODE_OPTIONS: REQUIRE });
    expectBesideOwn(after);
  });

  it('takes single pods of other namespaces, and no pod that nobody labelled', async () => {
    expect(await isInjected('off')).toBe(false);
    const labelled = podOf({ labels: { 'rocketmq-gray.io/inject': 'enabled' } });
    expect(injectedInto(await create(labelled, 'off'))).toEqual(['orders']);
  });

  it('leaves pods of Windows alone', async () => {
    const spec = { os: { name: 'windows' } } as Partial<Pod['spec']>;
    const pod = podOf({ labels: { 'rocketmq-gray.io/inject': 'enabled' }, spec });
    expect(injectedInto(await create(pod, 'off'))).toEqual([]);
  });
}

function componentTests(): void {
  const deployment = (labels: object, containers: readonly object[]) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'orders', labels },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      template: { metadata: { labels: { app: 'orders' } }, spec: { containers } },
    },
  });

  /** What a kustomization with the component makes of manifests. */
  async function build(name: string, resources: readonly object[]): Promise<Pod[]> {
    const home = join(directory, name);
    mkdirSync(home);
    writeFileSync(join(home, 'resources.yaml'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: resources }));
    const kustomization = { resources: ['resources.yaml'], components: ['../component'] };
    writeFileSync(join(home, 'kustomization.yaml'), JSON.stringify(kustomization));
    const built = await kubectl(['kustomize', home]);
    // The server tells what it understood, as JSON.
    const args = ['create', '--dry-run=server', '--output=json', '--namespace=off', '--filename=-'];
    const { items, ...single } = JSON.parse(await kubectl(args, built)) as { items?: { spec: { template: Pod } }[] };
    const all = items ?? [single as { spec: { template: Pod } }];
    return all.map(({ spec }) => spec.template);
  }
  beforeAll(async () => {
    const { code, stderr } = await runProgram('cp', ['-R', join(MANIFESTS, 'component'), join(directory, 'component')]);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('puts the agent into every container, beside what is there', async () => {
    const own = { name: 'NODE_OPTIONS', value: '--no-warnings' };
    const containers = [
      { name: 'orders', image: 'orders:1', env: [own] },
      { name: 'worker', image: 'orders:1' },
    ];
    const [template] = await build('once', [deployment({}, containers)]);
    const pod = template ?? expect.fail('nothing was built');
    expect(injectedInto(pod)).toEqual(['orders', 'worker']);
    expect(variablesOf(pod)).toEqual({
      NODE_OPTIONS: `--no-warnings ${REQUIRE}`,
      GRAY_TAG: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['rocketmq-gray.io/tag']" } },
      ALICLOUD_SERVICE_TAG: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['alicloud.service.tag']" } },
      GRAY_STATUS: '/run/gray-status/agent.sock',
    });
    expect(containerOf(pod, 'rocketmq-gray')).toMatchObject({
      image: IMAGE,
      command: ['/copy', '/target'],
      resources: { requests: { cpu: '10m', memory: '32Mi' } },
      securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
    });
    expect(pod.spec.volumes).toEqual([{ name: 'rocketmq-gray', emptyDir: { sizeLimit: '32Mi' } }]);
  });

  it('applied twice it changes nothing', async () => {
    const containers = [{ name: 'orders', image: 'orders:1', env: [{ name: 'NODE_OPTIONS', value: '--no-warnings' }] }];
    const [once] = await build('first', [deployment({}, containers)]);
    const { spec } = once ?? expect.fail('nothing was built');
    const twice = deployment({}, []);
    const [again] = await build('second', [{ ...twice, spec: { ...twice.spec, template: { ...once, spec } } }]);
    expect(again?.spec).toEqual(spec);
  });

  it('leaves a workload alone that says no', async () => {
    const containers = [{ name: 'orders', image: 'orders:1' }];
    const [template] = await build('no', [deployment({ 'rocketmq-gray.io/inject': 'disabled' }, containers)]);
    expect(template?.spec).toMatchObject({ containers });
    expect(template?.spec.initContainers).toBeUndefined();
  });

  it('makes a manifest that the API server refuses, where options come by reference', async () => {
    const env = [{ name: 'NODE_OPTIONS', valueFrom: { configMapKeyRef: { name: 'options', key: 'node' } } }];
    const building = build('reference', [deployment({}, [{ name: 'orders', image: 'orders:1', env }])]);
    await expect(building).rejects.toThrow(/NODE_OPTIONS|may not be specified when `value` is not empty/);
  });
}
