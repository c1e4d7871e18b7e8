/** On which topics a canary's group has an offset on every queue. */

/** A topic without an entry was not asked about. */
export type TopicOffsets = ReadonlyMap<string, TopicOffset>;

export interface TopicOffset {
  /** By the last answer it has. That a broker did not answer since changes nothing. */
  readonly isEnsured: boolean;
  /** There is no answer yet. */
  readonly isAsked: boolean;
  /** Undefined: it need not be asked again. */
  readonly askAgainAt?: number;
  /** It has queues that it did not have at that answer: should nobody answer now, it is not ensured. */
  readonly hasNewQueues?: true;
}

/** Ms until it is asked again about a topic that had a queue without an offset, or of which nobody told. */
const ASK_AGAIN_MS = 5_000;
const AT_ONCE = Number.NEGATIVE_INFINITY;
const ENSURED: TopicOffset = { isEnsured: true, isAsked: false };

export function isEnsured(offsets: TopicOffsets, topic: string): boolean {
  return offsets.get(topic)?.isEnsured === true;
}

export function topicsEnsured(offsets: TopicOffsets): string[] {
  return [...offsets.keys()].filter(topic => isEnsured(offsets, topic));
}

/** Should nobody answer, it stays so. */
export function isHeld(offsets: TopicOffsets, topic: string): boolean {
  return isEnsured(offsets, topic) && offsets.get(topic)?.hasNewQueues !== true;
}

/** It is asked about a topic that is not ensured. */
export function isUnsettled(offsets: TopicOffsets): boolean {
  return [...offsets.values()].some(({ isAsked, isEnsured }) => isAsked && !isEnsured);
}

/** Every one of the topics was asked about, and answered. */
export function isSettled(offsets: TopicOffsets, topics: ReadonlySet<string>): boolean {
  return !isUnsettled(offsets) && [...topics].every(topic => offsets.has(topic));
}

/** The topics to ask about now. One question at a time: what is written down of a tag is read, changed and written again. */
export function topicsToAsk(offsets: TopicOffsets, topics: ReadonlySet<string>, now: number): string[] {
  if ([...offsets.values()].some(({ isAsked }) => isAsked)) return [];
  return [...topics].filter(topic => {
    const state = offsets.get(topic);
    return state === undefined || (state.askAgainAt !== undefined && now >= state.askAgainAt);
  });
}

export function asked(offsets: TopicOffsets, topics: readonly string[]): TopicOffsets {
  const next = new Map(offsets);
  for (const topic of topics) {
    const { isEnsured = false, hasNewQueues } = offsets.get(topic) ?? {};
    next.set(topic, { isEnsured, isAsked: true, ...(hasNewQueues && { hasNewQueues }) });
  }
  return next;
}

/**
 * It is to be asked about these again, at once: a broker is back and may have lost what it had not written. What is ensured is so
 * until an answer says otherwise; of `grown`, which have queues that they did not have, until nobody answers.
 */
export function doubted(offsets: TopicOffsets, topics: readonly string[], grown: readonly string[]): TopicOffsets {
  const next = new Map(offsets);
  for (const topic of topics) {
    const state = next.get(topic);
    if (state === undefined) continue;
    const isGrown = state.hasNewQueues === true || grown.includes(topic);
    next.set(topic, { ...state, askAgainAt: AT_ONCE, ...(isGrown && { hasNewQueues: true as const }) });
  }
  return next;
}

/** What is asked about, and what came of it; `topics` undefined: nobody answered. */
export interface OffsetsAnswer {
  readonly asked: readonly string[];
  readonly topics: readonly string[] | undefined;
}

/** @param subscribed what the answer says of other topics is of no use any more */
export function answered(
  offsets: TopicOffsets,
  { asked, topics }: OffsetsAnswer,
  subscribed: ReadonlySet<string>,
  now: number,
): TopicOffsets {
  const next = new Map(offsets);
  for (const topic of asked) {
    if (!subscribed.has(topic)) next.delete(topic);
    else if (topics?.includes(topic)) next.set(topic, ENSURED);
    // Also one that had offsets everywhere: by an answer, it has queues now that have none.
    else {
      const stays = topics === undefined && isHeld(offsets, topic);
      next.set(topic, { isEnsured: stays, isAsked: false, askAgainAt: now + ASK_AGAIN_MS });
    }
  }
  return next;
}

export function withoutTopic(offsets: TopicOffsets, topic: string): TopicOffsets {
  return new Map([...offsets].filter(([name]) => name !== topic));
}
