/**
 * Rests of stand-ins, where there are many that have nothing to do: between polls, and between questions which queues they have.
 *
 * While messages of others flow, a broker 5.x wakes each poll that waits for a filtered message every second or two, so that the
 * group's offset gets on (BrokerConfig.java, `popLongPollingForceNotifyInterval`: 800 ms). With hundreds of tags that are absent
 * these wake-ups are most of what brokers, proxy and baseline have to do.
 */
import { type Clock, systemClock } from '../../rocketmq/remoting/clock';
import { deferred } from '../../rocketmq/remoting/deferred';
import type { PushConsumer } from './client';
import { replace } from './replace';

type Polling = Pick<PushConsumer, 'receiveMessage'> & {
  readonly rpcClientManager: Pick<PushConsumer['rpcClientManager'], 'queryAssignment'>;
};

/** Stand-ins of a process that poll without a rest. */
const FEW = 16;
/** One that got a message goes on without a rest for so long, ms. */
const AWAKE_MS = 30_000;
/** From one poll of a queue to the next, ms. Below the ten seconds after which others look whether its group gets on. */
const CYCLE_MS = 4_000;
/** The client asks every 5 s which queues it has. One that rests asks after so long, ms: as often as which servers there are. */
const ASSIGNMENT_MS = 30_000;
/** Code.OK of its protocol. */
const OK = 20_000;

// In each bundle: one of them has the hooks of this client.
const polling = new Set<Polling>();

export interface Pace {
  /** Of the process. */
  readonly standIns: number;
  /** Ms since the last message, or since it began. */
  readonly silentMs: number;
}

/** Whether a stand-in rests. */
export function isAtRest({ standIns, silentMs }: Pace): boolean {
  return standIns > FEW && silentMs >= AWAKE_MS;
}

/** @returns ends the rests of this one: it leaves */
export function restBetweenPolls(standIn: Polling, clock: Pick<Clock, 'now' | 'sleep'> = systemClock): () => void {
  const { promise: ended, resolve: end } = deferred();
  let heardAt = clock.now();
  const rests = () => isAtRest({ standIns: polling.size, silentMs: clock.now() - heardAt });
  polling.add(standIn);
  replace(standIn, 'receiveMessage', original => async (...args) => {
    const from = clock.now();
    const messages = await original(...args);
    if (messages.length > 0) heardAt = clock.now();
    const ms = from + CYCLE_MS - clock.now();
    if (ms > 0 && rests()) await Promise.race([clock.sleep(ms), ended]);
    return messages;
  });
  askLessForQueues(standIn, rests, clock);
  return () => {
    polling.delete(standIn);
    end();
  };
}

/** What the client knows which queues it has by. */
interface Assignment {
  getStatus(): { getCode(): number } | undefined;
  getAssignmentsList(): readonly unknown[];
}
interface AssignmentRequest {
  getTopic(): { getName(): string } | undefined;
}

/** While it rests, the former answer is given again for a while. */
function askLessForQueues({ rpcClientManager }: Polling, rests: () => boolean, { now }: Pick<Clock, 'now'>): void {
  const known = new Map<string, { readonly answer: Assignment; readonly at: number }>();
  replace(rpcClientManager, 'queryAssignment', original => async (endpoints, request, timeout) => {
    const topic = (request as AssignmentRequest).getTopic()?.getName() ?? '';
    const former = known.get(topic);
    if (former !== undefined && now() - former.at < ASSIGNMENT_MS && rests()) return former.answer;
    const answer = (await original(endpoints, request, timeout)) as Assignment;
    const isUsable = answer.getStatus()?.getCode() === OK && answer.getAssignmentsList().length > 0;
    if (isUsable) known.set(topic, { answer, at: now() });
    else known.delete(topic);
    return answer;
  });
}
