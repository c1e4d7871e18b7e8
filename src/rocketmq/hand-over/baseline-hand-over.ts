/**
 * The baseline's side of a hand-over: carries out what the state machine decides for one consumer of the application, and
 * tells it what happens. One line is said for each change.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log';
import { canaryGroup } from '../plan/group-name';
import type { Subscription } from '../plan/subscription';
import type { Announcement } from '../presence/presence';
import { createHandOver, type HandOverAction, type HandOverEvent, type TagReport } from './hand-over';
import type { SteeredIntake } from './intake';
import { silence } from './silence';
import type { HandOverSource } from './source';
import type { StandIn, StandInMaker } from './stand-in';

export interface BaselineHandOverOptions {
  /** Of a consumer of the baseline. */
  readonly plan: SteeredIntake;
  readonly source: HandOverSource;
  readonly standIns: StandInMaker;
  /** Tags known beforehand. */
  readonly declared: readonly string[];
  readonly ignored: readonly string[];
  readonly log: Log;
  /** Told of each tag that is managed or stood in for. */
  readonly onTag: (tag: string) => void;
}

export interface BaselineHandOver {
  /**
   * The consumer is about to consume these as well. Resolves when its filter is as it must be for the first poll, or
   * when the brokers have not answered in time: then it takes the messages of every tag until they do. Never rejects.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;
  unsubscribe(topic: string): void;
  /**
   * The application closes the consumer: it polls no more. Resolves when its stand-ins have ended. Never rejects; called
   * again, it waits for the same.
   */
  close(): Promise<void>;
  /** The consumer has ended, closed before: nothing is left out any more, should the application start it again. */
  forget(): void;
  /** Every tag that something is known of. */
  tags(): readonly TagReport[];
}

/** How often it is asked who is there, what is written down, and for the queues of the topics, ms. */
const CANARIES_MS = 1_000;
const MARKERS_MS = 5_000;
const QUEUES_MS = 10_000;
/** How often a message of a tag is worth telling, ms. */
const SAW_MS = 1_000;
/** How long a consumer's start is held up by brokers that do not answer, ms. */
const LONGEST_START_MS = 10_000;
/** Answers about who is there may be as old as this, ms: a stand-in has to see a canary that came before it. */
const FRESH_MS = 500;

