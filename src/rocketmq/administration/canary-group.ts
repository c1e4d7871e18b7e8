import { groupHint } from '../../lines/groups';
import type { QueueOffsets } from '../plan/left-out';
import type { Beginning } from '../plan/subscription';
import { type Clock, systemClock } from '../remoting/clock';
import {
  type Broker,
  type BrokerAdministration,
  BrokerAdministrationError,
  brokerNamed,
  type GroupSettings,
} from './broker-administration';
import { createGroupCommand } from './mqadmin-command';
import { isPaused, lastingSettings, type PausedGroup } from './paused-group';

/** What was done to have a canary's consumer group. */
export interface PreparedGroup {
  /** Names of the brokers on which the group was created. */
  readonly created: readonly string[];
  /** Those of them on which there is no baseline group whose settings it could have. */
  readonly createdAlone: readonly string[];
  /** Names of the brokers on which it existed. */
  readonly used: readonly string[];
  /** How many queues the group was set to start on where the baseline group stands. */
  readonly offsets: number;
  /** Those on which it exists and may not consume. */
  readonly paused: readonly PausedGroup[];
}

/** A broker on which the group could not be made ready. */
export interface BrokerFailure {
  readonly broker: Broker;
  readonly error: unknown;
}

/** The group is not ready on every broker; `hint` tells in one line what to do by hand. */
export class CanaryGroupError extends Error {
  override readonly name = 'CanaryGroupError';
  readonly hint: string;
  /** What succeeded nevertheless. */
  readonly prepared: PreparedGroup;
  /** Empty when not even the brokers could be found out. */
  readonly failures: readonly BrokerFailure[];

  constructor(
    message: string,
    details: { hint: string; prepared: PreparedGroup; failures: readonly BrokerFailure[]; cause: unknown },
  ) {
    super(message, { cause: details.cause });
    this.hint = details.hint;
    this.prepared = details.prepared;
    this.failures = details.failures;
  }
}

/**
 * What is known of a canary's group from before.
 *
 * - `in use`: others may leave the messages of its canary to it already. A queue on which it has no offset is a new one,
 *   whose messages are its own from the beginning: the baseline's offset may have passed over some.
 * - `given up`: the baseline took its messages since. Where it stood then is no place to go on from.
 */
export type FormerUse = 'in use' | 'given up';

