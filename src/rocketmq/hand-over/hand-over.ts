/**
 * When a consumer of the baseline leaves a canary's messages alone, and when this process stands in for the canary: events
 * in, actions out, nothing else. One for each consumer of the application. Here is what belongs to the consumer as a whole;
 * the life of each tag is in `tag-life.ts`.
 *
 * What it keeps, whatever happens in whatever order: a tag's messages of a topic are left out only where every queue has
 * an offset in the canary's group, and where it can be known who is there; and while they are, a stand-in consumes in that
 * group whenever no canary does.
 */
import type { CanarySight } from './canary-sight';
import type { HandOverAction, HandOverEvent, Marker, Phase, Reason } from './events';
import type { StandInLife } from './stand-in-life';
import {
  askWhetherDrained,
  ensureOffsets,
  hasNobody,
  isExcluded,
  isReady,
  refreshMarker,
  settleStandIn,
} from './tag-duties';
import { GIVE_UP_AFTER_MS, newTag, newTagGivenUp, type Step, step, type TagEvent } from './tag-life';
import type { TagLife } from './tag-state';

export type { HandOverAction, HandOverEvent, Marker, Phase } from './events';

/** What is known of a tag at the moment. */
export interface TagReport {
  readonly tag: string;
  /** The canary's group. */
  readonly group: string;
  readonly phase: Phase;
  /** Why it is managed, in words. */
  readonly reason: string;
  /** Whether a canary is there. */
  readonly canary: CanarySight['state'];
  /** False: it is known by its consumers alone; another agent made it, or none. */
  readonly canaryHasAgent: boolean;
  /** That of this process. */
  readonly standIn: StandInLife['state'];
  /** The topics of which the consumer leaves its messages out. */
  readonly leftOut: readonly string[];
}

export interface HandOver {
  /** @param now ms since 1970 */
  on(event: HandOverEvent, now: number): HandOverAction[];
  /** True once everything known beforehand is settled: the consumer's first poll has the filter it must have. */
  readonly isReady: boolean;
  /** Every tag that something is known of. */
  tags(): readonly TagReport[];
}

export interface HandOverOptions {
  /** The canary's group of a tag. */
  readonly canaryGroup: (tag: string) => string;
  /** Known beforehand. */
  readonly declared: readonly string[];
  /** Left to their canaries altogether. */
  readonly ignored: readonly string[];
  /** Ms from the last sign of a tag until it is given up; absent: {@link GIVE_UP_AFTER_MS}. */
  readonly retention?: ((tag: string) => number) | undefined;
  /**
   * True where nobody can set a group's offsets: it gets them as it is polled, so that a stand-in has to be there first.
   * Until it has them, both take the messages.
   */
  readonly offsetsNeedPolling?: boolean;
}

/** All that is known. */
interface Knowledge {
  readonly declared: readonly string[];
  readonly ignored: readonly string[];
  readonly retention: (tag: string) => number;
  readonly offsetsNeedPolling: boolean;
  readonly topics: Set<string>;
  readonly tags: Map<string, TagLife>;
  /** The tags that the consumer excludes, by topic: as it was last told. In order. */
  readonly excluded: Map<string, readonly string[]>;
  hasMarkers: boolean;
  hasCanaries: boolean;
  /** The last complete answer was about every tag there may be. */
  isAllAnswered: boolean;
  isClosing: boolean;
}

export function createHandOver(options: HandOverOptions): HandOver {
  const { canaryGroup, declared, ignored, offsetsNeedPolling = false, retention = () => GIVE_UP_AFTER_MS } = options;
  const knowledge: Knowledge = {
    declared,
    ignored,
    retention,
    offsetsNeedPolling,
    topics: new Set(),
    tags: new Map(),
    excluded: new Map(),
    hasMarkers: false,
    hasCanaries: false,
    isAllAnswered: false,
    isClosing: false,
  };
  for (const tag of declared) meet(knowledge, tag, 'declared', 0);

  return {
    get isReady() {
      const { hasMarkers, hasCanaries, tags, topics } = knowledge;
      return hasMarkers && hasCanaries && [...tags.values()].every(life => isReady(life, topics));
    },
    tags: () =>
      [...knowledge.tags.values()].map(({ tag, state, reason, canary, standIn }) => ({
        tag,
        group: canaryGroup(tag),
        phase: state.phase,
        reason,
        canary: canary.state,
        canaryHasAgent: canary.hasAgent,
        standIn: standIn.state,
        leftOut: [...knowledge.excluded].filter(([, tags]) => tags.includes(tag)).map(([topic]) => topic),
      })),
    on: (event, now) => [...take(knowledge, event, now), ...settle(knowledge, now)],
  };
}

/** Somebody spoke of a tag. */
function meet(knowledge: Knowledge, tag: string, reason: Reason, now: number): void {
  const { declared, ignored, tags, isAllAnswered: isAnswered, retention } = knowledge;
  if (ignored.includes(tag) || tags.has(tag)) return;
  const isDeclared = declared.includes(tag);
  tags.set(tag, newTag(tag, { isDeclared, reason, isAnswered, retentionMs: retention(tag) }, now));
}