export function baselineHandOver(options: BaselineHandOverOptions): BaselineHandOver {
  const { plan, source, standIns, declared, ignored, log, onTag } = options;
  const group = plan.baselineGroup;
  const groupOf = (tag: string) => canaryGroup(group, tag);
  const { joinsFirst } = source;
  const machine = createHandOver({ group, canaryGroup: groupOf, declared, ignored, joinsFirst });
  const subscriptions = new Map<string, Subscription>();
  /** Tags that something is known of. */
  const known = new Set<string>(declared);
  const sawAt = new Map<string, number>();
  const running = new Map<string, { readonly standIn: StandIn; readonly announcement: Announcement }>();
  const announcements: Promise<Announcement>[] = [];
  /** Beginnings and ends of stand-ins, which the end of the consumer waits for. */
  const unfinished = new Set<Promise<void>>();
  /** Told when the machine is ready. */
  const waiting = new Set<() => void>();
  let isOver = false;
  let closed: Promise<void> | undefined;

  // A clock that somebody sets does not change how long things take.
  const began = Date.now() - performance.now();
  const now = () => Math.round(began + performance.now());
  const silent = silence(group, log, () => performance.now());

  const tell = (event: HandOverEvent): void => {
    for (const action of machine.on(event, now())) carryOut(action);
    if (machine.isReady) for (const settle of waiting) settle();
  };

  /** Messages come often, and what they tell is known for a while. */
  const saw = (tag: string): void => {
    const at = performance.now();
    if (!known.has(tag) || at - (sawAt.get(tag) ?? Number.NEGATIVE_INFINITY) < SAW_MS) return;
    sawAt.set(tag, at);
    tell({ type: 'saw', tag });
  };

  function carryOut(action: HandOverAction): void {
    switch (action.type) {
      case 'say':
        log[action.level](action.text);
        return;
      case 'leave out':
        plan.leaveOut(action.topic, action.tags);
        for (const tag of action.tags) onTag(tag);
        return;
      case 'cover':
        void cover(action);
        return;
      case 'mark':
        void source.mark(action.marker);
        return;
      case 'drain':
        void drain(action);
        return;
      case 'start stand-in':
        onTag(action.tag);
        inTheEnd(startStandIn(action.tag, action.topics));
        return;
      case 'end stand-in':
        inTheEnd(endStandIn(action.tag));
        return;
      case 'subscribe stand-in':
        void subscribeStandIn(action.tag, action.topic);
        return;
      case 'unsubscribe stand-in':
        running.get(action.tag)?.standIn.unsubscribe(action.topic);
    }
  }

  async function cover({ tag, topics, isDeclared }: Extract<HandOverAction, { type: 'cover' }>): Promise<void> {
    let covered: readonly string[] = [];
    try {
      covered = await source.cover(tag, topics, isDeclared);
    } catch (error) {
      const problem = (error as { hint?: string }).hint ?? (error as Error).message;
      log.warnOnce(`cover:${groupOf(tag)}`, `the baseline takes the messages of ${tag} as well: ${problem}`);
    }
    tell({ type: 'covered', tag, asked: topics, topics: covered });
  }

  async function drain({ tag, id, topics }: Extract<HandOverAction, { type: 'drain' }>): Promise<void> {
    const isDeclaredElsewhere = await source.drained(tag, topics, () => isOver);
    if (isDeclaredElsewhere !== undefined) tell({ type: 'drained', tag, id, isDeclaredElsewhere });
  }

  async function startStandIn(tag: string, topics: readonly string[]): Promise<void> {
    const announcement = await source.announceStandIn(tag, topics);
    // One of the two sees the other: a canary announces itself before it looks for stand-ins.
    await sleep(FRESH_MS, undefined, { ref: false });
    const { tags } = await source.canaries(topics, known);
    if (tags.has(tag) || isOver) {
      await announcement.withdraw();
      // In this order: while it is taken to be away, another would be started at once.
      tell({ type: 'canaries', tags, isComplete: false });
      tell({ type: 'stand-in not started', tag, isFailure: false });
      return;
    }
    try {
      const standInPlan = plan.standIn(tag);
      standInPlan.onSaw(saw);
      const asked = topics.flatMap(topic => subscriptions.get(topic) ?? []);
      running.set(tag, { standIn: await standIns.start(standInPlan, asked), announcement });
    } catch (error) {
      const problem = (error as Error).message;
      log.warnOnce(`stand-in:${groupOf(tag)}`, `${groupOf(tag)}: a stand-in could not be started: ${problem}`);
      await announcement.withdraw();
      // By an answer that is newer than the withdrawal.
      await sleep(FRESH_MS, undefined, { ref: false });
      const others = await source.otherStandIns(tag, topics);
      tell({ type: 'stand-in not started', tag, isFailure: true, isAlone: others === undefined || others === 0 });
      return;
    }
    for (const topic of topics) if (!subscriptions.has(topic)) running.get(tag)?.standIn.unsubscribe(topic);
    tell({ type: 'stand-in started', tag });
  }

  async function endStandIn(tag: string): Promise<void> {
    const entry = running.get(tag);
    running.delete(tag);
    await entry?.standIn.leave();
    await entry?.announcement.withdraw();
    tell({ type: 'stand-in ended', tag });
    await entry?.standIn.closed;
  }

  async function subscribeStandIn(tag: string, topic: string): Promise<void> {
    const subscription = subscriptions.get(topic);
    try {
      if (subscription !== undefined) await running.get(tag)?.standIn.subscribe(subscription);
    } catch (error) {
      log.warn(`${groupOf(tag)}: the stand-in could not subscribe to ${topic}: ${(error as Error).message}`);
      tell({ type: 'stand-in not subscribed', tag, topic });
    }
  }

  function inTheEnd(work: Promise<void>): void {
    unfinished.add(work);
    void work.finally(() => unfinished.delete(work));
  }

  const rounds = [
    {
      every: CANARIES_MS,
      async look() {
        if (subscriptions.size === 0) return;
        const { tags, isComplete, about, problem } = await source.canaries([...subscriptions.keys()], known);
        for (const tag of tags) known.add(tag);
        if (problem !== undefined) log.debug(`${group}: who is there is not known everywhere: ${problem}`);
        if (isComplete) silent.answered();
        else silent.unanswered(problem);
        tell({ type: 'canaries', tags, isComplete, about });
      },
    },
    {
      every: MARKERS_MS,
      async look() {
        const markers = await source.markers();
        if (markers === undefined) return;
        for (const { tag } of markers) known.add(tag);
        tell({ type: 'markers', markers });
      },
    },
    {
      every: QUEUES_MS,
      async look() {
        const topics = await source.grownTopics();
        if (topics.length > 0) tell({ type: 'queues changed', topics });
      },
    },
  ].map(({ every, look }) => ({ every, look, at: 0, isLooking: false }));

  /** Asks for everything that is due; the same thing never twice at once. Never rejects. */
  async function ask(): Promise<void> {
    const time = performance.now();
    const due = rounds.filter(({ at, isLooking }) => time >= at && !isLooking);
    const looks = due.map(async round => {
      // A timer that fires a little early is not a round late.
      Object.assign(round, { at: time + round.every - CANARIES_MS / 2, isLooking: true });
      try {
        await round.look();
      } catch (error) {
        log.debug(`${group}: the brokers did not answer: ${(error as Error).message}`);
      } finally {
        round.isLooking = false;
      }
    });
    await Promise.all(looks);
  }

  const timer = setInterval(() => void ask(), CANARIES_MS);
  timer.unref();
  plan.onSaw(saw);

  /** Resolves when the machine is ready, or after a while: whether it is. */
  function ready(): Promise<boolean> {
    return new Promise(resolve => {
      // The application waits for this: it keeps the process alive.
      const limit = setTimeout(() => settle(), LONGEST_START_MS);
      const settle = () => {
        clearTimeout(limit);
        waiting.delete(settle);
        resolve(machine.isReady);
      };
      waiting.add(settle);
      if (machine.isReady || isOver) settle();
    });
  }

  return {
    tags: () => (silent.isLong ? machine.tags().map(tag => ({ ...tag, canary: 'unknown' })) : machine.tags()),
    async subscribe(added) {
      if (isOver || added.length === 0) return;
      const isFirst = subscriptions.size === 0;
      const changed = added.filter(({ topic }) => subscriptions.has(topic));
      for (const subscription of added) subscriptions.set(subscription.topic, subscription);
      for (const { topic } of changed) for (const tag of running.keys()) void subscribeStandIn(tag, topic);
      const topics = [...subscriptions.keys()];
      tell({ type: 'subscribed', topics: added.map(({ topic }) => topic) });
      if (isFirst) {
        announcements.push(source.announceBaseline(topics));
        announcements.push(...declared.map(tag => source.announceDeclared(tag, topics)));
      }
      await ask();
      if (await ready()) return;
      log.warnOnce(
        `hand-over:${group}`,
        `${group}: it is not known which canaries there are (${silent.problem ?? 'not all has been answered yet'}); until it is, the baseline takes the messages of every tag whose canary it does not see`,
      );
    },
    unsubscribe(topic) {
      subscriptions.delete(topic);
      source.forgetTopic(topic);
      tell({ type: 'unsubscribed', topic });
      plan.leaveOut(topic, []);
    },
    close() {
      closed ??= end();
      return closed;
    },
    forget() {
      for (const topic of subscriptions.keys()) plan.leaveOut(topic, []);
    },
  };

  async function end(): Promise<void> {
    isOver = true;
    clearInterval(timer);
    for (const settle of waiting) settle();
    tell({ type: 'closing' });
    while (unfinished.size > 0) await Promise.all(unfinished);
    await Promise.all(announcements.map(async announcement => (await announcement).withdraw()));
    source.close();
  }
}
