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
import type { HandOverAction, HandOverEvent, Phase } from './events';
import { change, isNoNews, type Knowledge, meet, take } from './knowledge';
import { standsIn } from './share';
import type { StandInLife } from './stand-in-life';
import {
  askWhetherDrained,
  ensureOffsets,
  hasNobody,
  isExcluded,
  isReady,
  lookAfterOthers,
  refreshMarker,
  settleStandIn,
} from './tag-duties';
import { GIVE_UP_AFTER_MS, type Step } from './tag-life';
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
  /** That of this process; `left to others`: none, since enough other processes of the baseline stand in when one has to. */
  readonly standIn: StandInLife['state'] | 'left to others';
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
  knows(tag: string): boolean;
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
  /** How many processes stand in for one tag, where it is known who they are; absent: all. */
  readonly mostStandIns?: number | undefined;
  /**
   * True where nobody can set a group's offsets: it gets them as it is polled, so that a stand-in has to be there first.
   * Until it has them, both take the messages.
   */
  readonly offsetsNeedPolling?: boolean;
}

export function createHandOver(options: HandOverOptions): HandOver {
  const { canaryGroup, declared, ignored, offsetsNeedPolling = false, retention = () => GIVE_UP_AFTER_MS } = options;
  const knowledge: Knowledge = {
    declared,
    ignored,
    canaryGroup,
    retention,
    mostStandIns: options.mostStandIns ?? Number.POSITIVE_INFINITY,
    offsetsNeedPolling,
    topics: new Set(),
    tags: new Map(),
    excluded: new Map(),
    hasMarkers: false,
    hasCanaries: false,
    isAllAnswered: false,
    isClosing: false,
    sharing: undefined,
  };
  for (const tag of declared) meet(knowledge, tag, 'declared', 0);

  return {
    get isReady() {
      const { hasMarkers, hasCanaries, ignored, tags, topics } = knowledge;
      const isKnown = (life: TagLife) => ignored.includes(life.tag) || isReady(life, topics);
      return hasMarkers && hasCanaries && [...tags.values()].every(isKnown);
    },
    tags: () =>
      [...knowledge.tags.values()].map(({ tag, state, reason, canary, share, standIn }) => ({
        tag,
        group: canaryGroup(tag),
        phase: state.phase,
        reason,
        canary: canary.state,
        canaryHasAgent: canary.hasAgent,
        standIn: standIn.state === 'none' && !standsIn(share) ? 'left to others' : standIn.state,
        leftOut: [...knowledge.excluded].filter(([, tags]) => tags.has(tag)).map(([topic]) => topic),
      })),
    knows: tag => knowledge.tags.has(tag),
    on: (event, now) =>
      isNoNews(event, knowledge)
        ? []
        : [...take(knowledge, event, now), ...settle(knowledge, concernedBy(event, knowledge), now)],
  };
}

/**
 * The tags whose duties an event may change. What happens to one tag changes those of no other: with hundreds of them, each of
 * which has its own events, all would be gone through for each. What is due in time waits for the next event of all.
 */
function concernedBy(event: HandOverEvent, { tags }: Knowledge): readonly string[] {
  return 'tag' in event ? [event.tag] : [...tags.keys()];
}

/** What follows from what is known: settled twice, it gives nothing the second time. */
function settle(knowledge: Knowledge, concerned: readonly string[], now: number): HandOverAction[] {
  const forEachTag = (duty: (life: TagLife) => Step) => concerned.flatMap(tag => change(knowledge, tag, duty));
  return [
    ...concerned.flatMap(tag => [
      ...change(knowledge, tag, life => ensureOffsets(life, knowledge, now)),
      ...change(knowledge, tag, life => refreshMarker(life, now)),
    ]),
    ...[...knowledge.topics].flatMap(topic => settleExcluded(knowledge, concerned, topic)),
    ...forEachTag(life => lookAfterOthers(life, knowledge, now)),
    ...forEachTag(life => settleStandIn(life, knowledge, now)),
    ...forEachTag(life => askWhetherDrained(life, knowledge, now)),
  ];
}

const NO_TAGS: ReadonlySet<string> = new Set();

function settleExcluded(
  { tags, excluded }: Knowledge,
  concerned: readonly string[],
  topic: string,
): readonly HandOverAction[] {
  const before = excluded.get(topic) ?? NO_TAGS;
  const changed = concerned
    .flatMap(tag => tags.get(tag) ?? [])
    .filter(life => isExcluded(life, topic) !== before.has(life.tag));
  if (changed.length === 0) return [];
  const added = changed.filter(({ tag }) => !before.has(tag));
  const removed = changed.filter(({ tag }) => before.has(tag));
  const gone = new Set(removed.map(({ tag }) => tag));
  const names = [...before, ...added.map(({ tag }) => tag)].filter(tag => !gone.has(tag)).sort();
  excluded.set(topic, new Set(names));
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
