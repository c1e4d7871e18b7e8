/**
 * Pods as a kubelet runs them: started, probed, and ended within their time. And a node, which takes the pods of a cluster as its
 * scheduler and its kubelet would.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../fixtures/kubernetes/control-plane';
import { type Image, type PodOnMachine, podOnMachine } from '../../fixtures/kubernetes/kubelet';
import type { Container, Pod, Probe } from '../../fixtures/kubernetes/pod';
import { freePort } from '../../fixtures/servers/free-ports';
import { until } from '../../fixtures/servers/until';
import { type RunningChild, runOk, start } from '../integration/child';

export interface EndOfPod {
  /** Milliseconds since it was told to end. */
  readonly afterMs: number;
  /** Exit code; null where it had to be killed. */
  readonly code: number | null;
}

export interface RunningPod {
  readonly pod: Pod;
  readonly child: RunningChild;
  /** Where its container listens on this machine, whatever its manifest says. */
  readonly port: number;
  readonly onMachine: PodOnMachine;
  isReady(): boolean;
  isEnding(): boolean;
  /** A request to its container: the body of the answer. @throws where the answer is none of success */
  request(headers?: Readonly<Record<string, string>>, path?: string): Promise<string>;
  /** A signal to process 1 of the container, as a container's runtime sends it. */
  signal(name: NodeJS.Signals): void;
  /** `preStop`, SIGTERM, and SIGKILL when the time is over. */
  end(graceSeconds?: number): Promise<EndOfPod>;
  /** At once. */
  kill(): Promise<void>;
}

export interface PodsOptions {
  readonly images: Readonly<Record<string, Image>>;
  /** The manifest with what is this machine's. */
  readonly here: (pod: Pod, port: number) => Pod;
}

const GRACE_SECONDS = 30;
const POLL_MS = 100;

/** Runs the init containers, then starts the first container. */
export async function startPod(manifest: Pod, { images, here }: PodsOptions): Promise<RunningPod> {
  const port = await freePort();
  const pod = here(manifest, port);
  const [container] = pod.spec.containers;
  if (container === undefined) throw new Error('a pod without a container');
  const onMachine = podOnMachine(pod, images);
  for (const command of onMachine.init) await runOk(command);
  const child = start(onMachine.container(container.name));
  let isEnding = false;
  const readiness = startProbing(container.readinessProbe, port, () => isEnding);
  const signal = (name: NodeJS.Signals) => signalFirst(child, name);
  return {
    pod,
    child,
    port,
    onMachine,
    isReady: () => readiness.isReady && !isEnding,
    isEnding: () => isEnding,
    async request(headers = {}, path = '/') {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${text}`);
      return text;
    },
    signal,
    async end(graceSeconds = pod.spec.terminationGracePeriodSeconds ?? GRACE_SECONDS) {
      isEnding = true;
      const told = performance.now();
      const timer = setTimeout(() => signal('SIGKILL'), graceSeconds * 1_000);
      await preStop(container);
      signal('SIGTERM');
      const { code, signal: by } = await child.ended;
      clearTimeout(timer);
      // Bubblewrap says of a process that was killed what a shell says.
      const isKilled = by !== null || code === 128 + 9;
      return { afterMs: Math.round(performance.now() - told), code: isKilled ? null : code };
    },
    async kill() {
      isEnding = true;
      await child.stop('SIGKILL');
      onMachine.remove();
    },
  };
}

async function preStop({ lifecycle }: Container): Promise<void> {
  const hook = lifecycle?.preStop;
  if (hook === undefined) return;
  if (hook.sleep === undefined) throw new Error('a preStop that this kubelet does not know');
  await sleep(hook.sleep.seconds * 1_000);
}

function signalFirst(child: RunningChild, name: NodeJS.Signals): void {
  const { pid, exitCode } = child.process;
  if (pid === undefined || exitCode !== null) return;
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  if (first) process.kill(Number(first), name);
}

/** A pod without a probe is ready as soon as it runs. */
function startProbing(probe: Probe | undefined, port: number, isOver: () => boolean): { readonly isReady: boolean } {
  const readiness = { isReady: probe === undefined };
  if (probe === undefined) return readiness;
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe;
  let failures = 0;
  const probeOn = async () => {
    await sleep(initialDelaySeconds * 1_000, undefined, { ref: false });
    while (!isOver()) {
      const isGood = await answersProbe(probe, port, timeoutSeconds * 1_000);
      failures = isGood ? 0 : failures + 1;
      if (isGood) readiness.isReady = true;
      else if (failures >= failureThreshold) readiness.isReady = false;
      await sleep(periodSeconds * 1_000, undefined, { ref: false });
    }
  };
  void probeOn();
  return readiness;
}

/** The port of the manifest is that of the container, which is another one on this machine. */
async function answersProbe({ httpGet, tcpSocket }: Probe, port: number, timeoutMs: number): Promise<boolean> {
  if (httpGet !== undefined) {
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    const url = `http://127.0.0.1:${port}${httpGet.path ?? '/'}`;
    const signal = AbortSignal.timeout(timeoutMs);
    return fetch(url, { headers, signal }).then(
      ({ status }) => status >= 200 && status < 400,
      () => false,
    );
  }
  if (tcpSocket === undefined) throw new Error('a probe that this kubelet does not know');
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const finish = (isGood: boolean) => {
      socket.destroy();
      resolve(isGood);
    };
    socket
      .once('connect', () => finish(true))
      .once('timeout', () => finish(false))
      .once('error', () => finish(false));
  });
}

