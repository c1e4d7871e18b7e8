/**
 * Rests between the polls of stand-ins, where there are many that have nothing to do.
 *
 * While messages of others flow, a broker 5.x wakes each poll that waits for a filtered message every second or two, so that the
 * group's offset gets on (BrokerConfig.java, `popLongPollingForceNotifyInterval`: 800 ms). With hundreds of tags that are absent
 * these wake-ups are most of what brokers, proxy and baseline have to do.
 */
import { type Clock, systemClock } from '../../rocketmq/remoting/clock';
import { deferred } from '../../rocketmq/remoting/deferred';
import type { PushConsumer } from './client';
import { replace } from './replace';

type Polling = Pick<PushConsumer, 'receiveMessage'>;

/** Stand-ins of a process that poll without a rest. */
const FEW = 16;
/** One that got a message goes on without a rest for so long, ms. */
const AWAKE_MS = 30_000;
/** From one poll of a queue to the next, ms. Below the ten seconds after which others look whether its group gets on. */
const CYCLE_MS = 4_000;

// In each bundle: one of them has the hooks of this client.
const polling = new Set<Polling>();

export interface Pace {
  /** Of the process. */
  readonly standIns: number;
  /** Ms since the last message, or since it began. */
  readonly silentMs: number;
  /** Of the poll that brought nothing. */
  readonly tookMs: number;
}

/** How long a stand-in rests before its next poll, ms. */
export function restMs({ standIns, silentMs, tookMs }: Pace): number {
  return standIns <= FEW || silentMs < AWAKE_MS ? 0 : Math.max(0, CYCLE_MS - tookMs);
}

/** @returns ends the rests of this one: it leaves */
export function restBetweenPolls(standIn: Polling, clock: Pick<Clock, 'now' | 'sleep'> = systemClock): () => void {
  const { promise: ended, resolve: end } = deferred();
  let heardAt = clock.now();
  polling.add(standIn);
  replace(standIn, 'receiveMessage', original => async (...args) => {
    const from = clock.now();
    const messages = await original(...args);
    const now = clock.now();
    if (messages.length > 0) heardAt = now;
    const ms = restMs({ standIns: polling.size, silentMs: now - heardAt, tookMs: now - from });
    if (ms > 0) await Promise.race([clock.sleep(ms), ended]);
    return messages;
  });
  return () => {
    polling.delete(standIn);
    end();
  };
}
