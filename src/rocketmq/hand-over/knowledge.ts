/** All that a consumer of the baseline knows for its hand-overs, and how it learns it. */
import type { HandOverAction, HandOverEvent, Marker, Reason } from './events';
import { areEnough, isSame, type Sharing, sharingOf, turnOf } from './sharing';
import { newTag, newTagGivenUp, type Step, step, type TagEvent, withDeclaration } from './tag-life';
import type { TagLife } from './tag-state';

export interface Knowledge {
  declared: readonly string[];
  ignored: readonly string[];
  readonly canaryGroup: (tag: string) => string;
  readonly retention: (tag: string) => number;
  readonly mostStandIns: number;
  readonly offsetsNeedPolling: boolean;
  readonly topics: Set<string>;
  readonly tags: Map<string, TagLife>;
  /** The tags that the consumer excludes, by topic: as it was last told. In order. */
  readonly excluded: Map<string, ReadonlySet<string>>;
  hasMarkers: boolean;
  hasCanaries: boolean;
  /** The last complete answer was about every tag there may be. */
  isAllAnswered: boolean;
  isClosing: boolean;
  /** Undefined: nobody said, or may say, among whom. */
  sharing: Sharing | undefined;
}

/** Somebody spoke of a tag. */
export function meet(knowledge: Knowledge, tag: string, reason: Reason, now: number): void {
  const { declared, ignored, tags, isAllAnswered: isAnswered, retention } = knowledge;
  if (ignored.includes(tag) || tags.has(tag)) return;
  const isDeclared = declared.includes(tag);
  const turn = turnIn(knowledge, tag);
  tags.set(tag, newTag(tag, { isDeclared, reason, isAnswered, retentionMs: retention(tag), turn }, now));
}

/** The baseline's processes, which are asked for every second, are those that were known. */
export function isNoNews(event: HandOverEvent, { sharing }: Knowledge): boolean {
  return event.type === 'peers seen' && isSame(sharing, sharingOf(event.own, event.peers));
}

/** What an event tells. @returns what the tags' lives ask for at once */
export function take(knowledge: Knowledge, event: HandOverEvent, now: number): readonly HandOverAction[] {
  const { topics, tags } = knowledge;
  switch (event.type) {
    case 'subscribed':
      for (const topic of event.topics) topics.add(topic);
      return [];
    case 'unsubscribed':
      topics.delete(event.topic);
      knowledge.excluded.delete(event.topic);
      return [...tags.keys()].flatMap(tag => tell(knowledge, tag, event, now));
    case 'tags settled':
      settleTags(knowledge, event, now);
      return [];
    case 'queues changed':
      return takeNewQueues(knowledge, event, now);
    case 'markers read':
      knowledge.hasMarkers = true;
      return event.markers.flatMap(marker => takeMarker(knowledge, marker, now));
    case 'canaries seen':
      return takeCanaries(knowledge, event, now);
    case 'peers seen':
      return takePeers(knowledge, event, now);
    case 'stand-ins looked at':
      return takeLook(knowledge, event, now);
    case 'closing':
      knowledge.isClosing = true;
      return [];
    default:
      return tell(knowledge, event.tag, event, now);
  }
}

/** What is known of a tag stays: it may be ignored for a while only. */
function settleTags(
  knowledge: Knowledge,
  { declared, ignored }: Extract<HandOverEvent, { type: 'tags settled' }>,
  now: number,
): void {
  const { tags } = knowledge;
  Object.assign(knowledge, { declared, ignored });
  for (const [tag, life] of tags) {
    const isDeclared = declared.includes(tag);
    if (isDeclared !== life.isDeclared) tags.set(tag, withDeclaration(life, isDeclared, now));
  }
  for (const tag of declared) meet(knowledge, tag, 'declared', now);
}

/** Nothing for a tag that nobody spoke of. */
function tell(knowledge: Knowledge, tag: string, event: TagEvent, now: number): readonly HandOverAction[] {
  return change(knowledge, tag, life => step(life, event, { now, topics: knowledge.topics }));
}

/** One step in the life of a tag that somebody spoke of. */
export function change({ tags }: Knowledge, tag: string, next: (life: TagLife) => Step): readonly HandOverAction[] {
  const before = tags.get(tag);
  if (before === undefined) return [];
  const { life, actions } = next(before);
  tags.set(tag, life);
  return actions;
}

function takeNewQueues(
  knowledge: Knowledge,
  { topics: changed, grown }: Extract<HandOverEvent, { type: 'queues changed' }>,
  now: number,
): readonly HandOverAction[] {
  const known = changed.filter(topic => knowledge.topics.has(topic));
  return [...knowledge.tags.keys()].flatMap(tag =>
    tell(knowledge, tag, { type: 'offsets doubted', topics: known, grown }, now),
  );
}

function takeMarker(knowledge: Knowledge, marker: Marker, now: number): readonly HandOverAction[] {
  const { tags, ignored, isAllAnswered: isAnswered, retention } = knowledge;
  const { tag, phase } = marker;
  if (tags.has(tag)) return tell(knowledge, tag, { type: 'marker read', marker }, now);
  // Heard of by others: that this process starts is no sign of it.
  if (phase === 'managed') meet(knowledge, tag, 'marked', Math.min(marker.at, now));
  else if (!ignored.includes(tag)) {
    const turn = turnIn(knowledge, tag);
    tags.set(tag, newTagGivenUp({ ...marker, phase }, { isAnswered, retentionMs: retention(tag), turn }, now));
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

const turnIn = ({ sharing, mostStandIns, canaryGroup }: Knowledge, tag: string) =>
  turnOf(sharing, mostStandIns, canaryGroup(tag));

function takePeers(
  knowledge: Knowledge,
  { own, peers }: Extract<HandOverEvent, { type: 'peers seen' }>,
  now: number,
): HandOverAction[] {
  knowledge.sharing = sharingOf(own, peers);
  return [...knowledge.tags.keys()].flatMap(tag =>
    tell(knowledge, tag, { type: 'turn settled', turn: turnIn(knowledge, tag) }, now),
  );
}

function takeLook(
  knowledge: Knowledge,
  { tag, id, standing, isStuck }: Extract<HandOverEvent, { type: 'stand-ins looked at' }>,
  now: number,
): readonly HandOverAction[] {
  const { sharing, mostStandIns, canaryGroup } = knowledge;
  const isEnough = (ids: readonly string[]) =>
    sharing === undefined || areEnough(sharing, mostStandIns, canaryGroup(tag), ids);
  const looked = standing && { isEnough: isEnough(standing), isStuck };
  return tell(knowledge, tag, { type: 'others seen', id, looked }, now);
}
