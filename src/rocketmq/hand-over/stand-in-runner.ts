/** Starts and ends this process's stand-ins as the core of a hand-over wants it, and tells it how that went. */

import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import type { Subscription } from '../plan/subscription';
import type { Announcement } from '../presence/presence';
import type { Clock } from '../remoting/clock';
import { mayConsume } from './canary-subscriptions';
import type { HandOverEvent } from './events';
import type { HandOverSource } from './source';
import type { StandIn } from './stand-in';

export interface StandInRunner {
  /** @param isBeside see the action `start stand-in` */
  start(tag: string, topics: readonly string[], isBeside: boolean): void;
  end(tag: string): void;
  subscribe(tag: string, topic: string): void;
  unsubscribe(tag: string, topic: string): void;
  /** The application changed what it wants of a topic: each stand-in subscribes to it anew. */
  resubscribe(topic: string): void;
  /** Settles when every start and end that was begun is over. */
  settled(): Promise<void>;
}

/** Starts a consumer in the canary's group of `tag`. See {@link StandInMaker.start}. */
export type MakeStandIn = (tag: string, subscriptions: readonly Subscription[], isBeside: boolean) => Promise<StandIn>;

/** What stand-ins are started with. */
export interface StandInMeans {
  readonly source: HandOverSource;
  readonly clock: Clock;
  readonly log: Log;
  /** What the application subscribes to now, by topic. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Tags that something is known of. */
  readonly knownTags: ReadonlySet<string>;
  /** The canary's group of a tag. */
  readonly groupOf: (tag: string) => string;
  /** Tells the core, and carries out what it answers. */
  readonly tell: (event: HandOverEvent) => void;
  /** The application has closed the consumer. */
  readonly isOver: () => boolean;
}

/** Answers about who is there may be as old as this, ms: a stand-in has to see a canary that came before it. */
const FRESH_MS = 500;

/** @param turn see {@link StandInMaker.turn} */
export function standInRunner(means: StandInMeans, make: MakeStandIn, turn?: () => Promise<() => void>): StandInRunner {
  const { source, subscriptions, knownTags, isOver, groupOf, clock, log, tell } = means;
  const running = new Map<string, { readonly standIn: StandIn; readonly announcement: Announcement }>();
  const unfinished = new Set<Promise<void>>();

  /** The end of the consumer waits for it. */
  function inTheEnd(work: Promise<void>): void {
    unfinished.add(work);
    void work.finally(() => unfinished.delete(work));
  }

  async function start(tag: string, topics: readonly string[], isBeside: boolean): Promise<void> {
    const announcement = await (isBeside ? source.announceBeside : source.announceStandIn)(tag, topics);
    // Of a canary and a stand-in that come at the same time one sees the other: each announces itself before it looks.
    await clock.sleep(FRESH_MS);
    const [{ tags }, isAllowed] = await Promise.all([
      source.canaries(topics, knownTags),
      // A canary that writes down later what it subscribes to sees that this one is announced, and waits.
      mayConsume(means, { tag, topics, isBeside }),
    ]);
    if (!isAllowed || (tags.has(tag) && !isBeside) || isOver()) {
      await announcement.withdraw();
      // In this order: while the canary is taken to be away, another stand-in would be started at once.
      tell({ type: 'canaries seen', tags, isComplete: false });
      tell({ type: 'stand-in not started', tag, isFailure: false });
      return;
    }
    try {
      const standIn = await make(
        tag,
        topics.flatMap(topic => subscriptions.get(topic) ?? []),
        isBeside,
      );
      running.set(tag, { standIn, announcement });
    } catch (error) {
      const problem = (error as Error).message;
      log.say(handOverLines.standInNotStarted, { canaryGroup: groupOf(tag), problem });
      await announcement.withdraw();
      tell({ type: 'stand-in not started', tag, isFailure: true, isAlone: await isAlone(means, tag, topics) });
      return;
    }
    // Unsubscribed while it started.
    for (const topic of topics) if (!subscriptions.has(topic)) running.get(tag)?.standIn.unsubscribe(topic);
    tell({ type: 'stand-in started', tag });
  }

  async function end(tag: string): Promise<void> {
    const entry = running.get(tag);
    running.delete(tag);
    await entry?.standIn.leave();
    await entry?.announcement.withdraw();
    tell({ type: 'stand-in ended', tag });
    await entry?.standIn.closed;
  }

  async function subscribe(tag: string, topic: string): Promise<void> {
    const subscription = subscriptions.get(topic);
    try {
      if (subscription !== undefined) await running.get(tag)?.standIn.subscribe(subscription);
    } catch (error) {
      const problem = (error as Error).message;
      log.say(handOverLines.standInNotSubscribed, { canaryGroup: groupOf(tag), topic, problem });
      tell({ type: 'stand-in not subscribed', tag, topic });
    }
  }

  return {
    start: (tag, topics, isBeside) => inTheEnd(inTurn(means, turn, tag, () => start(tag, topics, isBeside))),
    end: tag => inTheEnd(end(tag)),
    subscribe: (tag, topic) => void subscribe(tag, topic),
    unsubscribe: (tag, topic) => running.get(tag)?.standIn.unsubscribe(topic),
    resubscribe(topic) {
      for (const tag of running.keys()) void subscribe(tag, topic);
    },
    async settled() {
      while (unfinished.size > 0) await Promise.all(unfinished);
    },
  };
}

/** Starts one when it may. Until then nobody is told of it: a canary that comes meanwhile has nobody to wait for. */
async function inTurn(
  { isOver, tell }: StandInMeans,
  turn: (() => Promise<() => void>) | undefined,
  tag: string,
  start: () => Promise<void>,
): Promise<void> {
  if (turn === undefined) return start();
  const done = await turn();
  try {
    if (isOver()) tell({ type: 'stand-in not started', tag, isFailure: false });
    else await start();
  } finally {
    done();
  }
}

/** Whether no other process stands in, as far as is known. */
async function isAlone({ source, clock }: StandInMeans, tag: string, topics: readonly string[]): Promise<boolean> {
  // By an answer that is newer than this one's withdrawal.
  await clock.sleep(FRESH_MS);
  const others = await source.standIns(tag, topics);
  return others === undefined || others.size === 0;
}
