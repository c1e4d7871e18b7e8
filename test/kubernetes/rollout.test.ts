/**
 * The rollout of docs/kubernetes.md, step by step: Kubernetes's own controllers make and end the pods of Deployments, a node runs
 * them on a real RocketMQ, and messages flow all the while.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { chosenNodeVersions } from '../../fixtures/node-versions';
import { until } from '../../fixtures/servers/until';
import { pattern } from '../operations/documented-blocks';
import { type Node, type RunningPod, startNode } from './node';
import { counting, openShop, type Shop, stepsOfSection } from './shop';
import { type Message, sideOf, startTraffic, type Traffic } from './traffic';

const [INJECT, CANARY, PROMOTE, REMOVE, UNDO] = stepsOfSection('Rollout');
const LINES_MS = 60_000;
/** A canary is known to the baseline that long after its start (docs/operations.md). */
const KNOWN_MS = 5_000;
const WHOLE_MS = 600_000;

let shop: Shop;
let node: Node;
let traffic: Traffic;
beforeAll(async () => {
  shop = await openShop({ hasControllers: true });
  await shop.type('kubectl apply --filename deploy/kubernetes/mutating-admission-policy.yaml');
  // The service as it is before: two pods, without the agent.
  await shop.type('kubectl create namespace shop');
  await shop.type('kubectl --namespace shop apply --filename docs/kubernetes/orders.yaml');
  await shop.kubectl(['--namespace=shop', 'scale', 'deployment/orders', '--replicas=2']);
  const options = shop.podsOptions(shop.image(chosenNodeVersions()[1]?.path ?? process.execPath));
  const here: typeof options.here = (pod, port) => counting(options.here(pod, port));
  node = startNode(shop.cluster, 'shop', { ...options, here });
  await shop.type('kubectl --namespace shop rollout status deployment orders');
  traffic = startTraffic(node.pods);
});
afterAll(async () => {
  await node?.stop();
  await shop?.close();
});

const running = () => node.pods.filter(pod => !pod.isEnding());
const namesOf = (pods: readonly RunningPod[]) => pods.map(({ pod }) => pod.metadata.name).sort();
const imagesOf = (pods: readonly RunningPod[]) =>
  pods.flatMap(({ pod }) => pod.spec.containers.map(({ image }) => image));
const baseline = () => running().filter(pod => sideOf(pod) === 'baseline');

/** Waits until these run and no others: a Deployment is rolled out before its old pods have ended. */
function untilOnly(pods: readonly RunningPod[]): Promise<void> {
  const names = namesOf(pods).join();
  return until(`only ${names} run`, LINES_MS, async () => namesOf(running()).join() === names);
}

/** Types the commands of a step, and waits for its lines in each pod that began meanwhile. */
async function take(step: typeof INJECT): Promise<RunningPod[]> {
  if (step === undefined) throw new Error('the page has no such step');
  const before = node.pods.length;
  await shop.type(step.commands);
  const begun = node.pods.slice(before);
  for (const pod of begun) {
    for (const line of step.output) await pod.child.waitFor(pattern(line), LINES_MS);
  }
  return begun;
}

/** Takes the canary away, and waits until somebody of the baseline says what the page says. */
async function removeCanary(): Promise<number> {
  const told = Date.now();
  const [line = ''] = REMOVE?.output ?? [];
  const printed = ({ child }: RunningPod) => child.stderr.split('\n').filter(text => pattern(line).test(text)).length;
  const seen = baseline().map(printed);
  await take({ commands: REMOVE?.commands ?? '', output: [] });
  for (;;) {
    if (baseline().some((pod, index) => printed(pod) > (seen[index] ?? 0))) return Date.now() - told;
    if (Date.now() - told > LINES_MS) throw new Error(`no pod of the baseline printed ${line}`);
    await sleep(50);
  }
}

it(
  'a canary comes, is promoted and removed, another one is rolled back: no message is lost, none at the wrong side',
  async () => {
    onTestFailed(() => {
      for (const { pod, child } of node.pods) console.log(`${pod.metadata.name}\n${child.stderr}`);
    });
    traffic.go(['untagged'], 'no agent');
    const injected = await take(INJECT);
    expect(injected).toHaveLength(2);
    await untilOnly(injected);

    traffic.go(['untagged'], 'the canary comes');
    const [canary] = await take(CANARY);
    expect(canary && sideOf(canary)).toBe('canary');
    await sleep(KNOWN_MS);
    traffic.go(['untagged', 'gray'], 'the canary is there');
    await sleep(KNOWN_MS);

    const promoted = await take(PROMOTE);
    expect(imagesOf(promoted)).toEqual(['registry.example.com/orders:2', 'registry.example.com/orders:2']);
    await untilOnly([...promoted, ...(canary ? [canary] : [])]);
    traffic.go(['untagged', 'gray'], 'the canary leaves');
    await traffic.settle();
    const standIn = [await removeCanary()];
    await traffic.settle();
    await untilOnly(promoted);

    traffic.go(['untagged'], 'a second canary comes');
    await traffic.settle();
    await take(CANARY);
    await sleep(KNOWN_MS);
    traffic.go(['untagged', 'gray'], 'the canary is there');
    await sleep(KNOWN_MS);
    traffic.go(['untagged', 'gray'], 'the canary leaves');
    await traffic.settle();
    standIn.push(await removeCanary());
    await traffic.settle();
    // Rolling back touched no pod of the baseline.
    await untilOnly(promoted);
    const undone = await take(UNDO);
    await untilOnly(undone);
    expect(imagesOf(undone)).toEqual(['registry.example.com/orders:1', 'registry.example.com/orders:1']);
    await traffic.settle();

    const sent = await traffic.stop();
    await traffic.settle();
    const taken = traffic.taken();
    const sides = ({ name }: Message) => taken.get(name) ?? [];
    const doubled = sent.filter(message => sides(message).length > 1);
    console.log(
      `${sent.length} messages, ${doubled.length} taken twice; stand-in on after ${standIn.join(' and ')} ms`,
    );
    const wrong = sent.filter(message => {
      if (message.kind === 'untagged') return sides(message).includes('canary');
      return message.during === 'the canary is there' && sides(message).includes('baseline');
    });
    expect(wrong).toEqual([]);
    const kinds = Object.fromEntries(sent.map(({ kind, during }) => [`${kind}, ${during}`, true]));
    expect(Object.keys(kinds)).toEqual(
      expect.arrayContaining(['untagged, no agent', 'gray, the canary is there', 'gray, the canary leaves']),
    );
  },
  WHOLE_MS,
);
