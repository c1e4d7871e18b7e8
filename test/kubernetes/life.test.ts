/** The life of a pod, as docs/kubernetes.md tells it: its end, a canary that is not ready, and what its probes send. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Pod, Probe } from '../../fixtures/kubernetes/pod';
import { chosenNodeVersions } from '../../fixtures/node-versions';
import { until } from '../../fixtures/servers/until';
import { type EndOfPod, type RunningPod, untilReady, untilTakes } from './node';
import { blockOfPage, counting, GRAY, openShop, type Shop, withContainers } from './shop';

/** Whether the client waits for handlers as it is shut down. */
const CLIENTS = [
  { client: 'rocketmq-client-nodejs', waits: true },
  { client: 'ali-ons', waits: false },
];
const TAKEN_MS = 60_000;
const GRACE_SECONDS = 30;
const WORK_MS = 8_000;
const PRE_STOP_SECONDS = 5;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await shop.type('kubectl apply --filename deploy/kubernetes/mutating-admission-policy.yaml');
  await shop.type('kubectl create namespace shop');
  await shop.type('kubectl label namespace shop rocketmq-gray.io/inject=enabled');
  for (const name of ['orders', 'orders-gray']) {
    await shop.type(`kubectl --namespace shop apply --filename docs/kubernetes/${name}.yaml`);
  }
  await shop.untilInjected('orders');
});
afterEach(() => shop?.endPods());
afterAll(() => shop?.close());

const image = () => shop.image(chosenNodeVersions()[1]?.path ?? process.execPath);
const took = ({ child }: RunningPod, body: string) => child.stdout.split('\n').includes(`took ${body}`);

const preStop = (pod: Pod) =>
  withContainers(pod, each => ({ ...each, lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } } }));

it.each(CLIENTS)('ends in an orderly way: $client', async ({ client, waits }) => {
  const application = image();
  const ends: Record<string, EndOfPod> = {};
  const runWith = async (env: Record<string, string>, change: (pod: Pod) => Pod = pod => pod) => {
    const pod = await shop.run(change(counting(await shop.podOf('orders'), { CLIENT: client, ...env })), application);
    // A consumer that has just started may not have its queues yet.
    await untilTakes(pod, 'handled first', number => pod.request({}, `/first-${number}`));
    return pod;
  };
  const idle = await runWith({});
  ends.idle = await idle.end();

  const delayed = await runWith({}, preStop);
  const ending = delayed.end();
  // It serves and consumes while preStop runs.
  await sleep(1_000);
  await delayed.request({}, '/late');
  await delayed.child.waitFor('took late', TAKEN_MS);
  ends['preStop 5 s'] = await ending;

  const busy = await runWith({ WORK_MS: String(WORK_MS) });
  await busy.request({}, '/long');
  await busy.child.waitFor('took long', TAKEN_MS);
  ends['handling for 8 s'] = await busy.end();
  const finished = busy.child.stdout.includes('handled long');
  const told = Object.entries(ends).map(([what, { afterMs, code }]) => `${what}: ${afterMs} ms (${code})`);
  console.log(`${client} ended after ${told.join(', ')}; the long one was ${finished ? '' : 'not '}handled`);

  expect(finished).toBe(waits);
  for (const { code, afterMs } of Object.values(ends)) {
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(GRACE_SECONDS * 1_000);
  }
  expect(ends['preStop 5 s'].afterMs).toBeGreaterThanOrEqual(PRE_STOP_SECONDS * 1_000);
});

/** The probe of the page, with another path. */
async function documentedProbe(path: string): Promise<Probe> {
  const indented = blockOfPage('yaml', 'readinessProbe:').replaceAll(/^(?=.)/gm, '      ');
  const manifest = [
    ...['apiVersion: v1', 'kind: Pod', 'metadata: { name: probed }', 'spec:', '  containers:'],
    ...['    - name: probed', '      image: probed', indented],
  ];
  const args = ['create', '--dry-run=client', '--output=json', '--filename=-'];
  const { spec } = JSON.parse(await shop.kubectl(args, manifest.join('\n'))) as Pod;
  const { readinessProbe } = spec.containers[0] ?? {};
  return { ...readinessProbe, httpGet: { ...readinessProbe?.httpGet, path }, periodSeconds: 1 };
}

const probedBy = (pod: Pod, readinessProbe: Probe) => withContainers(pod, each => ({ ...each, readinessProbe }));

it('a canary that is not ready takes messages all the same, and what its probes send is of the baseline', async () => {
  const application = image();
  const baseline = await shop.run(counting(await shop.podOf('orders')), application);
  const gray = counting(await shop.podOf('orders-gray'));
  const canary = await shop.run(probedBy(gray, await documentedProbe('/closed')), application);
  const isTaken = async () => took(baseline, 'closed');
  await until('a message of the probe is taken', TAKEN_MS, isTaken);
  await baseline.request(GRAY, '/gray');
  await canary.child.waitFor('took gray', TAKEN_MS);
  expect(canary.isReady()).toBe(false);
  expect(took(canary, 'closed')).toBe(false);
});

it('a probe without a tag sends messages of its canary', async () => {
  const application = image();
  const baseline = await shop.run(counting(await shop.podOf('orders')), application);
  const gray = counting(await shop.podOf('orders-gray'));
  const { httpHeaders: _, ...httpGet } = (await documentedProbe('/ready')).httpGet ?? {};
  const canary = await shop.run(probedBy(gray, { httpGet, periodSeconds: 1 }), application);
  await untilReady(canary);
  await canary.child.waitFor('took ready', TAKEN_MS);
  expect(took(baseline, 'ready')).toBe(false);
});
