/** The source of a hand-over where name servers and brokers can be reached: announcements, markers, offsets. */
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import { type CanaryGroup, prepareCanaryGroup, readyGroup } from '../administration/canary-group';
import { type CanaryGroupError, MarkerNotTakenError } from '../administration/canary-group-error';
import { offsetsOnEveryQueue } from '../administration/canary-offsets';
import { endOf, hasPassed, type QueuePositions, retriesSoFar } from '../administration/group-progress';
import { type PausedGroup, PausedGroupError, pausedHint } from '../administration/paused-group';
import { isRefusal } from '../administration/refusal';
import { canaryGroup } from '../plan/group-name';
import type { QueueOffsets } from '../plan/left-out';
import type { Clock } from '../remoting/clock';
import { type Runtime, systemRuntime } from '../remoting/runtime';
import { type BaselineBehind, baselineBehind } from './baseline-behind';
import { formerUseOf } from './canary-marker';
import { type Cluster, type ClusterServers, openCluster } from './cluster';
import { gettingOn } from './getting-on';
import { type KnownQueues, knownQueues } from './known-queues';
import type { HandOverSource } from './source';
import type { SteeredConsumer } from './steered-consumer';

/** How often a group is asked whether it has got there, ms. */
const DRAINED_MS = 3_000;

type Consumer = Pick<SteeredConsumer, 'baselineGroup' | 'beginning' | 'canaryBegins'>;

interface BrokerSource {
  readonly consumer: Consumer;
  readonly cluster: Cluster;
  readonly queues: KnownQueues;
  readonly behind: BaselineBehind;
  readonly clock: Clock;
  readonly log: Log;
}

/** @param key the property whose conditions show canaries that announce nothing */
export function brokerSource(
  consumer: Consumer,
  servers: ClusterServers,
  key: string,
  log: Log,
  runtime: Runtime = systemRuntime,
): HandOverSource {
  const group = consumer.baselineGroup;
  const groupOf = (tag: string) => canaryGroup(group, tag);
  const cluster = openCluster(servers, runtime);
  const { administration, markers, presence, subscriptions, close } = cluster;
  const queues = knownQueues(administration);
  const progress = gettingOn(administration);
  const behind = baselineBehind(administration, group, consumer.beginning);
  const source: BrokerSource = { consumer, cluster, queues, behind, clock: runtime.clock, log };
  return {
    offsetsNeedPolling: false,
    async canaries(topics, tags) {
      const [seen, others] = await Promise.all([
        presence.canaries(group, topics, tags),
        presence.otherCanaries({ group, topics: [...topics].sort(), key }),
      ]);
      const withoutAgent = new Set([...others].filter(tag => !seen.tags.has(tag)));
      return { ...seen, tags: new Set([...seen.tags, ...withoutAgent]), withoutAgent };
    },
    readMarkers: () => markers.read(group),
    async writeMarker(marker) {
      await markers.write(group, marker);
    },
    readSubscriptions: () => subscriptions.read(group),
    async writeSubscriptions(added) {
      await subscriptions.writeBaseline(group, added);
    },
    ensureOffsets: (tag, topics, isDeclared) => ensureOffsets(source, tag, topics, isDeclared),
    async hasOffsets(tag, topics) {
      const asked = topics.map(topic => offsetsOnEveryQueue({ administration, canaryGroup: groupOf(tag) }, topic));
      return (await Promise.all(asked)).every(offsets => offsets !== undefined);
    },
    changedQueues: queues.changed,
    forgetTopic: queues.forget,
    untilDrained: (tag, topics, isOver) => untilDrained(source, groupOf(tag), topics, isOver),
    retriesSoFar: (tag, topics) =>
      retriesSoFar({ administration, canaryGroup: groupOf(tag), topics }).catch(() => undefined),
    standIns: (tag, topics) => presence.standIns(groupOf(tag), topics),
    isStuck: (tag, topics) => progress.isStuck(groupOf(tag), topics),
    peers: topics => presence.baselines(group, topics),
    announceStandIn: (tag, topics) => presence.announceStandIn(groupOf(tag), topics),
    announceBeside: (tag, topics) => presence.announceBeside(groupOf(tag), topics),
    announceDeclared: (tag, topics) => presence.announceDeclared(groupOf(tag), topics),
    announceBaseline: topics => presence.announceBaseline(group, topics),
    close,
  };
}

