/** The life of this process's stand-in for one tag. Pure: one function for each thing that happens to it. */

export interface StandInLife {
  readonly state: 'none' | 'starting' | 'running' | 'ending';
  /** What it is subscribed to, or is about to be. */
  readonly topics: ReadonlySet<string>;
  /** A canary is there that does not subscribe to these topics. */
  readonly isBeside: boolean;
  /** Starts that failed in a row. */
  readonly failures: number;
  /** As far as is known, no other process stands in. */
  readonly isAlone: boolean;
  readonly startAgainAt: number;
  readonly subscribeAgainAt: number;
}

/** Ms until what failed is tried again. */
const RETRY_MS = 5_000;
/** A stand-in that failed this often in a row leaves messages lying: the baseline takes them itself. */
const STRANDED_AFTER = 3;
const STRANDED_RETRY_MS = 30_000;

export const NO_STAND_IN: StandInLife = {
  state: 'none',
  topics: new Set(),
  isBeside: false,
  failures: 0,
  isAlone: true,
  startAgainAt: 0,
  subscribeAgainAt: 0,
};

export function starting(standIn: StandInLife, topics: readonly string[], isBeside: boolean): StandInLife {
  return { ...standIn, state: 'starting', topics: new Set([...standIn.topics, ...topics]), isBeside };
}

export function started(standIn: StandInLife): StandInLife {
  return { ...standIn, state: 'running', failures: 0 };
}

/** It gave way to a canary that came meanwhile. */
export function gaveWay(standIn: StandInLife): StandInLife {
  return { ...standIn, state: 'none', topics: new Set() };
}

export function failed(standIn: StandInLife, isAlone: boolean, now: number): StandInLife {
  const failures = standIn.failures + 1;
  const startAgainAt = now + (failures < STRANDED_AFTER ? RETRY_MS : STRANDED_RETRY_MS);
  return { ...gaveWay(standIn), failures, isAlone, startAgainAt };
}

/** That it failed no longer counts. */
export function forgiven(standIn: StandInLife): StandInLife {
  return { ...standIn, failures: 0 };
}

export function ending(standIn: StandInLife): StandInLife {
  return { ...standIn, state: 'ending' };
}

export function ended(standIn: StandInLife): StandInLife {
  return { ...standIn, state: 'none', topics: new Set() };
}

export function subscribing(standIn: StandInLife, topics: readonly string[]): StandInLife {
  return { ...standIn, topics: new Set([...standIn.topics, ...topics]) };
}

/** It could not be subscribed to a topic. */
export function notSubscribed(standIn: StandInLife, topic: string, now: number): StandInLife {
  return { ...unsubscribed(standIn, topic), subscribeAgainAt: now + RETRY_MS };
}

export function unsubscribed(standIn: StandInLife, topic: string): StandInLife {
  return { ...standIn, topics: new Set([...standIn.topics].filter(name => name !== topic)) };
}

/** It does not come up, and no other does: messages would lie in the canary's group. */
export function neverComesUp({ state, failures, isAlone }: StandInLife): boolean {
  return failures >= STRANDED_AFTER && isAlone && state !== 'running';
}
