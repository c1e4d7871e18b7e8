/**
 * The baseline's side of a hand-over: carries out what the state machine decides for one consumer of the application, and
 * tells it what happens. One line is said for each change.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log';
import { offsetsOnEveryQueue, prepareCanaryGroup } from './canary-group';
import { type ClusterServers, openCluster } from './cluster';
import { type ConsumerPlan, canaryGroup } from './consumer-plan';
import { endOf, hasPassed } from './group-progress';
import { createHandOver, type HandOverAction, type HandOverEvent } from './hand-over';
import type { Subscription } from './message-policy';
import type { Announcement } from './presence';
import type { StandIn, StandInMaker } from './stand-in';

export interface BaselineHandOverOptions {
  /** Of a consumer of the baseline. */
  readonly plan: ConsumerPlan;
  readonly servers: ClusterServers;
  readonly standIns: StandInMaker;
  /** Tags known beforehand. */
  readonly declared: readonly string[];
  readonly ignored: readonly string[];
  readonly log: Log;
}

export interface BaselineHandOver {
  /**
   * The consumer is about to consume these as well. Resolves when its filter is as it must be for the first poll, or
   * when the brokers have not answered in time: then it takes the messages of every tag until they do. Never rejects.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;
  unsubscribe(topic: string): void;
  /** The application closes the consumer; resolves when its stand-ins have ended. Never rejects. */
  close(): Promise<void>;
}

/** How often it is asked who is there, ms. */
const PRESENCE_MS = 1_000;
/** How often the markers are read, and the queues of the topics, ms. */
const MARKERS_MS = 5_000;
const QUEUES_MS = 10_000;
/** How often a message of a tag is worth telling, ms. */
const SAW_MS = 1_000;
const DRAINED_MS = 3_000;
/** How long a consumer's start is held up by brokers that do not answer, ms. */
const LONGEST_START_MS = 10_000;
/** Answers about who is there may be as old as this: a stand-in has to see a canary that came before its announcement. */
const FRESH_MS = 500;