function take(knowledge: Knowledge, event: HandOverEvent, now: number): readonly HandOverAction[] {
  const { topics, tags } = knowledge;
  switch (event.type) {
    case 'subscribed':
      for (const topic of event.topics) topics.add(topic);
      return [];
    case 'unsubscribed':
      topics.delete(event.topic);
      knowledge.excluded.delete(event.topic);
      return [...tags.keys()].flatMap(tag => tell(knowledge, tag, event, now));
    case 'queues changed':
      return takeNewQueues(knowledge, event.topics);
    case 'markers read':
      knowledge.hasMarkers = true;
      return event.markers.flatMap(marker => takeMarker(knowledge, marker, now));
    case 'canaries seen':
      return takeCanaries(knowledge, event, now);
    case 'closing':
      knowledge.isClosing = true;
      return [];
    default:
      return tell(knowledge, event.tag, event, now);
  }
}

/** Nothing for a tag that nobody spoke of. */
function tell(knowledge: Knowledge, tag: string, event: TagEvent, now: number): readonly HandOverAction[] {
  return change(knowledge, tag, life => step(life, event, { now, topics: knowledge.topics }));
}

function change({ tags }: Knowledge, tag: string, next: (life: TagLife) => Step): readonly HandOverAction[] {
  const before = tags.get(tag);
  if (before === undefined) return [];
  const { life, actions } = next(before);
  tags.set(tag, life);
  return actions;
}

function takeNewQueues({ topics, tags }: Knowledge, changed: readonly string[]): HandOverAction[] {
  const known = changed.filter(topic => topics.has(topic));
  if (known.length === 0) return [];
  return [...tags.values()]
    .filter(({ state }) => state.phase === 'managed')
    .map(({ tag, isDeclared }) => ({ type: 'ensure offsets', tag, topics: known, isDeclared }));
}

function takeMarker(knowledge: Knowledge, marker: Marker, now: number): readonly HandOverAction[] {
  const { tags, ignored, isAllAnswered: isAnswered, retention } = knowledge;
  const { tag, phase } = marker;
  if (tags.has(tag)) return tell(knowledge, tag, { type: 'marker read', marker }, now);
  if (phase === 'managed') meet(knowledge, tag, 'marked', now);
  else if (!ignored.includes(tag)) {
    tags.set(tag, newTagGivenUp({ ...marker, phase }, { isAnswered, retentionMs: retention(tag) }, now));
  }
  return [];
}

function takeCanaries(
  knowledge: Knowledge,
  { tags: present, withoutAgent, isComplete, about }: Extract<HandOverEvent, { type: 'canaries seen' }>,
  now: number,
): HandOverAction[] {
  if (isComplete) {
    knowledge.hasCanaries = true;
    knowledge.isAllAnswered = about === undefined;
  }
  const seen = [...present].flatMap(tag => {
    meet(knowledge, tag, 'its canary is there', now);
    return tell(knowledge, tag, { type: 'canary seen', hasAgent: withoutAgent?.has(tag) !== true }, now);
  });
  if (!isComplete) return seen;
  const absent = [...knowledge.tags.keys()].filter(tag => !present.has(tag) && about?.has(tag) !== false);
  return [...seen, ...absent.flatMap(tag => tell(knowledge, tag, { type: 'canary not seen' }, now))];
}

/** What follows from what is known: settled twice, it gives nothing the second time. */
function settle(knowledge: Knowledge, now: number): HandOverAction[] {
  const forEachTag = (duty: (life: TagLife) => Step) =>
    [...knowledge.tags.keys()].flatMap(tag => change(knowledge, tag, duty));
  return [
    ...[...knowledge.tags.keys()].flatMap(tag => [
      ...change(knowledge, tag, life => ensureOffsets(life, knowledge, now)),
      ...change(knowledge, tag, life => refreshMarker(life, now)),
    ]),
    ...[...knowledge.topics].flatMap(topic => settleExcluded(knowledge, topic)),
    ...forEachTag(life => settleStandIn(life, knowledge, now)),
    ...forEachTag(life => askWhetherDrained(life, knowledge, now)),
  ];
}

function settleExcluded({ tags, excluded }: Knowledge, topic: string): HandOverAction[] {
  const before = excluded.get(topic) ?? [];
  const lives = [...tags.values()].filter(life => isExcluded(life, topic));
  const names = lives.map(({ tag }) => tag).sort();
  if (names.join() === before.join()) return [];
  excluded.set(topic, names);
  const added = lives.filter(({ tag }) => !before.includes(tag));
  const removed = before.flatMap(tag => (names.includes(tag) ? [] : (tags.get(tag) ?? [])));
  return [
    { type: 'exclude tags', topic, tags: names },
    ...added.map(
      ({ tag, reason }): HandOverAction => ({ type: 'say', fact: { type: 'left to canary', tag, topic, reason } }),
    ),
    ...removed.map(
      (life): HandOverAction => ({
        type: 'say',
        fact: { type: 'taken back', tag: life.tag, topic, why: whyTakenBack(life, topic) },
      }),
    ),
  ];
}

function whyTakenBack(life: TagLife, topic: string): 'no stand-in' | 'no offsets' | 'given up' {
  if (hasNobody(life, topic)) return 'no stand-in';
  return life.state.phase === 'managed' ? 'no offsets' : 'given up';
}
