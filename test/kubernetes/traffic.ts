/** Requests to a service while it is rolled out, as its Service would spread them; and what became of the messages that they sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../fixtures/servers/until';
import type { RunningPod } from './node';
import { GRAY } from './shop';

export type Side = 'baseline' | 'canary';
type Kind = 'untagged' | 'gray';

export interface Message {
  readonly name: string;
  readonly kind: Kind;
  /** What was going on when it was sent. */
  readonly during: string;
}

export interface Traffic {
  /** From now on these are sent, and this is going on. */
  go(kinds: readonly Kind[], during: string): void;
  /** Waits until each message that was sent has been taken. @throws Error that names those that were not */
  settle(): Promise<void>;
  /** Sends no more. */
  stop(): Promise<readonly Message[]>;
  /** Who took each message, by its name; more than once where it came again. */
  taken(): ReadonlyMap<string, readonly Side[]>;
}

const PAUSE_MS = 100;
/** Redelivery of what a killed consumer held is what takes longest. */
const SETTLE_MS = 90_000;
const ANSWER_MS = 30_000;

export const sideOf = ({ pod }: RunningPod): Side =>
  pod.metadata.labels?.['rocketmq-gray.io/tag'] === 'gray' ? 'canary' : 'baseline';

/** @param pods of both sides; requests go to those of the baseline that are ready */
export function startTraffic(pods: readonly RunningPod[]): Traffic {
  const sent: Message[] = [];
  let kinds: readonly Kind[] = [];
  let during = '';
  let isStopped = false;

  const taken = () => {
    const all = new Map<string, Side[]>();
    for (const pod of pods) {
      for (const [, name = ''] of pod.child.stdout.matchAll(/^took (.*)$/gm)) {
        all.set(name, [...(all.get(name) ?? []), sideOf(pod)]);
      }
    }
    return all;
  };

  /** A request that its pod did not answer goes to another one. */
  const send = async (message: Message) => {
    const deadline = Date.now() + ANSWER_MS;
    for (let turn = sent.length; ; turn++) {
      const ready = pods.filter(pod => pod.isReady() && sideOf(pod) === 'baseline');
      const pod = ready[turn % ready.length];
      try {
        if (pod === undefined) throw new Error('no pod of the baseline is ready');
        await pod.request(message.kind === 'gray' ? GRAY : {}, `/${message.name}`);
        return sent.push(message);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(PAUSE_MS);
      }
    }
  };
  let number = 0;
  let underway: Promise<unknown> = Promise.resolve();
  const sending = (async () => {
    while (!isStopped) {
      for (const kind of kinds) {
        underway = send({ name: `${kind}-${++number}`, kind, during });
        await underway;
      }
      await sleep(PAUSE_MS);
    }
  })();
  // Whoever stops it hears of it.
  sending.catch(() => {});
  const settle = async () => {
    await underway;
    const before = sent.slice();
    const left = () => {
      const all = taken();
      return before.filter(({ name }) => !all.has(name));
    };
    await until('each message is taken', SETTLE_MS, async () => left().length === 0).catch(error => {
      throw new Error(`${error.message}: ${left().map(({ name, during }) => `${name} (${during})`)}`);
    });
  };
  return {
    go(next, what) {
      kinds = next;
      during = what;
    },
    settle,
    async stop() {
      isStopped = true;
      await sending;
      return sent;
    },
    taken,
  };
}
