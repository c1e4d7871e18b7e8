/**
 * What is made beside a client of the application for other addresses than its own: a dispatcher, a channel, a session. It is
 * kept for as long as it is used, and ends with that client.
 */

/** Ms without a call after which one is given up, as soon as another one is needed. */
const UNUSED_FOR = 60_000;

/** @typeParam A what is known when one is needed, beside its key */
export interface SiblingsMeans<S, A> {
  make(key: string, about: A): S;
  /** False: it is not given up yet, since somebody waits for it. */
  mayEnd(sibling: S): boolean;
  /** Ends one that is given up; what is under way on it goes on. */
  end(sibling: S): Promise<unknown> | undefined;
  /** Ms. */
  now?(): number;
}

export interface Siblings<S, A = void> {
  /** The one for `key`, made where there is none. */
  for(key: string, about: A): S;
  /** The one for `key`, where there is one. */
  find(key: string): S | undefined;
  /** Ends it if it is the one for `key`: the next call gets another one. */
  giveUp(key: string, sibling: S): void;
  /** Those that are kept, and those that were given up and have not ended. */
  alive(): readonly S[];
}

export function keepSiblings<S, A = void>({
  make,
  mayEnd,
  end,
  now = () => Date.now(),
}: SiblingsMeans<S, A>): Siblings<S, A> {
  const kept = new Map<string, { readonly sibling: S; usedAt: number }>();
  const alive = new Set<S>();

  const giveUp = (key: string, sibling: S) => {
    if (kept.get(key)?.sibling !== sibling) return;
    kept.delete(key);
    const forget = () => void alive.delete(sibling);
    const ended = end(sibling);
    if (ended === undefined) forget();
    else ended.then(forget, forget);
  };
  const giveUpUnused = () => {
    const before = now() - UNUSED_FOR;
    for (const [key, { sibling, usedAt }] of kept) {
      if (usedAt <= before && mayEnd(sibling)) giveUp(key, sibling);
    }
  };

  return {
    for(key, about) {
      let one = kept.get(key);
      if (one === undefined) {
        giveUpUnused();
        one = { sibling: make(key, about), usedAt: 0 };
        kept.set(key, one);
        alive.add(one.sibling);
      }
      one.usedAt = now();
      return one.sibling;
    },
    find: key => kept.get(key)?.sibling,
    giveUp,
    alive: () => [...alive],
  };
}
