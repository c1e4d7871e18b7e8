/** Makes a canary's consumer group ready on the brokers. */
import type { QueueOffsets } from '../plan/left-out';
import { type Clock, systemClock } from '../remoting/clock';
import type { Broker } from './broker';
import { type BrokerFailure, type PreparedGroup, partlyPrepared, unprepared } from './canary-group-error';
import {
  cloneOffsets,
  type OffsetsToClone,
  offsetsOnEveryQueue,
  queuesOf,
  type TopicQueue,
  withFormerUse,
} from './canary-offsets';
import { Deadline } from './deadline';
import type { GroupSettings } from './groups';
import { isPaused, lastingSettings, type PausedGroup } from './paused-group';
import { BrokerAdministrationError } from './refusal';

export interface CanaryGroup extends OffsetsToClone {
  /** What the group will consume. */
  readonly topics: readonly string[];
  /** For everything; 10 s when absent. Nothing is written to a broker after it. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Makes a canary's consumer group ready on every broker of the cluster, to be called before the canary's first receive.
 *
 * Where the group does not exist it is created with the settings that the baseline group has on that broker. Where it
 * exists its settings stay. On each queue of each topic on which it has no committed offset it gets the baseline group's:
 * neither a gap nor a replay (see {@link FormerUse} for groups that were in use before). On a queue on which the baseline
 * group has none either it gets the place from which a new group of such clients begins it now, not when the canary's first
 * pull arrives. So it may be called at any time, by several canaries at once, and
 * again after a start that died half way.
 *
 * @throws CanaryGroupError when that failed on a broker, the others being ready
 */
export async function prepareCanaryGroup(given: CanaryGroup): Promise<PreparedGroup> {
  const { administration, topics, timeoutMs = DEFAULT_TIMEOUT_MS, clock = systemClock } = given;
  const deadline = new Deadline(timeoutMs, clock);
  let brokers: Broker[];
  let queues: TopicQueue[];
  try {
    [brokers, queues] = await deadline.bound(Promise.all([administration.brokersOfCluster(topics), queuesOf(given)]));
  } catch (error) {
    throw unprepared(given, error);
  }
  const group = { ...given, ...(await withFormerUse(given, brokers, queues)) };
  const failures: BrokerFailure[] = [];
  const created: string[] = [];
  const used: string[] = [];
  const paused: PausedGroup[] = [];
  let offsets = 0;
  const baselines = new Map<Broker, GroupSettings | undefined>();
  await Promise.all(
    brokers.map(async broker => {
      try {
        await deadline.bound(
          prepareOnBroker(group, broker, queues, deadline, {
            baseline: settings => baselines.set(broker, settings),
            created: () => created.push(broker.name),
            used: () => used.push(broker.name),
            paused: settings => paused.push({ broker, settings }),
            offset: () => offsets++,
          }),
        );
      } catch (error) {
        failures.push({ broker, error });
      }
    }),
  );
  const isAlone = (name: string) => brokers.some(broker => broker.name === name && !baselines.get(broker));
  const createdAlone = created.filter(isAlone).sort();
  const prepared = { created: [...created].sort(), createdAlone, used: [...used].sort(), offsets, paused };
  if (failures.length === 0) return prepared;
  throw partlyPrepared(group, prepared, failures, brokers, baselines);
}

/** A group to which nothing has to be done. */
export interface ReadyGroup extends Pick<PreparedGroup, 'paused'> {
  /** By topic. */
  readonly offsets: ReadonlyMap<string, QueueOffsets>;
}

/**
 * A canary's group as it is, where it exists on every broker and has an offset on every queue: so it is as a rule, and asking is
 * a third of what {@link prepareCanaryGroup} asks.
 *
 * @returns undefined when something is missing
 * @throws BrokerAdministrationError, RemotingError
 */
export async function readyGroup({
  administration,
  canaryGroup,
  topics,
}: Pick<CanaryGroup, 'administration' | 'canaryGroup' | 'topics'>): Promise<ReadyGroup | undefined> {
  const brokers = await administration.brokersOfCluster(topics);
  const settings = await Promise.all(brokers.map(broker => administration.groupSettings(broker, canaryGroup)));
  const ofTopics = await Promise.all(
    topics.map(async topic => [topic, await offsetsOnEveryQueue({ administration, canaryGroup }, topic)] as const),
  );
  const offsets = ofTopics.flatMap(([topic, its]) => (its === undefined ? [] : [[topic, its] as const]));
  if (settings.includes(undefined) || offsets.length < topics.length) return undefined;
  const paused = brokers.flatMap((broker, index) => {
    const its = settings[index];
    return its !== undefined && isPaused(its) ? [{ broker, settings: its }] : [];
  });
  return { paused, offsets: new Map(offsets) };
}

/** Told at once: what was done before a failure counts as well. */
interface Progress {
  baseline(settings: GroupSettings | undefined): void;
  created(): void;
  used(): void;
  paused(settings: GroupSettings): void;
  offset(): void;
}

async function prepareOnBroker(
  group: CanaryGroup,
  broker: Broker,
  queues: readonly TopicQueue[],
  deadline: Deadline,
  progress: Progress,
): Promise<void> {
  const { administration, baselineGroup, canaryGroup } = group;
  const [baseline, canary] = await Promise.all([
    administration.groupSettings(broker, baselineGroup),
    administration.groupSettings(broker, canaryGroup),
  ]);
  progress.baseline(baseline);
  if (canary) {
    progress.used();
    if (isPaused(canary)) progress.paused(canary);
  } else {
    deadline.check();
    await createGroup(group, broker, baseline, progress);
  }
  const here = queues.filter(queue => queue.broker === broker.name);
  const clones = group.topics.map(topic => {
    const ofTopic = here.filter(queue => queue.topic === topic);
    return cloneOffsets(group, broker, ofTopic, deadline, progress);
  });
  await Promise.all(clones);
}

async function createGroup(
  { administration, canaryGroup }: CanaryGroup,
  broker: Broker,
  baseline: GroupSettings | undefined,
  progress: Progress,
): Promise<void> {
  try {
    await administration.putGroup(broker, canarySettings(baseline, canaryGroup));
    progress.created();
  } catch (error) {
    // Another canary was faster, and a broker may refuse the second creation (an attribute that cannot change).
    if (!(error instanceof BrokerAdministrationError) || !(await administration.groupSettings(broker, canaryGroup))) {
      throw error;
    }
    progress.used();
  }
}

/**
 * The settings of a canary group: the baseline group's that last, or the broker's defaults. Attributes are written as changes, to
 * be added (`+name`), by a command that creates a group (source: AttributeUtil.alterCurrentAttributes).
 */
export function canarySettings(baseline: GroupSettings | undefined, canaryGroup: string): GroupSettings {
  const attributes = Object.entries((baseline?.attributes as Record<string, string> | null | undefined) ?? {});
  return {
    ...(baseline && lastingSettings(baseline)),
    groupName: canaryGroup,
    ...(attributes.length > 0 && {
      attributes: Object.fromEntries(attributes.map(([name, value]) => [`+${name}`, value])),
    }),
  };
}
