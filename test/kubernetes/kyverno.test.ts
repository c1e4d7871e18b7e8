/** The policy for Kyverno, by its own command line: pods have to come out as the API server's policy makes them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { type ControlPlane, startControlPlane } from '../../fixtures/kubernetes/control-plane';
import { programPath } from '../../fixtures/kubernetes/install';
import type { Pod } from '../../fixtures/kubernetes/pod';
import { runProgram } from '../../fixtures/servers/run-program';
import {
  CASES,
  containerOf,
  expectAgent,
  expectBesideOwn,
  expectCase,
  injectedInto,
  manifestOf,
  podOf,
  RESTRICTED,
  variablesOf,
  withOwn,
} from './injected';

const POLICY = join(PROJECT_ROOT, 'deploy', 'kubernetes', 'kyverno.yaml');
const enabled = { 'rocketmq-gray.io/inject': 'enabled' };
/** Labels of namespaces. The command line asks no cluster for them. */
const NAMESPACES = { 'switched-on': enabled, elsewhere: {} };

const LIMITS = { cpu: '250m', memory: '256Mi' };

/** Pods by what they are: all of them go in at once, since the command line takes seconds to start. */
const PODS: Readonly<Record<string, Pod>> = {
  ...Object.fromEntries(CASES.map(({ what, pod }) => [what, podOf(pod)])),
  'two containers': podOf({ containers: [{ securityContext: { runAsUser: 1234 } }, { name: 'worker' }] }),
  guaranteed: podOf({ containers: [{ resources: { limits: LIMITS, requests: LIMITS } }] }),
  'its own settings': withOwn([{ name: 'GRAY_TAG', value: 'blue' }]),
  elsewhere: inNamespace(podOf({}), 'elsewhere'),
  'labelled elsewhere': inNamespace(podOf({ labels: enabled }), 'elsewhere'),
  'of Windows': podOf({ labels: enabled, spec: { os: { name: 'windows' } } as Partial<Pod['spec']> }),
};
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'orders', namespace: 'switched-on' },
  spec: { selector: { matchLabels: { app: 'orders' } }, template: podOf({}) },
};

let directory: string;
let cluster: ControlPlane;
const once: Record<string, Pod> = {};
const twice: Record<string, Pod> = {};
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-kyverno-'));
  cluster = await startControlPlane();
  for (const namespace of Object.keys(NAMESPACES)) await kubectl(['create', 'namespace', namespace]);
  Object.assign(once, await applyToAll(PODS));
  Object.assign(twice, await applyToAll(once));
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function inNamespace(pod: Pod, namespace: string): Pod {
  return { ...pod, metadata: { ...pod.metadata, namespace } };
}

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}\n${stderr}`);
  return stdout;
}

/** @returns the manifests as the policy leaves them (YAML), and what was printed */
async function kyverno(manifests: readonly string[]): Promise<{ readonly output: string; readonly printed: string }> {
  const home = mkdtempSync(join(directory, 'run-'));
  const file = (name: string, text: string) => {
    const path = join(home, name);
    writeFileSync(path, text);
    return path;
  };
  const values = {
    apiVersion: 'cli.kyverno.io/v1alpha1',
    kind: 'Values',
    metadata: { name: 'values' },
    namespaceSelector: Object.entries(NAMESPACES).map(([name, labels]) => ({ name, labels })),
  };
  const output = file('output.yaml', '');
  const args = ['apply', POLICY, '--resource', file('resources.yaml', manifests.join('\n---\n'))];
  args.push('--values-file', file('values.yaml', JSON.stringify(values)), '--output', output);
  const { code, stdout, stderr } = await runProgram(programPath('kyverno'), args);
  if (code !== 0) throw new Error(`kyverno ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return { output: readFileSync(output, 'utf8'), printed: stdout };
}

/** What the policy makes of pods, as the API server understands it. */
async function applyToAll(pods: Readonly<Record<string, Pod>>): Promise<Record<string, Pod>> {
  const nameOf = (index: number) => `pod-${index}`;
  const manifests = Object.values(pods).map(({ metadata, spec }, index) => {
    const { labels = {}, annotations, namespace = 'switched-on' } = metadata;
    return manifestOf({
      metadata: { name: nameOf(index), namespace, labels, ...(annotations && { annotations }) },
      spec,
    });
  });
  const { output } = await kyverno(manifests);
  const args = ['create', '--dry-run=server', '--output=jsonpath={@}{"\\n"}', '--filename=-'];
  const lines = (await kubectl(args, output)).trim().split('\n');
  const made = lines.map(line => JSON.parse(line) as Pod);
  const named = Object.keys(pods).map((what, index) => {
    const found = made.find(({ metadata }) => metadata.name === nameOf(index));
    return [what, found ?? expect.fail(`${what} did not come out`)] as const;
  });
  expect(made).toHaveLength(named.length);
  return Object.fromEntries(named);
}

const get = (what: string) => once[what] ?? expect.fail(`there is no pod ${what}`);

it.each(CASES)('$what', one => expectCase(get(one.what), one));

it.each(Object.keys(PODS))('applied twice it changes nothing: %s', what => {
  expect(twice[what]?.spec).toEqual(get(what).spec);
  expect(twice[what]?.metadata.annotations).toEqual(get(what).metadata.annotations);
});

it('makes an init container with the user of the first container, a volume and mounts', () => {
  const after = get('two containers');
  const { runAsNonRoot: _, ...rules } = RESTRICTED;
  expectAgent(after, { ...rules, runAsUser: 1234 });
});

it('leaves a pod of the class Guaranteed in it', () => {
  const after = get('guaranteed');
  expect(after).toMatchObject({ status: { qosClass: 'Guaranteed' } });
  expect(containerOf(after, 'rocketmq-gray').resources).toEqual({ limits: LIMITS, requests: LIMITS });
});

it('leaves what a container says itself, and what a pod has', () => {
  const after = get('its own settings');
  expect(variablesOf(after)).toMatchObject({ GRAY_TAG: 'blue', GRAY_STATUS: '/run/gray-status/orders.sock' });
  expectBesideOwn(after);
});

it('takes single pods of other namespaces, no pod that nobody labelled, and none of Windows', () => {
  expect(injectedInto(get('elsewhere'))).toEqual([]);
  expect(injectedInto(get('labelled elsewhere'))).toEqual(['orders']);
  expect(injectedInto(get('of Windows'))).toEqual([]);
});

it('is for pods only: Kyverno derives nothing from it for Deployments', async () => {
  const { output, printed } = await kyverno([JSON.stringify(DEPLOYMENT)]);
  expect(printed).toContain('pass: 0, fail: 0, warn: 0, error: 0, skip: 0');
  expect(output).toBe('');
});
