/**
 * What a consumer of the baseline leaves to canaries at one moment. A value: each change makes a new one.
 */

/** Offsets by queue, named `broker:queueId`. */
export type QueueOffsets = ReadonlyMap<string, number>;

export interface LeftOut {
  /** Grows with each change of what is left out: polls are older than a change or not. */
  readonly revision: number;
  /** By topic, each tag with the revision that left it out. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Tags that are left out of every topic, whoever is there, each with the revision that did so; undefined: as the plan says. */
  readonly ignored?: ReadonlyMap<string, number>;
  /** Where the canaries' groups begin, by topic and tag. */
  readonly beginnings: ReadonlyMap<string, QueueOffsets>;
}

export const NOTHING_LEFT_OUT: LeftOut = { revision: 0, tags: new Map(), beginnings: new Map() };

/** Leaves `tags` of a topic out, in place of what was left out of it; a tag that was left out before still is since then. */
export function withTags(before: LeftOut, topic: string, tags: readonly string[]): LeftOut {
  const revision = before.revision + 1;
  const since = before.tags.get(topic);
  const ofTopic = new Map(tags.map(tag => [tag, since?.get(tag) ?? revision]));
  return { ...before, revision, tags: new Map(before.tags).set(topic, ofTopic) };
}

/** Ignores `tags`, in place of what was ignored; a tag that was ignored before still is since then. @param former by the plan */
export function withIgnored(before: LeftOut, tags: readonly string[], former: readonly string[]): LeftOut {
  const revision = before.revision + 1;
  const since = before.ignored ?? new Map(former.map(tag => [tag, 0]));
  return { ...before, revision, ignored: new Map(tags.map(tag => [tag, since.get(tag) ?? revision])) };
}

/** The group of the canary `tag` has a topic's messages from these offsets on. */
export function withBeginning(before: LeftOut, topic: string, tag: string, offsets: QueueOffsets): LeftOut {
  return { ...before, beginnings: new Map(before.beginnings).set(place(topic, tag), offsets) };
}

export function tagsLeftOut({ tags }: LeftOut, topic: string): Iterable<string> {
  return tags.get(topic)?.keys() ?? [];
}

/** The revision that left a tag out of a topic; undefined: it is not left out. */
export function leftOutSince({ tags }: LeftOut, topic: string, tag: string): number | undefined {
  return tags.get(topic)?.get(tag);
}

/** Where the group of the canary `tag` begins a queue; undefined: that is not known. */
export function beginningOf({ beginnings }: LeftOut, topic: string, tag: string, queue: string): number | undefined {
  return beginnings.get(place(topic, tag))?.get(queue);
}

/** Neither a topic nor a tag has a blank in it. */
function place(topic: string, tag: string): string {
  return `${topic} ${tag}`;
}
