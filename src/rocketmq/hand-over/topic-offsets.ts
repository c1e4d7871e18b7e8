/** On which topics a canary's group has an offset on every queue. */

/** A topic without an entry was not asked about. */
export type TopicOffsets = ReadonlyMap<string, 'asked' | 'ensured' | { readonly askAgainAt: number }>;

/** Ms until it is asked again about a topic that had a queue without an offset. */
const ASK_AGAIN_MS = 5_000;

export function topicsEnsured(offsets: TopicOffsets): string[] {
  return [...offsets].filter(([, state]) => state === 'ensured').map(([topic]) => topic);
}

export function isAsking(offsets: TopicOffsets): boolean {
  return [...offsets.values()].includes('asked');
}

/** Every one of the topics was asked about, and answered. */
export function isSettled(offsets: TopicOffsets, topics: ReadonlySet<string>): boolean {
  return !isAsking(offsets) && [...topics].every(topic => offsets.has(topic));
}

/** The topics to ask about now. One question at a time: what is written down of a tag is read, changed and written again. */
export function topicsToAsk(offsets: TopicOffsets, topics: ReadonlySet<string>, now: number): string[] {
  if (isAsking(offsets)) return [];
  return [...topics].filter(topic => {
    const state = offsets.get(topic);
    return state === undefined || (typeof state === 'object' && now >= state.askAgainAt);
  });
}

export function asked(offsets: TopicOffsets, topics: readonly string[]): TopicOffsets {
  return new Map([...offsets, ...topics.map(topic => [topic, 'asked'] as const)]);
}

/** @param subscribed what the answer says of other topics is of no use any more */
export function answered(
  offsets: TopicOffsets,
  answer: { readonly asked: readonly string[]; readonly topics: readonly string[] },
  subscribed: ReadonlySet<string>,
  now: number,
): TopicOffsets {
  const next = new Map(offsets);
  for (const topic of answer.asked) {
    if (!subscribed.has(topic)) next.delete(topic);
    else if (answer.topics.includes(topic)) next.set(topic, 'ensured');
    // Also one that had offsets everywhere: it has queues now that have none.
    else next.set(topic, { askAgainAt: now + ASK_AGAIN_MS });
  }
  return next;
}

export function withoutTopic(offsets: TopicOffsets, topic: string): TopicOffsets {
  return new Map([...offsets].filter(([name]) => name !== topic));
}
