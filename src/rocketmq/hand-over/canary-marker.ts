import { oncePerName, oncePerText } from '../../foreign-objects/once-per-object';
import { isInstanceTag } from '../../names/tag';
import type { BrokerAdministration } from '../administration/broker-administration';
import type { FormerUses } from '../administration/canary-offsets';
import { canaryGroup } from '../plan/group-name';
import { type Clock, systemClock } from '../remoting/clock';
import type { Marker, Phase } from './events';
import { lastingValues } from './lasting-values';

/** Markers of canaries' groups in the key-value configuration of the name servers, each of which has its own copy. */
export interface CanaryMarkers {
  /** Those of a group, the latest of each tag. @returns undefined when no name server answered. Never rejects. */
  read(group: string): Promise<readonly Marker[] | undefined>;
  /**
   * Sets one on every name server, with a time later than that of any it replaces, whatever the clocks of the writers, and
   * with the topics of that. Those that did not take it get what is known then a little later, again and again.
   * @returns true when at least one took it. Never rejects.
   */
  write(group: string, marker: Marker): Promise<boolean>;
  /**
   * Makes sure that a tag is managed on these topics. Nothing is written where all name servers that answer have it so: hundreds
   * of tags in each process that starts would keep a name server busy, which writes all of its values to disk for each.
   * @returns true when it is written down. Never rejects.
   */
  ensureManaged(group: string, tag: string, topics: readonly string[]): Promise<boolean>;
  /** What is not on every name server by now stays so. */
  close(): void;
}

/** In the key-value configuration. */
export const MARKER_NAMESPACE = 'ROCKETMQ_GRAY';
/** Markers of tags given up do not gather for ever: a name server that was away for longer brings one back, no harm done. */
const RETIRED_KEPT_MS = 30 * 24 * 3_600_000;

export function canaryMarkers(
  administration: BrokerAdministration,
  clock: Pick<Clock, 'systemTime' | 'after'> = systemClock,
): CanaryMarkers {
  const values = lastingValues(administration, MARKER_NAMESPACE, clock);

  const tables = () => administration.keyValues(MARKER_NAMESPACE).catch(() => []);

  async function read(group: string): Promise<readonly Marker[] | undefined> {
    const all = await tables();
    return all.length > 0 ? markersIn(all, group) : undefined;
  }

  const textOf = (group: string, { tag, phase, at, topics = [] }: Marker) =>
    JSON.stringify({ group, tag, phase, at, ...(topics.length > 0 && { topics }) });

  async function write(group: string, { tag, phase, at, topics = [] }: Marker): Promise<boolean> {
    const known = (await read(group)) ?? [];
    const former = known.find(marker => marker.tag === tag);
    const all = [...new Set([...(former?.topics ?? []), ...topics])].sort();
    const later = Math.max(at, (former?.at ?? 0) + 1);
    const marker = { tag, phase, at: later, topics: all };
    const isTaken = await values.put(canaryGroup(group, tag), textOf(group, marker), async () => {
      const known = await read(group);
      if (known === undefined) throw new Error('no name server tells');
      const latest = known.find(other => other.tag === tag);
      return latest && textOf(group, latest);
    });
    const old = known.filter(other => other.tag !== tag && isLongGone(other, clock.systemTime()));
    const removed = old.map(other => administration.deleteKeyValue(MARKER_NAMESPACE, canaryGroup(group, other.tag)));
    await Promise.allSettled(removed);
    return isTaken;
  }

  return {
    read,
    write,
    async ensureManaged(group, tag, topics) {
      const key = canaryGroup(group, tag);
      const all = await tables();
      const isThere = all.every(table => {
        const marker = parseMarker(key, table.get(key), group);
        return marker?.phase === 'managed' && topics.every(topic => marker.topics?.includes(topic));
      });
      if (all.length > 0 && isThere) return true;
      return write(group, { tag, phase: 'managed', at: clock.systemTime(), topics });
    },
    close: values.close,
  };
}

/** What the markers say of a canary's group, by topic. Never rejects. */
export async function formerUseOf(
  administration: BrokerAdministration,
  group: string,
  tag: string,
): Promise<FormerUses> {
  const markers = await canaryMarkers(administration).read(group);
  if (markers === undefined) return () => 'unknown';
  const marker = markers.find(({ tag: other }) => other === tag);
  if (marker?.phase === 'retired') return () => 'given up';
  return topic => (marker?.topics?.includes(topic) ? 'in use' : undefined);
}

function isLongGone({ phase, at }: Marker, now: number): boolean {
  return phase === 'retired' && now - at > RETIRED_KEPT_MS;
}

/**
 * The markers of a group in what the name servers have: the latest of each tag, whichever of them missed it. What is not
 * a marker of ours counts for nothing.
 */
export function mergedMarkers(tables: readonly ReadonlyMap<string, string>[], group: string): Marker[] {
  const latest = new Map<string, Marker>();
  const parsed = beginParsing();
  for (const table of tables) {
    for (const [key, value] of table) {
      const marker = parseMarker(key, value, group, parsed);
      const other = marker && latest.get(marker.tag);
      if (marker && (!other || isLater(marker, other))) latest.set(marker.tag, marker);
    }
  }
  return [...latest.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

// In each bundle: of hundreds of markers nearly all are those of the reading before.
const beginParsing = oncePerText(parse);
// In each bundle: what is known of an answer goes with it. Hundreds of tags may share one.
const markersIn = oncePerName<readonly ReadonlyMap<string, string>[], readonly Marker[]>(mergedMarkers);

/** The markers of all groups, by group. */
export function allMarkers(tables: readonly ReadonlyMap<string, string>[]): Map<string, Marker[]> {
  const values = tables.flatMap(table => [...table.values()]);
  const groups = new Set(values.map(groupIn).filter(group => group !== undefined));
  const all = [...groups].sort().map(group => [group, mergedMarkers(tables, group)] as const);
  return new Map(all.filter(([, markers]) => markers.length > 0));
}

function groupIn(value: string): string | undefined {
  try {
    const marker: { group?: unknown } | null = JSON.parse(value);
    return typeof marker?.group === 'string' ? marker.group : undefined;
  } catch {
    return undefined;
  }
}

/** Of two of the same moment, the one that knows the group to be further on its way to being given up. */
function isLater(marker: Marker, other: Marker): boolean {
  return marker.at > other.at || (marker.at === other.at && PHASES.indexOf(marker.phase) > PHASES.indexOf(other.phase));
}

type Parsed = { group?: unknown; tag?: unknown; phase?: unknown; at?: unknown; topics?: unknown } | null | undefined;

function parseMarker(key: string, value: unknown, group: string, parsed = parse): Marker | undefined {
  if (!key.startsWith(`${group}_`) || typeof value !== 'string') return undefined;
  const { group: marked, tag, phase, at, topics } = parsed(value) ?? {};
  if (marked !== group || !isInstanceTag(tag) || canaryGroup(group, tag) !== key) return undefined;
  if (!isPhase(phase)) return undefined;
  if (typeof at !== 'number' || !Number.isSafeInteger(at) || at < 0) return undefined;
  const names = Array.isArray(topics) ? topics.filter(topic => typeof topic === 'string') : [];
  return { tag, phase, at, ...(names.length > 0 && { topics: names }) };
}

function parse(value: string): Parsed {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** In the order in which a tag goes through them. */
const PHASES: readonly Phase[] = ['managed', 'draining', 'retired'];

function isPhase(value: unknown): value is Phase {
  return PHASES.includes(value as Phase);
}
