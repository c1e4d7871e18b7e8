/**
 * What the baseline and the canaries of a group subscribe to, written down in the key-value configuration of the name servers,
 * beside the markers: it outlives those who wrote it.
 */
import { oncePerName, oncePerObject, oncePerText } from '../../foreign-objects/once-per-object';
import { isInstanceTag } from '../../names/tag';
import type { BrokerAdministration } from '../administration/broker-administration';
import type { CanaryTopic, CanaryTopics } from '../plan/division';
import type { FilterExpression } from '../plan/filter-expression';
import { canaryGroup } from '../plan/group-name';
import type { Subscription } from '../plan/subscription';
import { type Clock, systemClock } from '../remoting/clock';
import { lastingValues } from './lasting-values';

export interface GroupSubscriptions {
  /** Of the baseline, by topic. Undefined: it never said. */
  readonly baseline: ReadonlyMap<string, FilterExpression> | undefined;
  /** Of the last canary of each tag. One that does not say it is not among them. */
  readonly canaries: ReadonlyMap<string, CanaryTopics>;
}

export interface WrittenSubscriptions {
  /** @returns undefined when no name server answered. Never rejects */
  read(group: string): Promise<GroupSubscriptions | undefined>;
  /** Adds to what is known of the baseline; nothing is written where that is the same. @returns whether it is written down. Never rejects */
  writeBaseline(group: string, subscriptions: readonly Subscription[]): Promise<boolean>;
  /** Replaces what is known of a canary. @returns whether at least one name server took it. Never rejects */
  writeCanary(group: string, tag: string, topics: CanaryTopics): Promise<boolean>;
  /** See {@link LastingValues.close}. */
  close(): void;
}

export const SUBSCRIPTIONS_NAMESPACE = 'ROCKETMQ_GRAY_SUBSCRIPTIONS';

export function writtenSubscriptions(
  administration: BrokerAdministration,
  clock: Pick<Clock, 'systemTime' | 'after'> = systemClock,
): WrittenSubscriptions {
  const values = lastingValues(administration, SUBSCRIPTIONS_NAMESPACE, clock);
  const tables = () => administration.keyValues(SUBSCRIPTIONS_NAMESPACE).catch(() => []);
  /** With a time later than that of what it replaces, whatever the clocks of the writers. */
  async function write(key: string, written: Omit<Written, 'at'>): Promise<boolean> {
    const former = latest(await tables(), key);
    const value = JSON.stringify({ ...written, at: Math.max(clock.systemTime(), (former?.at ?? 0) + 1) });
    return values.put(key, value, async () => {
      const all = await tables();
      if (all.length === 0) throw new Error('no name server tells');
      const known = latest(all, key);
      return known && JSON.stringify(known);
    });
  }
  return {
    async read(group) {
      const all = await tables();
      return all.length > 0 ? readingOf(all, group) : undefined;
    },
    async writeBaseline(group, subscriptions) {
      const known = latest(await tables(), baselineKey(group))?.topics ?? {};
      const topics = { ...known };
      for (const { topic, filter } of subscriptions) topics[topic] = { filter };
      if (JSON.stringify(topics) === JSON.stringify(known)) return true;
      return write(baselineKey(group), { group, topics });
    },
    writeCanary: (group, tag, topics) =>
      write(canaryKey(group, tag), { group, tag, topics: Object.fromEntries(topics) }),
    close: values.close,
  };
}

/** What the name servers have of a group: the latest of each, whichever of them missed it. What is not ours counts for nothing. */
export function subscriptionsIn(all: readonly ReadonlyMap<string, string>[], group: string): GroupSubscriptions {
  const parsed = beginParsing();
  const baseline = latest(all, baselineKey(group), parsed);
  const canaries = new Map<string, CanaryTopics>();
  for (const key of new Set(all.flatMap(table => [...table.keys()]))) {
    const written = latest(all, key, parsed);
    if (written?.group !== group || !isInstanceTag(written.tag) || key !== canaryKey(group, written.tag)) continue;
    canaries.set(written.tag, topicsOf(written));
  }
  return {
    baseline: baseline && new Map(Object.entries(baseline.topics).map(([topic, { filter }]) => [topic, filter])),
    canaries,
  };
}

// In each bundle: what is known of an answer goes with it. Hundreds of tags may share one.
const readingOf = oncePerName(subscriptionsIn);

interface Written {
  readonly group: string;
  /** Of a canary. */
  readonly tag?: string;
  /** By the clock of who wrote it, ms since 1970. */
  readonly at: number;
  readonly topics: Record<string, CanaryTopic>;
}

const baselineKey = (group: string) => `baseline.${group}`;
/** Of what a canary subscribes to. */
export const canaryKey = (group: string, tag: string) => `canary.${canaryGroup(group, tag)}`;

// In each bundle: with hundreds of canaries nearly all values of a reading are those of the one before.
const beginParsing = oncePerText(parse);
/** The same object where nothing has changed. */
const topicsOf = oncePerObject<Written, CanaryTopics>(({ topics }) => new Map(Object.entries(topics)));

function latest(
  all: readonly ReadonlyMap<string, string>[],
  key: string,
  parsed: (value: string) => Written | undefined = parse,
): Written | undefined {
  const found = all.flatMap(table => parsed(table.get(key) ?? 'null') ?? []);
  return found.reduce<Written | undefined>(
    (best, one) => (best === undefined || one.at > best.at ? one : best),
    undefined,
  );
}

function parse(value: string): Written | undefined {
  let written: Partial<Record<keyof Written, unknown>> | null;
  try {
    written = JSON.parse(value);
  } catch {
    return undefined;
  }
  const { group, tag, at, topics } = written ?? {};
  if (typeof group !== 'string' || typeof at !== 'number' || typeof topics !== 'object' || topics === null)
    return undefined;
  const entries = Object.entries(topics as Record<string, Partial<CanaryTopic> | null>);
  // Half of what a canary subscribes to would say that it does not want the other half.
  if (
    !entries.every(([, topic]) => isFilter(topic?.filter) && (topic?.divisor === undefined || isFilter(topic.divisor)))
  ) {
    return undefined;
  }
  return { group, at, topics: topics as Written['topics'], ...(typeof tag === 'string' && { tag }) };
}

function isFilter(value: unknown): value is FilterExpression {
  const { type, expression } = (value ?? {}) as Partial<FilterExpression>;
  return (type === 'TAG' || type === 'SQL92') && typeof expression === 'string';
}
