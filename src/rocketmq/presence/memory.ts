/** What a broker's answers about who is there are worth, when some of them are missing or not yet true. */

/** What is known from one broker about one question. Times are of performance.now(), in ms. */
export interface Memory {
  /** When the broker answered last. */
  readonly answeredAt: number;
  /** The connection over which it came is new: others may not have come back yet. */
  readonly isSettling: boolean;
  /** Who counts as there, with the time at which an answer named it last. */
  readonly seen: ReadonlyMap<string, number>;
}

export interface Answer {
  readonly names: readonly string[];
  readonly at: number;
  /** Since when the connection over which it came has been open. */
  readonly connectedAt: number;
  /** See {@link SETTLING_MS}. */
  readonly settlingMs?: number | undefined;
}

/** How long an answer holds while no broker can be reached: as long as brokers keep a client that is silent. */
export const MEMORY_MS = 120_000;

/** How long after a connection was lost those of others to the same broker may still be missing. */
export const SETTLING_MS = 5_000;

/**
 * What is known after an answer. While connections settle (the broker was restarted, and those who are there have not all
 * come back), those stay whom it leaves out and who were seen over the connection that was lost.
 */
export function remember(
  former: Memory | undefined,
  { names, at, connectedAt, settlingMs = SETTLING_MS }: Answer,
): Memory {
  const seen = new Map<string, number>();
  const isSettling = at - connectedAt < settlingMs;
  if (former !== undefined && isSettling) {
    for (const [name, seenAt] of former.seen) {
      if (seenAt < connectedAt && at - seenAt <= MEMORY_MS) seen.set(name, seenAt);
    }
  }
  for (const name of names) seen.set(name, at);
  return { answeredAt: at, isSettling, seen };
}

/** One broker in a round of questions. */
export interface Source {
  /** Whether it answered in this round. */
  readonly answered: boolean;
  readonly memory: Memory | undefined;
}

/**
 * Who is there by the brokers that answer, and whether the absence of others is proven; see CanariesSeen. Who is there says
 * so to every broker, so that one that is away, or has just come back, keeps nothing back. When none else answers, what was
 * known before holds.
 */
export function whoIsThere(
  sources: readonly Source[],
  now: number,
): { readonly names: ReadonlySet<string>; readonly isComplete: boolean } {
  const answering = sources.filter(({ answered }) => answered);
  const isComplete = answering.length > 0;
  const isSure = answering.some(({ memory }) => memory?.isSettling === false);
  const names = new Set<string>();
  for (const { memory } of isComplete ? answering : sources) {
    for (const [name, seenAt] of memory?.seen ?? []) {
      if (isSure ? seenAt === memory?.answeredAt : now - seenAt <= MEMORY_MS) names.add(name);
    }
  }
  return { names, isComplete };
}