async function ensureOffsets(
  { consumer, cluster, queues, behind, clock }: BrokerSource,
  tag: string,
  asked: readonly string[],
  isDeclared: boolean,
): Promise<readonly string[]> {
  const { baselineGroup, beginning } = consumer;
  const { administration, markers } = cluster;
  const its = canaryGroup(baselineGroup, tag);
  const before = await queues.of(asked);
  const former = await formerUseOf(administration, baselineGroup, tag);
  const isInUse = asked.every(topic => former(topic) === 'in use');
  // What was given up begins where it stood: only its canary, before it says that it is there, may pass over messages.
  const formerUse = (topic: string) => (former(topic) === 'in use' ? ('in use' as const) : undefined);
  const group = { administration, baselineGroup, canaryGroup: its, topics: asked, beginning, formerUse, clock };
  const { paused, away, known } = await (isInUse ? usedGroup(group, before) : newGroup(group));
  // What would be left to it would wait for as long as it may not consume.
  const hint = pausedHint(its, administration.namesrv, paused);
  if (hint !== undefined) throw new PausedGroupError(hint);
  const places = await Promise.all(
    asked.map(async topic => {
      // Where others leave its messages to it already, they did so when nothing was between.
      if (former(topic) === 'in use') return [topic];
      const offsets = await offsetsOnEveryQueue({ administration, canaryGroup: its }, topic, away);
      const isGap = offsets !== undefined && (await behind.isBehind(tag, topic, offsets));
      return isGap ? [] : [topic];
    }),
  );
  const topics = places.flat();
  if (topics.length === 0) return [];
  // Written down before anything is excluded: whoever comes after this process must know.
  if (!(await markers.ensureManaged(baselineGroup, tag, topics)) && !isDeclared) throw new MarkerNotTakenError(its);
  const checked = topics.map(async topic => {
    const offsets = known?.get(topic) ?? (await offsetsOnEveryQueue({ administration, canaryGroup: its }, topic, away));
    if (offsets === undefined) return [];
    consumer.canaryBegins(topic, tag, offsets);
    queues.ensured(topic, before.get(topic) ?? new Map(), away);
    return [topic];
  });
  return (await Promise.all(checked)).flat();
}

/** A group that is there, on the brokers that answer. */
interface Group {
  readonly paused: readonly PausedGroup[];
  /** Names of the brokers that do not. */
  readonly away: ReadonlySet<string>;
  /** Where it stands, by topic; undefined: it has to be asked. */
  readonly known?: ReadonlyMap<string, QueueOffsets>;
}

async function newGroup(group: CanaryGroup): Promise<Group> {
  const { paused } = await prepareCanaryGroup(group);
  return { paused, away: new Set() };
}

/** One whose messages are left to it already, by topics with their queues. As a rule nothing has to be done to it. */
async function usedGroup(group: CanaryGroup, queues: Awaited<ReturnType<KnownQueues['of']>>): Promise<Group> {
  const ready = await readyGroup(group).catch(() => undefined);
  if (ready !== undefined) return { paused: ready.paused, away: new Set(), known: ready.offsets };
  try {
    return await newGroup(group);
  } catch (error) {
    // It has its offsets on a broker that is away for a while; the others go on without it.
    const away = awayBrokers(error);
    const isAnswered = group.topics.every(topic =>
      [...(queues.get(topic)?.keys() ?? [])].some(name => !away.has(name)),
    );
    if (!isAnswered) throw error;
    return { paused: (error as CanaryGroupError).prepared.paused, away };
  }
}

async function untilDrained(
  { cluster, clock, log }: BrokerSource,
  group: string,
  topics: readonly string[],
  isOver: () => boolean,
): Promise<boolean | undefined> {
  const { administration, presence } = cluster;
  const asked = { administration, canaryGroup: group, topics };
  let ends: QueuePositions | undefined;
  while (!isOver()) {
    try {
      ends ??= await endOf(asked);
      const isDeclared = (await hasPassed(asked, ends)) ? await presence.isDeclared(group, topics) : undefined;
      if (isDeclared !== undefined) return isDeclared;
    } catch (error) {
      log.say(handOverLines.progressUnknown, { canaryGroup: group, problem: (error as Error).message });
    }
    await clock.sleep(DRAINED_MS);
  }
  return undefined;
}

/** The brokers on which a group could not be made ready, where all of them just do not answer. @throws the error itself */
function awayBrokers(error: unknown): Set<string> {
  const { failures = [] } = error as Partial<CanaryGroupError>;
  if (failures.length === 0 || failures.some(({ error }) => isRefusal(error))) throw error;
  return new Set(failures.map(({ broker }) => broker.name));
}
