/** Pods before and after the agent is injected: what each way of injecting has to do. */
import { expect } from 'vitest';
import type { Container, Pod } from '../../fixtures/kubernetes/pod';

export const IMAGE = 'registry.example.com/rocketmq-gray:0.1.0';
export const REQUIRE = '--require /rocketmq-gray/node_modules/rocketmq-gray/register';
export const LEFT_ALONE = 'rocketmq-gray.io/left-alone';

/** What the strictest of Kubernetes's own rules for pods asks of a container. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containers?: readonly Partial<Container>[];
  readonly spec?: Partial<Pod['spec']>;
}

/** A pod of `orders`. */
export function podOf({ labels = {}, annotations, containers = [{}], spec = {} }: PodOptions): Pod {
  return {
    metadata: { name: 'orders', labels: { app: 'orders', ...labels }, ...(annotations && { annotations }) },
    spec: { ...spec, containers: containers.map(container => ({ name: 'orders', image: 'orders:1', ...container })) },
  };
}

export const manifestOf = (pod: Pod) => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...pod });

/** The variables of a container by their names, as the manifest has them. */
export function variablesOf(pod: Pod, name = 'orders'): Record<string, unknown> {
  const { env = [] } = containerOf(pod, name);
  return Object.fromEntries(env.map(({ name: variable, value, valueFrom }) => [variable, valueFrom ?? value ?? '']));
}

export function containerOf(pod: Pod, name: string): Container {
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(one => one.name === name);
  if (container === undefined) throw new Error(`there is no container ${name}`);
  return container;
}

/** The label that a container's tag is read from. */
export function tagLabelOf(pod: Pod, name = 'orders'): string | undefined {
  const variable = containerOf(pod, name).env?.find(({ name: each }) => each === 'GRAY_TAG');
  return /\['(.+)'\]/.exec(variable?.valueFrom?.fieldRef?.fieldPath ?? '')?.[1];
}

/** The containers that have got the agent. */
export function injectedInto({ spec }: Pod): string[] {
  return spec.containers
    .filter(({ env = [] }) => env.some(({ name, value }) => name === 'NODE_OPTIONS' && value?.includes(REQUIRE)))
    .map(({ name }) => name);
}

