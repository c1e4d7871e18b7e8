/** A canary writes down what it subscribes to, and divides it: what only it subscribes to gets a group of its own. */
import { errorText } from '../../foreign-objects/error-text';
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import { hintOf } from '../administration/canary-group-error';
import { prepareOwnGroup } from '../administration/own-group';
import { type CanaryTopic, divisorFor, type OwnPlace, ownPlaceFor } from '../plan/division';
import { selectsAllOf, tagsBeyond } from '../plan/filter-comparison';
import type { FilterExpression } from '../plan/filter-expression';
import { ownGroup } from '../plan/group-name';
import type { Subscription } from '../plan/subscription';
import type { Runtime } from '../remoting/runtime';
import type { CanaryConsumer } from './canary-arrival';
import type { Cluster } from './cluster';
import type { GroupSubscriptions } from './written-subscriptions';

/** By topic; see {@link CanaryTopic.divisor}. */
export type Divisors = ReadonlyMap<string, FilterExpression>;

export interface Division {
  readonly divisors: Divisors;
  /** It subscribes to what the canary before it did not: polls of that, which brokers still hold, pass over it. */
  readonly isWider: boolean;
  /** It leaves out something that it may once subscribe to, where it is known what there is. */
  readonly isPartial: boolean;
}

const UNDIVIDED: Division = { divisors: new Map(), isWider: false, isPartial: false };

/** What the consumers of a process subscribe to in a canary's group. */
interface ProcessSubscriptions {
  readonly topics: Map<string, CanaryTopic>;
  /** What is read, changed and written again is so one after the other. */
  before: Promise<void>;
}

/** By group. In a simulation there are several processes. */
const processes = new WeakMap<Runtime, Map<string, ProcessSubscriptions>>();

/**
 * Divides what a canary's consumer, whose group is ready, is about to subscribe to, and writes down what the canary subscribes
 * to. Told before it announces itself. Never rejects.
 *
 * @param canDivide whether another consumer can be made beside it
 * @param cluster open for as long as the consumer is there: a name server that is away gets what is written down later
 */
export function divideSubscriptions(
  consumer: CanaryConsumer,
  added: readonly Subscription[],
  canDivide: () => boolean,
  cluster: Cluster,
  log: Log,
): Promise<Division> {
  const { group } = consumer;
  const process = processOf(cluster.runtime, group);
  const dividing = process.before.then(() => divideNow(consumer, added, { process, canDivide, cluster, log }));
  process.before = dividing.then(
    () => {},
    () => {},
  );
  return dividing.catch(error => {
    log.say(handOverLines.subscriptionsNotWritten, {
      canaryGroup: group,
      tag: consumer.tag,
      problem: errorText(error),
    });
    return UNDIVIDED;
  });
}

interface Means {
  readonly canDivide: () => boolean;
  readonly cluster: Cluster;
  readonly log: Log;
}

async function divideNow(
  consumer: CanaryConsumer,
  added: readonly Subscription[],
  { process, ...means }: Means & { readonly process: ProcessSubscriptions },
): Promise<Division> {
  const { baselineGroup, group, tag } = consumer;
  const { cluster, log } = means;
  const written = await cluster.subscriptions.read(baselineGroup);
  const divisors: Divisors = written ? await divided(consumer, added, written, means) : new Map();
  for (const { topic, filter } of added) {
    const divisor = divisors.get(topic);
    process.topics.set(topic, { filter, ...(divisor && { divisor }) });
  }
  if (!(await cluster.subscriptions.writeCanary(baselineGroup, tag, process.topics))) {
    const problem = 'no name server took it';
    log.say(handOverLines.subscriptionsNotWritten, { canaryGroup: group, tag, problem });
  }
  if (written === undefined) return UNDIVIDED;
  for (const subscription of added) sayDifference(consumer, subscription, written, divisors, log);
  return { divisors, ...comparison(added, written, tag, divisors) };
}

/** The canary's consumer no longer subscribes to a topic, or ends: what is written down of it is the next one's to change. */
export function forgetSubscription(group: string, topic: string, { runtime }: Pick<Cluster, 'runtime'>): void {
  processOf(runtime, group).topics.delete(topic);
}

function processOf(runtime: Runtime, group: string): ProcessSubscriptions {
  const groups = processes.get(runtime) ?? new Map<string, ProcessSubscriptions>();
  processes.set(runtime, groups);
  const process = groups.get(group) ?? { topics: new Map(), before: Promise.resolve() };
  groups.set(group, process);
  return process;
}

async function divided(
  { baselineGroup, group, tag }: CanaryConsumer,
  added: readonly Subscription[],
  { baseline, canaries }: GroupSubscriptions,
  { cluster, log, canDivide }: Means,
): Promise<Divisors> {
  const before = canaries.get(tag);
  const divisors = new Map<string, FilterExpression>();
  const places = new Map<string, OwnPlace>();
  for (const { topic, filter } of added) {
    const former = before?.get(topic);
    const divisor = divisorFor(filter, baseline?.get(topic), former);
    if (divisor === undefined) continue;
    divisors.set(topic, divisor);
    places.set(topic, ownPlaceFor(divisor, former));
  }
  if (places.size === 0 || !canDivide()) return new Map();
  const own = ownGroup(baselineGroup, tag);
  const { administration, runtime } = cluster;
  try {
    await prepareOwnGroup({ administration, sharedGroup: group, ownGroup: own, places, clock: runtime.clock });
    return divisors;
  } catch (error) {
    const problem = hintOf(error);
    log.say(handOverLines.ownGroupNotReady, { own, tag, problem });
    // Where it was in use, what waits in it is still to be consumed.
    return new Map([...divisors].filter(([topic]) => places.get(topic) === 'as it is'));
  }
}

function comparison(
  added: readonly Subscription[],
  { baseline, canaries }: GroupSubscriptions,
  tag: string,
  divisors: Divisors,
): Omit<Division, 'divisors'> {
  const before = canaries.get(tag);
  return {
    isWider: added.some(({ topic, filter }) => {
      const former = before?.get(topic);
      return former !== undefined && !selectsAllOf(former.filter, filter);
    }),
    isPartial: added.some(({ topic, filter }) => {
      const theirs = baseline?.get(topic);
      return divisors.has(topic) || (theirs !== undefined && !selectsAllOf(filter, theirs));
    }),
  };
}

/** One line for what is more, and one for what is less. */
function sayDifference(
  { baselineGroup, group, tag }: CanaryConsumer,
  { topic, filter }: Subscription,
  { baseline }: GroupSubscriptions,
  divisors: Divisors,
  log: Pick<Log, 'say'>,
): void {
  const theirs = baseline?.get(topic);
  const divisor = divisors.get(topic);
  if (divisor !== undefined) {
    const more = tagsBeyond(divisor, filter)?.join(' || ') ?? `not ${divisor.expression}`;
    const own = ownGroup(baselineGroup, tag);
    log.say(handOverLines.dividedSubscription, { canaryGroup: group, topic, tag, more, own });
  }
  if (theirs === undefined || selectsAllOf(filter, theirs)) return;
  const less = tagsBeyond(filter, theirs)?.join(' || ') ?? `what ${filter.expression} does not select`;
  const written = { group: baselineGroup, topic, tag, theirs: theirs.expression, less };
  log.say(handOverLines.lessSubscription, written);
}