export interface Node {
  /** Those that it has run, the oldest first: also those that have ended. */
  readonly pods: readonly RunningPod[];
  /** Takes no more, and kills what runs. @throws the first thing that went wrong with a pod */
  stop(): Promise<void>;
}

interface Listed extends Pod {
  readonly metadata: Pod['metadata'] & {
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
}

/** Runs the pods of a namespace, and tells the API server how they are. */
export function startNode(cluster: ControlPlane, namespace: string, options: PodsOptions): Node {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const pods: RunningPod[] = [];
  /** What is being done with each, by its uid. */
  const lives = new Map<string, Life>();
  const problems: unknown[] = [];
  let isStopped = false;

  const look = async () => {
    const { items } = await cluster.ask<{ items: Listed[] }>('GET', path);
    for (const pod of items) {
      const { uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
      const life = lives.get(uid);
      if (life !== undefined) {
        if (deletionTimestamp !== undefined) life.end(deletionGracePeriodSeconds);
        continue;
      }
      const begun = lifeOf(cluster, path, pod, options, running => pods.push(running));
      begun.over.catch(problem => problems.push(problem));
      lives.set(uid, begun);
    }
  };
  const looking = (async () => {
    while (!isStopped) {
      await look().catch(problem => isStopped || problems.push(problem));
      await sleep(POLL_MS);
    }
  })();
  return {
    pods,
    async stop() {
      isStopped = true;
      await looking;
      await Promise.all(pods.map(pod => pod.kill()));
      if (problems.length > 0) throw problems[0];
    },
  };
}

interface Life {
  end(graceSeconds: number | undefined): void;
  /** Done when the pod is gone. */
  readonly over: Promise<void>;
}

/** From the binding to the end of a pod. */
function lifeOf(
  cluster: ControlPlane,
  path: string,
  pod: Listed,
  options: PodsOptions,
  onStart: (pod: RunningPod) => void,
): Life {
  const { name } = pod.metadata;
  let told: { readonly graceSeconds: number | undefined } | undefined;
  const live = async () => {
    const target = { apiVersion: 'v1', kind: 'Node', name: 'machine' };
    await cluster.ask('POST', `${path}/${name}/binding`, {
      ...{ apiVersion: 'v1', kind: 'Binding' },
      ...{ metadata: { name }, target },
    });
    const running = await startPod(pod, options);
    onStart(running);
    let said: boolean | undefined;
    while (told === undefined) {
      const isReady = running.isReady();
      if (said !== isReady) await cluster.ask('PATCH', `${path}/${name}/status`, statusOf(isReady));
      said = isReady;
      if (running.isEnding()) return;
      if (running.child.process.exitCode !== null) throw running.child.failure('ended by itself');
      await sleep(POLL_MS);
    }
    await running.end(told.graceSeconds);
    await cluster.ask('DELETE', `${path}/${name}?gracePeriodSeconds=0`);
    running.onMachine.remove();
  };
  return {
    end(graceSeconds) {
      told ??= { graceSeconds };
    },
    over: live(),
  };
}

function statusOf(isReady: boolean): object {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  const condition = { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime };
  return { status: { phase: 'Running', conditions: [condition] } };
}

/** Waits until a pod is ready. @throws Error when that takes too long */
export async function untilReady(pod: RunningPod, timeoutMs = 60_000): Promise<void> {
  const name = pod.pod.metadata.name;
  await until(`${name} is ready`, timeoutMs, async () => pod.isReady());
}

const TAKEN_MS = 2_000;
const MOST_SENT = 30;

/**
 * Sends until a pod takes one: one that has just started may not yet.
 *
 * @param line what it prints then
 * @param send sends the nth
 * @returns how many were sent
 * @throws Error when it takes none
 */
export async function untilTakes(
  { child }: RunningPod,
  line: string,
  send: (number: number) => Promise<unknown>,
): Promise<number> {
  for (let number = 1; ; number++) {
    await send(number);
    const isTaken = await child.waitFor(line, TAKEN_MS).catch(() => undefined);
    if (isTaken !== undefined) return number;
    if (number === MOST_SENT) throw child.failure('took nothing');
  }
}