export interface Case {
  readonly what: string;
  readonly pod: PodOptions;
  readonly into: readonly string[];
  /** Of the container `orders`. */
  readonly options?: string;
  readonly tagFrom?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** That a pod came out as its case says. */
export function expectCase(after: Pod, { pod, into, options, tagFrom, annotations }: Case): void {
  expect(injectedInto(after)).toEqual(into);
  expect(after.metadata.annotations).toEqual(annotations ?? pod.annotations);
  if (options !== undefined) expect(variablesOf(after).NODE_OPTIONS).toBe(options);
  if (tagFrom !== undefined) expect(tagLabelOf(after)).toBe(tagFrom);
  const init = (after.spec.initContainers ?? []).map(({ name }) => name);
  expect(init).toEqual(into.length > 0 ? ['rocketmq-gray'] : []);
}

/** The init container, its volume, and the mounts of the container `worker`. @param rules of the init container's security */
export function expectAgent(after: Pod, rules: object): void {
  expect(containerOf(after, 'rocketmq-gray')).toMatchObject({
    image: IMAGE,
    command: ['/copy', '/target'],
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
    securityContext: { ...rules, readOnlyRootFilesystem: true },
    volumeMounts: [{ name: 'rocketmq-gray', mountPath: '/target' }],
  });
  expect(after.spec.volumes).toEqual([{ name: 'rocketmq-gray', emptyDir: { sizeLimit: '32Mi' } }]);
  expect(containerOf(after, 'worker').volumeMounts).toEqual([
    { name: 'rocketmq-gray', mountPath: '/rocketmq-gray', readOnly: true },
    { name: 'rocketmq-gray', mountPath: '/run/gray-status', subPath: 'status' },
  ]);
  expect(variablesOf(after, 'worker').GRAY_STATUS).toBe('/run/gray-status/worker.sock');
}

/** What a pod has itself: an init container `migrate`, and a volume `data` that its container mounts. */
export function withOwn(env: Container['env'] = [], init: Partial<Container> = {}): Pod {
  return podOf({
    containers: [{ env, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    spec: {
      initContainers: [{ name: 'migrate', image: 'orders:1', ...init }],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  });
}

/** That the agent stands behind what a pod has itself. */
export function expectBesideOwn(after: Pod): void {
  expect(after.spec.initContainers?.map(({ name }) => name)).toEqual(['migrate', 'rocketmq-gray']);
  expect(after.spec.volumes?.map(({ name }) => name)).toEqual(['data', 'rocketmq-gray']);
  const mounts = containerOf(after, 'orders').volumeMounts?.map(({ name }) => name);
  expect(mounts).toEqual(['data', 'rocketmq-gray', 'rocketmq-gray']);
}

const reference = { configMapKeyRef: { name: 'options', key: 'node' } };
const enabled = { 'rocketmq-gray.io/inject': 'enabled' };

/** What goes in, and what has to come out. */
export const CASES: readonly Case[] = [
  { what: 'a plain pod', pod: {}, into: ['orders'], options: REQUIRE, tagFrom: 'rocketmq-gray.io/tag' },
  {
    what: 'a canary',
    pod: { labels: { 'rocketmq-gray.io/tag': 'gray' } },
    into: ['orders'],
    options: REQUIRE,
    tagFrom: 'rocketmq-gray.io/tag',
  },
  {
    what: 'a canary by the label of SAE and MSE',
    pod: { labels: { 'alicloud.service.tag': 'gray' } },
    into: ['orders'],
    tagFrom: 'alicloud.service.tag',
  },
  {
    what: 'both labels: ours wins',
    pod: { labels: { 'alicloud.service.tag': 'blue', 'rocketmq-gray.io/tag': 'gray' } },
    into: ['orders'],
    tagFrom: 'rocketmq-gray.io/tag',
  },
  {
    what: 'an empty label of ours, and the other one',
    pod: { labels: { 'alicloud.service.tag': 'blue', 'rocketmq-gray.io/tag': '' } },
    into: ['orders'],
    tagFrom: 'alicloud.service.tag',
  },
  {
    what: 'options of its own, which stay in front',
    pod: {
      containers: [
        {
          env: [
            { name: 'A', value: '1' },
            { name: 'NODE_OPTIONS', value: '--max-old-space-size=300' },
            { name: 'B', value: '$(NODE_OPTIONS)' },
          ],
        },
      ],
    },
    into: ['orders'],
    options: `--max-old-space-size=300 ${REQUIRE}`,
  },
  {
    what: 'empty options',
    pod: { containers: [{ env: [{ name: 'NODE_OPTIONS' }] }] },
    into: ['orders'],
    options: REQUIRE,
  },
  {
    what: 'the same variable twice: the last one counts',
    pod: {
      containers: [
        {
          env: [
            { name: 'NODE_OPTIONS', value: '--no-warnings' },
            { name: 'NODE_OPTIONS', value: '--trace-exit' },
          ],
        },
      ],
    },
    into: ['orders'],
    options: `--trace-exit ${REQUIRE}`,
  },
  {
    what: 'options by reference: left alone, and the pod says so',
    pod: { containers: [{ env: [{ name: 'NODE_OPTIONS', valueFrom: reference }] }, { name: 'worker' }] },
    into: ['worker'],
    annotations: { [LEFT_ALONE]: 'orders: NODE_OPTIONS has valueFrom' },
  },
  {
    what: 'the same in each container, beside other annotations',
    pod: {
      annotations: { other: 'stays' },
      containers: [
        { env: [{ name: 'NODE_OPTIONS', valueFrom: reference }] },
        { name: 'worker', env: [{ name: 'NODE_OPTIONS', valueFrom: reference }] },
      ],
    },
    into: [],
    annotations: { other: 'stays', [LEFT_ALONE]: 'orders,worker: NODE_OPTIONS has valueFrom' },
  },
  {
    what: 'a sidecar that says no',
    pod: { containers: [{}, { name: 'proxy', env: [{ name: 'GRAY_ENABLED', value: 'false' }] }] },
    into: ['orders'],
  },
  {
    what: 'containers that an annotation names',
    pod: {
      annotations: { 'rocketmq-gray.io/containers': 'worker, other' },
      containers: [{}, { name: 'worker' }, { name: 'other' }],
    },
    into: ['worker', 'other'],
  },
  {
    what: 'a pod that says no, in a namespace that says yes',
    pod: { labels: { 'rocketmq-gray.io/inject': 'disabled' } },
    into: [],
  },
  { what: 'a pod that says yes, too', pod: { labels: enabled }, into: ['orders'], options: REQUIRE },
];
