/** The baseline's side of a hand-over, for one consumer of the application. One line is said for each change. */
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import { canaryGroup } from '../plan/group-name';
import type { Subscription } from '../plan/subscription';
import type { Announcement } from '../presence/presence';
import { turns } from '../presence/turns';
import { type Clock, systemClock } from '../remoting/clock';
import { carryOut } from './carry-out';
import type { Driver } from './driver';
import type { HandOverEvent } from './events';
import { createHandOver, type TagReport } from './hand-over';
import { askInRounds } from './questions';
import { silence } from './silence';
import type { HandOverSource } from './source';
import type { StandInMaker } from './stand-in';
import { type MakeStandIn, standInRunner } from './stand-in-runner';
import type { ConsumerWithStandIns, TagSightings } from './steered-consumer';

export interface BaselineHandOverOptions<StandInPlan extends TagSightings> {
  /** Of a consumer of the baseline. */
  readonly plan: ConsumerWithStandIns<StandInPlan>;
  readonly source: HandOverSource;
  readonly standIns: StandInMaker<NoInfer<StandInPlan>>;
  /** Tags known beforehand. */
  readonly declared: readonly string[];
  readonly ignored: readonly string[];
  /** See {@link HandOverOptions.retention}. */
  readonly retention?: ((tag: string) => number) | undefined;
  /** See {@link HandOverOptions.mostStandIns}. */
  readonly mostStandIns?: number | undefined;
  readonly log: Log;
  /** Told of each tag that is managed or stood in for. */
  readonly onTag: (tag: string) => void;
  readonly clock?: Clock;
}