export function baselineHandOver(options: BaselineHandOverOptions): BaselineHandOver {
  const { plan, standIns, declared, ignored, log } = options;
  const group = plan.baselineGroup;
  const groupOf = (tag: string) => canaryGroup(group, tag);
  const cluster = openCluster(options.servers);
  const { administration, markers, presence } = cluster;
  const machine = createHandOver({ group, canaryGroup: groupOf, declared, ignored });
  const subscriptions = new Map<string, Subscription>();
  /** Tags that something is known of. */
  const known = new Set<string>(declared);
  /** Of each topic, the queues that were covered last: a number for each broker. */
  const queues = new Map<string, ReadonlyMap<string, number>>();
  const running = new Map<string, { readonly standIn: StandIn; readonly announcement: Announcement }>();
  const sawAt = new Map<string, number>();
  const announcements: Announcement[] = [];
  /** Everything under way that the end of the consumer waits for. */
  const unfinished = new Set<Promise<void>>();
  const waiting = new Set<() => void>();
  let isOver = false;
  let isAsking = false;

  const tell = (event: HandOverEvent): void => {
    for (const action of machine.on(event, Date.now())) carryOut(action);
    if (machine.isReady) for (const settle of waiting) settle();
  };

  /** Messages come often, and what they tell is known for a while. */
  const saw = (tag: string): void => {
    const now = performance.now();
    if (!known.has(tag) || now - (sawAt.get(tag) ?? Number.NEGATIVE_INFINITY) < SAW_MS) return;
    sawAt.set(tag, now);
    tell({ type: 'saw', tag });
  };

  const topics = () => [...subscriptions.keys()];

  function carryOut(action: HandOverAction): void {
    switch (action.type) {
      case 'say':
        log[action.level](action.text);
        return;
      case 'leave out':
        plan.leaveOut(action.topic, action.tags);
        return;
      case 'cover':
        void cover(action.tag, action.topics, action.isDeclared);
        return;
      case 'mark':
        void markers.write(group, action.marker);
        return;
      case 'drain':
        void drain(action.tag, action.id, action.topics);
        return;
      case 'start stand-in':
        inTheEnd(startStandIn(action.tag, action.topics));
        return;
      case 'end stand-in':
        endStandIn(action.tag);
        return;
      case 'subscribe stand-in':
      case 'unsubscribe stand-in':
        void changeStandIn(action);
    }
  }

  async function cover(tag: string, asked: readonly string[], isDeclared: boolean): Promise<void> {
    const group = groupOf(tag);
    const covered: string[] = [];
    try {
      const before = await queuesOf(asked);
      await prepareCanaryGroup({
        administration,
        baselineGroup: plan.baselineGroup,
        canaryGroup: group,
        topics: asked,
      });
      // Written down before anything is left out: whoever comes after this process must know.
      const isMarked = await markers.write(plan.baselineGroup, { tag, phase: 'managed', at: Date.now() });
      if (isMarked || isDeclared) {
        for (const topic of asked) {
          const offsets = await offsetsOnEveryQueue({ administration, canaryGroup: group }, topic);
          if (offsets === undefined) continue;
          plan.covered(topic, tag, offsets);
          covered.push(topic);
          if (!queues.has(topic)) queues.set(topic, before.get(topic) ?? new Map());
        }
      }
    } catch (error) {
      const problem = (error as { hint?: string }).hint ?? (error as Error).message;
      log.warnOnce(`cover:${group}`, `the baseline takes the messages of ${tag} as well: ${problem}`);
    }
    tell({ type: 'covered', tag, asked, topics: covered });
  }

  async function startStandIn(tag: string, names: readonly string[]): Promise<void> {
    const notStarted = (isFailure: boolean) => tell({ type: 'stand-in not started', tag, isFailure });
    const announcement = await presence.announceStandIn(groupOf(tag), names);
    // One of the two sees the other: a canary announces itself before it looks for stand-ins.
    await sleep(FRESH_MS, undefined, { ref: false });
    const seen = await presence.canaries(group, names, known);
    if (seen.tags.has(tag) || isOver) {
      await announcement.withdraw();
      notStarted(false);
      if (seen.tags.has(tag)) tell({ type: 'canaries', tags: seen.tags, isComplete: false });
      return;
    }
    try {
      const standInPlan = plan.standIn(tag);
      standInPlan.onSaw(saw);
      const standIn = await standIns.start(
        standInPlan,
        names.flatMap(name => subscriptions.get(name) ?? []),
      );
      running.set(tag, { standIn, announcement });
    } catch (error) {
      log.warnOnce(
        `stand-in:${groupOf(tag)}`,
        `${groupOf(tag)}: a stand-in could not be started: ${(error as Error).message}`,
      );
      await announcement.withdraw();
      notStarted(true);
      return;
    }
    tell({ type: 'stand-in started', tag });
  }

  function endStandIn(tag: string): void {
    const entry = running.get(tag);
    if (entry === undefined) return;
    running.delete(tag);
    const { standIn, announcement } = entry;
    const end = async () => {
      await standIn.leave();
      await announcement.withdraw();
      tell({ type: 'stand-in ended', tag });
      await standIn.closed;
    };
    inTheEnd(end());
  }

  function inTheEnd(work: Promise<void>): void {
    unfinished.add(work);
    void work.finally(() => unfinished.delete(work));
  }

  async function changeStandIn({
    type,
    tag,
    topic,
  }: Extract<HandOverAction, { type: 'subscribe stand-in' | 'unsubscribe stand-in' }>): Promise<void> {
    const standIn = running.get(tag)?.standIn;
    const subscription = subscriptions.get(topic);
    if (type === 'unsubscribe stand-in') standIn?.unsubscribe(topic);
    else if (subscription !== undefined) {
      await standIn?.subscribe(subscription).catch(error => {
        log.warn(`${groupOf(tag)}: the stand-in could not subscribe to ${topic}: ${(error as Error).message}`);
      });
    }
  }

  async function drain(tag: string, id: number, names: readonly string[]): Promise<void> {
    const ask = { administration, canaryGroup: groupOf(tag), topics: names };
    for (let ends: Awaited<ReturnType<typeof endOf>> | undefined; !isOver; await pause(DRAINED_MS)) {
      try {
        ends ??= await endOf(ask);
        if (!(await hasPassed(ask, ends))) continue;
        const isDeclaredElsewhere = await presence.isDeclared(groupOf(tag), names);
        if (isDeclaredElsewhere === undefined) continue;
        return tell({ type: 'drained', tag, id, isDeclaredElsewhere });
      } catch (error) {
        log.debug(`${groupOf(tag)}: how far it has got is not known: ${(error as Error).message}`);
      }
    }
  }

  async function queuesOf(names: readonly string[]): Promise<Map<string, ReadonlyMap<string, number>>> {
    const found = names.map(async name => {
      const hosts = await administration.queuesOf(name);
      return [name, new Map(hosts.map(({ broker, queues }) => [broker, queues]))] as const;
    });
    return new Map(await Promise.all(found));
  }

  async function lookAtQueues(): Promise<void> {
    const changed: string[] = [];
    for (const [name, now] of await queuesOf([...queues.keys()])) {
      const before = queues.get(name);
      if (before === undefined || ![...now].some(([broker, count]) => count > (before.get(broker) ?? 0))) continue;
      // A broker that is away for a while keeps what it has.
      queues.set(name, new Map([...before, ...now]));
      changed.push(name);
    }
    if (changed.length > 0) tell({ type: 'queues changed', topics: changed });
  }

  async function lookAtMarkers(): Promise<void> {
    const read = await markers.read(group);
    if (read === undefined) return;
    for (const { tag } of read) known.add(tag);
    tell({ type: 'markers', markers: read });
  }

  async function lookAtCanaries(): Promise<void> {
    const names = topics();
    if (names.length === 0) return;
    const { tags, isComplete, problem } = await presence.canaries(group, names, known);
    for (const tag of tags) known.add(tag);
    if (problem !== undefined) log.debug(`${group}: who is there is not known everywhere: ${problem}`);
    tell({ type: 'canaries', tags, isComplete });
  }

  const rounds = [
    { every: PRESENCE_MS, at: 0, look: lookAtCanaries },
    { every: MARKERS_MS, at: 0, look: lookAtMarkers },
    { every: QUEUES_MS, at: 0, look: lookAtQueues },
  ];

  async function ask(): Promise<void> {
    if (isAsking || isOver) return;
    isAsking = true;
    const now = performance.now();
    const due = rounds.filter(({ at }) => now >= at);
    for (const round of due) round.at = now + round.every;
    const answers = await Promise.allSettled(due.map(({ look }) => look()));
    for (const answer of answers) {
      if (answer.status === 'rejected')
        log.debug(`${group}: the brokers did not answer: ${(answer.reason as Error).message}`);
    }
    isAsking = false;
  }

  const timer = setInterval(() => void ask(), PRESENCE_MS);
  timer.unref();
  plan.onSaw(saw);

  /** Settles when the machine is ready, or after a while. */
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

  async function announceDeclared(names: readonly string[]): Promise<void> {
    const made = await Promise.all(declared.map(tag => presence.announceDeclared(groupOf(tag), names)));
    announcements.push(...made);
    if (isOver) await Promise.all(made.map(announcement => announcement.withdraw()));
  }

  return {
    async subscribe(added) {
      if (isOver) return;
      const isFirst = subscriptions.size === 0;
      for (const subscription of added) subscriptions.set(subscription.topic, subscription);
      tell({ type: 'subscribed', topics: added.map(({ topic }) => topic) });
      if (subscriptions.size === 0) return;
      if (isFirst) void announceDeclared(topics());
      await ask();
      if (!(await ready())) {
        log.warnOnce(
          `hand-over:${group}`,
          `${group}: the brokers do not say which canaries there are; until they do, the baseline takes the messages of every tag that it does not know to be managed`,
        );
      }
    },
    unsubscribe(topic) {
      subscriptions.delete(topic);
      queues.delete(topic);
      tell({ type: 'unsubscribed', topic });
    },
    async close() {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      for (const settle of waiting) settle();
      tell({ type: 'closing' });
      while (unfinished.size > 0) await Promise.all(unfinished);
      await Promise.all(announcements.map(announcement => announcement.withdraw()));
      cluster.close();
    },
  };

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { ref: false });
  }
}
