/**
 * docs/kubernetes.md, from nothing to an isolated canary: its commands on a real API server, and the pods that come out of it executed
 * as a kubelet does, on a real RocketMQ. What Kubernetes's controllers do, making pods of Deployments, is done here.
 */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MUSL_NODE_VERSION } from '../../fixtures/musl';
import { chosenNodeVersions } from '../../fixtures/node-versions';
import { runOk } from '../integration/child';
import { type RunningPod, untilTakes } from './node';
import { counting, GRAY, openShop, type Shop, stepsOfSection } from './shop';

const SECTION = 'From nothing to an isolated canary';
/** A busy machine may take its time; docs/kubernetes.md says what was measured. */
const STAND_IN_MS = 60_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterEach(() => shop?.endPods());
afterAll(() => shop?.close());

const nodes = chosenNodeVersions();
const image = () => shop.image(nodes[1]?.path ?? process.execPath);

/** Those before it takes one are its stand-in's while it starts, or both sides' where the tag is new. @returns how many were sent */
const untilTakenBy = (canary: RunningPod, baseline: RunningPod) =>
  untilTakes(canary, 'took message', () => baseline.request(GRAY));

describe('docs/kubernetes.md', () => {
  beforeAll(async () => {
    for (const { commands } of stepsOfSection(SECTION)) await shop.type(commands);
    await shop.untilInjected('orders');
  }, 600_000);

  it('says ten lines at most', () => {
    const lines = stepsOfSection(SECTION).flatMap(({ commands }) => commands.trim().split('\n'));
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.join('\n')).toContain('rocketmq-gray.io/inject=enabled');
  });

  it.each(nodes)('two pods, baseline and canary, are isolated: Node.js $name', async node => {
    const application = shop.image(node.path);
    const baseline = await shop.run(await shop.podOf('orders'), application);
    const canary = await shop.run(await shop.podOf('orders-gray'), application);
    await baseline.child.waitFor(/GRAY-101 baseline, version/);
    await canary.child.waitFor(/GRAY-101 tag gray, version/);
    await canary.child.waitFor(/GRAY-301 group1 -> group1_gray, TEST_MQ: gray_tag = 'gray'/);

    const sent = await untilTakenBy(canary, baseline);
    await baseline.child.waitFor('gray is managed', STAND_IN_MS);
    const [untagged, gray] = [`took message ${sent + 1}`, `took message ${sent + 2}`];
    await baseline.request();
    await baseline.child.waitFor(`port ${baseline.port} ${untagged}`, STAND_IN_MS);
    await baseline.request(GRAY);
    await canary.child.waitFor(`port ${canary.port} ${gray}`, STAND_IN_MS);
    expect(baseline.child.stdout).not.toContain(gray);
    expect(canary.child.stdout).not.toContain(untagged);
  });

  it(`a canary on musl: Node.js ${MUSL_NODE_VERSION}`, async () => {
    const baseline = await shop.run(await shop.podOf('orders'), image());
    // The other client has a native part, and the application is installed for glibc.
    const pod = counting(await shop.podOf('orders-gray'), { CLIENT: 'ali-ons' });
    const canary = await shop.run(pod, shop.muslImage());
    await canary.child.waitFor(/GRAY-101 tag gray, version/);
    expect(await untilTakenBy(canary, baseline)).toBeGreaterThan(0);
  });

  it('a pod that is told to end hands over, and a stand-in takes what comes', async () => {
    const application = image();
    const baseline = await shop.run(await shop.podOf('orders'), application);
    const canary = await shop.run(counting(await shop.podOf('orders-gray')), application);
    const sent = await untilTakenBy(canary, baseline);

    const told = Date.now();
    const { code, afterMs: ended } = await canary.end();
    await baseline.child.waitFor('group1_gray: stand-in on, no canary of gray is there', STAND_IN_MS);
    const standsIn = Date.now() - told;
    await baseline.request(GRAY);
    await baseline.child.waitFor(`took message ${sent + 1}`, STAND_IN_MS);
    const taken = Date.now() - told;
    console.log(`after SIGTERM: ended after ${ended} ms, stand-in on after ${standsIn} ms, took after ${taken} ms`);
    expect(code).toBe(0);
  });

  it('an application without a handler does not end by SIGTERM, as process 1', async () => {
    const canary = await shop.run(await shop.podOf('orders-gray'), image());
    canary.signal('SIGTERM');
    // It still serves afterwards.
    expect(await canary.request(GRAY)).toMatch(/\S/);
    expect(canary.child.process.exitCode).toBeNull();
  });

  it('shows itself by the socket in the volume', async () => {
    const application = image();
    const canary = await shop.run(await shop.podOf('orders-gray'), application);
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