export interface BaselineHandOver {
  /**
   * The consumer is about to consume these as well. Resolves when its filter is as it must be for the first poll, or
   * when the brokers have not answered in time: then it takes the messages of every tag until they do. Never rejects.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;
  unsubscribe(topic: string): void;
  /** From now on these tags are known beforehand, and those are ignored. */
  settleTags(declared: readonly string[], ignored: readonly string[]): void;
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

/** How often a message of a tag is worth telling, ms. */
const TAG_SEEN_MS = 1_000;
/** How long a consumer's start is held up by brokers that do not answer, ms. */
const LONGEST_START_MS = 10_000;

export function baselineHandOver<StandInPlan extends TagSightings>(
  options: BaselineHandOverOptions<StandInPlan>,
): BaselineHandOver {
  const { plan, source, standIns } = options;
  const subscriptions = new Map<string, Subscription>();
  /** Called when the core is ready, and when it is over. */
  const onReady = new Set<() => void>();
  let isOver = false;
  let closed: Promise<void> | undefined;
  const makeStandIn: MakeStandIn = (tag, subscriptionsOfIts, isBeside) => {
    const itsPlan = plan.standIn(tag, isBeside);
    itsPlan.onTagSeen(tagSeen);
    return standIns.start(itsPlan, subscriptionsOfIts);
  };
  const driver = createDriver(options, { subscriptions, onReady, isOver: () => isOver, makeStandIn });
  const { core, tell } = driver;
  const tagSeen = sightings(driver);
  plan.onTagSeen(tagSeen);
  const asking = askInRounds(driver);
  const announcements: Promise<Announcement>[] = [];
  const declarations = declaredTags(source, options.declared);

  async function end(): Promise<void> {
    isOver = true;
    asking.stop();
    for (const settle of onReady) settle();
    // First: it is no longer one of those among whom standing in is shared out, and others begin while its stand-ins leave.
    const withdrawn = announcements.map(async announcement => (await announcement).withdraw());
    tell({ type: 'closing' });
    await driver.standIns.settled();
    const declared = [...declarations.announced()].map(async announcement => (await announcement).withdraw());
    await Promise.all([...withdrawn, ...declared]);
    source.close();
  }

  return {
    // What was known last is too old to be shown.
    tags: () => (driver.silence.isLong ? core.tags().map(tag => ({ ...tag, canary: 'unknown' })) : core.tags()),
    async subscribe(added) {
      if (isOver || added.length === 0) return;
      const isFirst = subscriptions.size === 0;
      const changed = added.filter(({ topic }) => subscriptions.has(topic));
      for (const subscription of added) subscriptions.set(subscription.topic, subscription);
      driver.told.clear();
      for (const { topic } of changed) driver.standIns.resubscribe(topic);
      const topics = [...subscriptions.keys()];
      tell({ type: 'subscribed', topics: added.map(({ topic }) => topic) });
      if (isFirst) {
        announcements.push(source.announceBaseline(topics));
        declarations.announce(topics);
      }
      await Promise.all([source.writeSubscriptions(added), asking.askNow()]);
      if (!(await isReadyInTime(driver, onReady))) sayUnready(driver);
    },
    unsubscribe(topic) {
      subscriptions.delete(topic);
      driver.told.clear();
      source.forgetTopic(topic);
      tell({ type: 'unsubscribed', topic });
      plan.excludeTags(topic, []);
    },
    settleTags(declared, ignored) {
      if (isOver) return;
      for (const tag of declared) driver.knownTags.add(tag);
      declarations.settle(declared);
      if (subscriptions.size > 0) declarations.announce([...subscriptions.keys()]);
      tell({ type: 'tags settled', declared, ignored });
    },
    close() {
      closed ??= end();
      return closed;
    },
    forget() {
      for (const topic of subscriptions.keys()) plan.excludeTags(topic, []);
    },
  };
}

/** What is announced of the tags that are declared, which may change. */
function declaredTags(source: Pick<HandOverSource, 'announceDeclared'>, initially: readonly string[]) {
  let declared = initially;
  const byTag = new Map<string, Promise<Announcement>>();
  return {
    announced: () => byTag.values(),
    announce(topics: readonly string[]) {
      for (const tag of declared) if (!byTag.has(tag)) byTag.set(tag, source.announceDeclared(tag, topics));
    },
    settle(next: readonly string[]) {
      declared = next;
      for (const [tag, announcement] of byTag) {
        if (next.includes(tag)) continue;
        byTag.delete(tag);
        void announcement.then(({ withdraw }) => withdraw());
      }
    },
  };
}

interface Parts extends Pick<Driver, 'subscriptions' | 'isOver'> {
  readonly onReady: ReadonlySet<() => void>;
  readonly makeStandIn: MakeStandIn;
}

function createDriver<StandInPlan extends TagSightings>(
  options: BaselineHandOverOptions<StandInPlan>,
  { subscriptions, isOver, onReady, makeStandIn }: Parts,
): Driver {
  const { plan, source, standIns, declared, ignored, retention, log, onTag, clock = systemClock } = options;
  const { mostStandIns } = options;
  const group = plan.baselineGroup;
  const groupOf = (tag: string) => canaryGroup(group, tag);
  const { offsetsNeedPolling } = source;
  const core = createHandOver({
    canaryGroup: groupOf,
    declared,
    ignored,
    retention,
    mostStandIns,
    offsetsNeedPolling,
  });
  // That somebody sets the system's clock does not change how long things take.
  const began = clock.systemTime() - clock.now();
  const tell = (event: HandOverEvent): void => {
    for (const action of core.on(event, Math.round(began + clock.now()))) carryOut(driver, action);
    if (onReady.size > 0 && core.isReady) for (const settle of onReady) settle();
  };
  const means = { plan, source, clock, log, core, tell, groupOf, subscriptions, isOver, onTag };
  const knownTags = new Set(declared);
  const driver: Driver = {
    ...means,
    knownTags,
    told: new Map(),
    looks: turns(),
    present: new Set(),
    withoutAgent: new Set(),
    silence: silence(group, log, clock.now),
    standIns: standInRunner({ ...means, knownTags }, makeStandIn, standIns.turn),
  };
  return driver;
}

/** Tells of messages' tags: they come often, and what they tell is known for a while. */
function sightings({ clock, knownTags, tell }: Driver): (tag: string) => void {
  const toldAt = new Map<string, number>();
  return tag => {
    const now = clock.now();
    if (!knownTags.has(tag) || now - (toldAt.get(tag) ?? Number.NEGATIVE_INFINITY) < TAG_SEEN_MS) return;
    toldAt.set(tag, now);
    tell({ type: 'tag seen', tag });
  };
}

/** Whether everything is known before the consumer has waited for too long. */
function isReadyInTime({ core, clock, isOver }: Driver, onReady: Set<() => void>): Promise<boolean> {
  return new Promise(resolve => {
    const settle = () => {
      cancel();
      onReady.delete(settle);
      resolve(core.isReady);
    };
    const cancel = clock.after(LONGEST_START_MS, settle);
    onReady.add(settle);
    if (core.isReady || isOver()) settle();
  });
}

function sayUnready({ plan, silence, log }: Driver): void {
  const problem = silence.problem ?? 'not all has been answered yet';
  log.say(handOverLines.unknownAtStart, { group: plan.baselineGroup, problem });
}
