/**
 * Stand-ins of rocketmq-client-nodejs 1.x: a second consumer beside one of the application's, in a canary's group.
 *
 * It is of the library's own class and made with the application's options, so that what the application's class adds to
 * it (state, methods of its own, what it does at startup) is not there twice. Nothing of it goes through the hooks of the
 * application's consumers.
 */

import type { Agent } from '../../agent/agent';
import type { Exports, LibraryCopy } from '../../agent/instrumentation';
import { overlay } from '../../foreign-objects/overlay';
import { handOverLines } from '../../lines/hand-over';
import { messageLines } from '../../lines/messages';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { StandIn } from '../../rocketmq/hand-over/stand-in';
import type { Subscription } from '../../rocketmq/plan/subscription';
import { STAND_IN_SUFFIX } from '../../rocketmq/presence/consumer-client-id';
import { type ClientConsumer, type ConsumerOptions, liveFilter, type MessageView } from './client';
import { noteStandIn } from './consumer-state';
import { loggerView } from './logger-view';
import { replace } from './replace';
import { harmlessStreams, noMoreStreams } from './stand-in-stream';

/** A stand-in that does not get through its startup by then does not start. The client itself may wait for ever. */
const STARTUP_MS = 20_000;

/** Methods that the library calls for the application only: what its class does there is no matter for a stand-in. */
const ENTRY_POINTS: ReadonlySet<PropertyKey> = new Set([
  'constructor',
  'startup',
  'shutdown',
  'subscribe',
  'unsubscribe',
  'receive',
  'ack',
  'changeInvisibleDuration',
]);

/** One of the application's consumers, as far as another one of its kind can be made. */
export interface Main<C extends ClientConsumer = ClientConsumer> {
  readonly consumer: C;
  /** The library's class. */
  readonly Original: Exports;
  /** The application's options as they were. */
  readonly options: ConsumerOptions;
  readonly agent: Agent;
  readonly copy: LibraryCopy;
}

/** A copy of the application's options, which it may use again for something else. */
export function snapshot(options: ConsumerOptions): ConsumerOptions {
  const values: Record<string, unknown> = {};
  for (const key in options) values[key] = options[key as keyof ConsumerOptions];
  return overlay(options, values);
}

/** What the client takes for the answer to an acknowledgement. */
export const DONE = { getStatus: () => ({ toObject: () => ({ code: 20_000 }) }) };

export function construct<C extends ClientConsumer>(
  main: Main<C>,
  intake: Intake,
  subscriptions: readonly Subscription[],
  changes: { readonly messageListener?: ConsumerOptions['messageListener'] },
): C {
  const changed = changedMethod(main);
  if (changed !== undefined) throw new Error(`its class has a ${changed}() of its own`);
  const { Original, options, copy } = main;
  // The client (1.0.8) does not get through its startup with several topics: the others are added afterwards.
  const first = subscriptions.slice(0, 1).map(asked => [asked.topic, liveFilter(asked, intake, copy)] as const);
  const { logger } = main.consumer as unknown as { readonly logger: object };
  const standIn = Reflect.construct(Original, [
    overlay(options, {
      consumerGroup: intake.group,
      subscriptions: new Map(first),
      // The client closes its logger when it shuts down, and this one is the application's.
      logger: loggerView(logger, (name, method) => (name === 'close' ? undefined : method)),
      ...changes,
    }),
  ]) as C;
  standIn.clientId += STAND_IN_SUFFIX;
  noteStandIn(standIn, intake);
  harmlessStreams(standIn);
  // Without it the client would not get to the end of its shutdown when the proxy is gone, and reconnect for ever.
  replace(standIn.rpcClientManager, 'notifyClientTermination', original => async (...args) => {
    try {
      return await original(...args);
    } catch (error) {
      main.agent.log.say(handOverLines.leavingNotTold, { canaryGroup: intake.group, problem: `${error}` });
      return DONE;
    }
  });
  return standIn;
}

/**
 * A method that the library itself calls and the application changed: a consumer made without that would be another one.
 * Told apart once the consumer's own constructor has run.
 */
export function changedMethod({ consumer, Original }: Main): string | undefined {
  const isChange = (owner: object) => (name: PropertyKey) =>
    !ENTRY_POINTS.has(name) && name in Original.prototype && Object.getOwnPropertyDescriptor(owner, name) !== undefined;
  const own = Reflect.ownKeys(consumer).filter(
    name => typeof (consumer as unknown as Record<PropertyKey, unknown>)[name] === 'function',
  );
  let changes = own.filter(isChange(consumer));
  let prototype = Object.getPrototypeOf(consumer) as object | null;
  while (changes.length === 0 && prototype !== null && prototype !== Original.prototype) {
    changes = Reflect.ownKeys(prototype).filter(isChange(prototype));
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return changes[0] === undefined ? undefined : String(changes[0]);
}

export async function startUp(
  main: Main,
  standIn: ClientConsumer,
  intake: Intake,
  [, ...later]: readonly Subscription[],
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${intake.group} was not joined in ${STARTUP_MS / 1000} s`)), STARTUP_MS);
  });
  const started = standIn.startup();
  try {
    await Promise.race([started, late]);
    for (const asked of later) await standIn.subscribe(asked.topic, liveFilter(asked, intake, main.copy));
  } catch (error) {
    // A startup that goes on after the shutdown leaves timers behind.
    started.then(
      () => standIn.shutdown().catch(() => {}),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Shuts the client of a stand-in down, once. Never rejects. */
export function closer(main: Main, standIn: ClientConsumer, afterwards: () => void): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= standIn
      .shutdown()
      .catch((error: unknown) => {
        const canaryGroup = standIn.consumerGroup;
        main.agent.log.say(handOverLines.clientNotShutDown, { canaryGroup, problem: `${error}` });
        standIn.rpcClientManager.close();
      })
      .then(() => {
        noMoreStreams(standIn);
        afterwards();
      });
    return closed;
  };
}

/** How the application's topics come and go for a stand-in. */
export function topicsOf(
  { copy }: Main,
  standIn: ClientConsumer,
  intake: Intake,
): Pick<StandIn, 'subscribe' | 'unsubscribe'> {
  return {
    subscribe: asked => standIn.subscribe(asked.topic, liveFilter(asked, intake, copy)),
    unsubscribe: topic => standIn.unsubscribe(topic),
  };
}

export function sayGivenBack({ agent }: Main, intake: Intake, message: MessageView, isDone: boolean): void {
  if (isDone) agent.counts.givenBack(intake, 1);
  agent.log.say(isDone ? messageLines.givenBack : messageLines.notGivenBack, said(intake, message));
}

/** A message, as lines name it. */
export function said({ group }: Intake, { topic, messageId: id }: MessageView) {
  return { group, topic, id };
}
