/**
 * This process's share in standing in for one tag. Pure: one function for each thing that happens to it.
 *
 * Who stands in is shared out among the baseline's processes, by an order that each of them knows. Nothing depends on it:
 * those who come later look now and then whether enough others stand in and whether the canary's group gets on, and help.
 */

export interface Share {
  /** 0: it is among the first, or nobody may say who the others are. Else how many times as many come before it. */
  readonly turn: number;
  /** So many looks more it stands in although others come before it. */
  readonly helpsForLooks: number;
  /** Undefined: nobody is needed. Ms. */
  readonly lookAt: number | undefined;
  /** Set while there is no answer. */
  readonly look: number | undefined;
  readonly looks: number;
}

/** How often those who come next look after the others, ms. The later ones look as many times more rarely. */
export const LOOK_MS = 10_000;
/** One that helped with what had grown stays for so many looks: it would come again otherwise. */
const LOOKS_AFTER_HELP = 6;

export const WHOLE_SHARE: Share = { turn: 0, helpsForLooks: 0, lookAt: undefined, look: undefined, looks: 0 };

export function standsIn({ turn, helpsForLooks }: Share): boolean {
  return turn === 0 || helpsForLooks > 0;
}

/** @param isStandingIn it does, or is about to. Then it leaves when another has come, not before */
export function turnSettled(share: Share, turn: number, isStandingIn: boolean): Share {
  if (turn === share.turn) return share;
  const helpsForLooks = turn > 0 && isStandingIn ? Math.max(1, share.helpsForLooks) : 0;
  return { ...share, turn, helpsForLooks, lookAt: undefined };
}

/** Somebody is needed, or nobody; those who come first need not look. */
export function needed(share: Share, isNeeded: boolean, now: number): Share {
  if (!isNeeded || share.turn === 0) {
    const isAsleep = share.lookAt === undefined && share.helpsForLooks === 0;
    return isAsleep ? share : { ...share, lookAt: undefined, helpsForLooks: 0 };
  }
  return share.lookAt === undefined ? { ...share, lookAt: now + untilNext(share) } : share;
}

export function isDue({ lookAt, look }: Share, now: number): boolean {
  return lookAt !== undefined && look === undefined && now >= lookAt;
}

export function looking(share: Share): Share {
  return { ...share, look: share.looks + 1, looks: share.looks + 1 };
}

/** What a look has shown. */
export interface Looked {
  /** As many as are wanted stand in, of those who come before this process. */
  readonly isEnough: boolean;
  /** What was there at the last look has still not been taken. */
  readonly isStuck: boolean;
}

/** @param looked undefined: nobody answered, and all stays as it is */
export function looked(share: Share, id: number, looked: Looked | undefined, now: number): Share {
  if (share.look !== id) return share;
  const helpsForLooks = looked === undefined ? share.helpsForLooks : helps(share, looked);
  const after = { ...share, look: undefined, helpsForLooks };
  return share.lookAt === undefined ? after : { ...after, lookAt: now + untilNext(after) };
}

function helps({ helpsForLooks }: Share, { isEnough, isStuck }: Looked): number {
  if (isStuck) return LOOKS_AFTER_HELP;
  return isEnough ? Math.max(0, helpsForLooks - 1) : Math.max(1, helpsForLooks);
}

function untilNext({ turn, helpsForLooks }: Share): number {
  return helpsForLooks > 0 ? LOOK_MS : LOOK_MS * turn;
}