export interface CanaryGroup {
  readonly administration: BrokerAdministration;
  readonly baselineGroup: string;
  readonly canaryGroup: string;
  /** What the group will consume. */
  readonly topics: readonly string[];
  /** How it was in use before, in a topic. Undefined: not, or nothing is known of it. */
  readonly formerUse?: ((topic: string) => FormerUse | undefined) | undefined;
  /** Where the clients of the baseline's group begin a queue on which that has no offset. */
  readonly beginning?: Beginning | undefined;
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
export async function prepareCanaryGroup(group: CanaryGroup): Promise<PreparedGroup> {
  const { administration, topics, timeoutMs = DEFAULT_TIMEOUT_MS, clock = systemClock } = group;
  const deadline = new Deadline(timeoutMs, clock);
  let brokers: Broker[];
  let queues: TopicQueue[];
  try {
    [brokers, queues] = await deadline.bound(Promise.all([administration.brokersOfCluster(topics), queuesOf(group)]));
  } catch (error) {
    throw unprepared(group, error);
  }
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

/**
 * Where a canary's group stands in a topic, on every queue of it: nothing is lost which is left to it from there on.
 *
 * @param away names of brokers that are not asked
 * @returns undefined for a topic without queues, and when it has no offset on one of them, such as one that was added
 * @throws BrokerAdministrationError, RemotingError
 */
export async function offsetsOnEveryQueue(
  { administration, canaryGroup }: Pick<CanaryGroup, 'administration' | 'canaryGroup'>,
  topic: string,
  away: ReadonlySet<string> = new Set(),
): Promise<QueueOffsets | undefined> {
  const [brokers, all] = await Promise.all([
    administration.brokersOfCluster([topic]),
    queuesOf({ administration, topics: [topic] }),
  ]);
  const queues = all.filter(({ broker }) => !away.has(broker));
  const offsets = queues.map(async ({ broker, queueId }) => {
    const offset = await administration.committedOffset(brokerNamed(brokers, broker), canaryGroup, topic, queueId);
    return [`${broker}:${queueId}`, offset] as const;
  });
  const known = (await Promise.all(offsets)).flatMap(([queue, offset]) =>
    offset === undefined ? [] : [[queue, offset] as const],
  );
  return known.length > 0 && known.length === queues.length ? new Map(known) : undefined;
}

interface TopicQueue {
  readonly broker: string;
  readonly topic: string;
  readonly queueId: number;
}

/** Told at once: what was done before a failure counts as well. */
interface Progress {
  baseline(settings: GroupSettings | undefined): void;
  created(): void;
  used(): void;
  paused(settings: GroupSettings): void;
  offset(): void;
}

async function queuesOf({
  administration,
  topics,
}: Pick<CanaryGroup, 'administration' | 'topics'>): Promise<TopicQueue[]> {
  const ofTopics = topics.map(async topic => {
    const hosts = await administration.queuesOf(topic);
    return hosts.flatMap(({ broker, queues }) =>
      Array.from({ length: queues }, (_, queueId) => ({ broker, topic, queueId })),
    );
  });
  return (await Promise.all(ofTopics)).flat();
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

/** Where the canary group starts on a queue. */
interface Start {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  /** Whether the baseline group stands there. */
  readonly isBaselines: boolean;
}

/** @param queues of one topic */
async function cloneOffsets(
  group: CanaryGroup,
  broker: Broker,
  queues: readonly TopicQueue[],
  deadline: Deadline,
  progress: Progress,
): Promise<void> {
  const starts = (await Promise.all(queues.map(queue => startOf(group, broker, queue)))).filter(
    start => start !== null,
  );
  // One queue alone first: of two commits that are both the first of a group in a topic a broker can lose one
  // (ConsumerOffsetManager.commitOffset, 4.5 to 5.5). What another canary loses to this one's first is set here again.
  const [first, ...others] = starts;
  if (first === undefined) return;
  await setOffset(group, broker, first, deadline, progress);
  await Promise.all(others.map(start => setOffset(group, broker, start, deadline, progress)));
}

/** Null for a queue that needs no offset. */
async function startOf(
  { administration, baselineGroup, canaryGroup, beginning, formerUse }: CanaryGroup,
  broker: Broker,
  { topic, queueId }: TopicQueue,
): Promise<Start | null> {
  // Brokers and clients begin at the first message that there still is.
  if (formerUse?.(topic) === 'in use') return { topic, queueId, offset: 0, isBaselines: false };
  const committed = await administration.committedOffset(broker, baselineGroup, topic, queueId);
  if (committed !== undefined) return { topic, queueId, offset: committed, isBaselines: true };
  const offset = await administration.initialOffset(broker, canaryGroup, topic, queueId, beginning);
  // Also 0, where a group starts a young queue without being told: by its offset a queue is known to be the group's.
  return offset === undefined ? null : { topic, queueId, offset, isBaselines: false };
}

async function setOffset(
  { administration, canaryGroup, formerUse }: CanaryGroup,
  broker: Broker,
  { topic, queueId, offset, isBaselines }: Start,
  deadline: Deadline,
  progress: Progress,
): Promise<void> {
  // Asked right before writing: there is no command that writes only where nothing is.
  const own = await administration.committedOffset(broker, canaryGroup, topic, queueId);
  if (own !== undefined && !(formerUse?.(topic) === 'given up' && isBaselines && own < offset)) return;
  deadline.check();
  await administration.commitOffset(broker, canaryGroup, topic, queueId, offset);
  if (isBaselines) progress.offset();
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

function unprepared({ administration, canaryGroup }: CanaryGroup, cause: unknown): CanaryGroupError {
  const { namesrv } = administration;
  const command = createGroupCommand('<name server>', { cluster: '<cluster>' }, canaryGroup);
  return new CanaryGroupError(`consumer group ${canaryGroup} could not be looked up: ${reason(cause)}`, {
    hint: hint(canaryGroup, `name server ${namesrv}: ${reason(cause)}`, command),
    prepared: { created: [], createdAlone: [], used: [], offsets: 0, paused: [] },
    failures: [],
    cause,
  });
}

function partlyPrepared(
  { administration, canaryGroup }: CanaryGroup,
  prepared: PreparedGroup,
  failures: readonly BrokerFailure[],
  brokers: readonly Broker[],
  baselines: ReadonlyMap<Broker, GroupSettings | undefined>,
): CanaryGroupError {
  // What the others have is the likeliest for a broker that could not be asked.
  const settingsOn = (broker?: Broker) => {
    const settings = (broker && baselines.get(broker)) ?? [...baselines.values()].find(Boolean);
    return settings && lastingSettings(settings);
  };
  const { namesrv } = administration;
  const commands =
    failures.length === brokers.length
      ? [...new Set(brokers.map(({ cluster }) => cluster))].map(cluster =>
          createGroupCommand(namesrv, { cluster }, canaryGroup, settingsOn()),
        )
      : failures.map(({ broker }) =>
          createGroupCommand(
            namesrv,
            { address: broker.address ?? `<master of ${broker.name}>` },
            canaryGroup,
            settingsOn(broker),
          ),
        );
  const problems = failures.map(({ broker, error }) => `${broker.name}: ${reason(error)}`).join('; ');
  return new CanaryGroupError(`consumer group ${canaryGroup} is not ready on ${problems}`, {
    hint: hint(canaryGroup, problems, commands.join(' && ')),
    prepared,
    failures,
    cause: failures[0]?.error,
  });
}

function hint(canaryGroup: string, problem: string, command: string): string {
  return groupHint({ group: canaryGroup, problem, command }).replace(/\s*[\r\n]+\s*/g, ' ');
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The end of the time for a whole operation of many requests. */
class Deadline {
  readonly #end: number;
  #over = false;

  constructor(
    readonly timeoutMs: number,
    readonly clock: Clock,
  ) {
    this.#end = clock.now() + timeoutMs;
  }

  /** @throws Error after the deadline */
  check(): void {
    if (this.#over || this.clock.now() >= this.#end) throw this.#error();
  }

  /** Settles as the work does, or fails at the deadline; the work is then no longer waited for. */
  bound<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(this.#end - this.clock.now(), () => {
        // Said once, it holds: a timer may fire a little before its time.
        this.#over = true;
        reject(this.#error());
      });
      work.then(resolve, reject).finally(cancel);
    });
  }

  #error(): Error {
    return new Error(`not done within ${this.timeoutMs} ms`);
  }
}
