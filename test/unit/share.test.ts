import { describe, expect, it } from 'vitest';
import {
  isDue,
  LOOK_MS,
  looked,
  looking,
  needed,
  type Share,
  standsIn,
  turnSettled,
  WHOLE_SHARE,
} from '../../src/rocketmq/hand-over/share';

/** A look that shows this. */
const look = (share: Share, now: number, isEnough: boolean, isStuck = false): Share => {
  const begun = looking(share);
  return looked(begun, begun.looks, { isEnough, isStuck }, now);
};
const later = (turn: number) => turnSettled(WHOLE_SHARE, turn, false);

describe("a process's share in standing in", () => {
  it('is the whole of it where nothing is shared out', () => {
    expect(standsIn(WHOLE_SHARE)).toBe(true);
    expect(needed(WHOLE_SHARE, true, 0)).toBe(WHOLE_SHARE);
    expect(isDue(WHOLE_SHARE, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('is to look after the others, more rarely the later it comes, and only while somebody is needed', () => {
    for (const turn of [1, 2, 7]) {
      expect(isDue(later(turn), 1e9)).toBe(false);
      const share = needed(later(turn), true, 1_000);
      expect(standsIn(share)).toBe(false);
      expect(isDue(share, 1_000 + turn * LOOK_MS - 1)).toBe(false);
      expect(isDue(share, 1_000 + turn * LOOK_MS)).toBe(true);
      expect(isDue(looking(share), 1e9)).toBe(false);
      const next = look(share, 100_000, true);
      expect([isDue(next, 99_999 + turn * LOOK_MS), isDue(next, 100_000 + turn * LOOK_MS)]).toEqual([false, true]);
      // The canary is back: when it has gone again the others have their time again.
      const asleep = needed(share, false, 50_000);
      expect(isDue(needed(asleep, true, 900_000), 900_000)).toBe(false);
    }
  });

  it('is to help while too few stand in, and for six looks after they did not get on', () => {
    const share = needed(later(1), true, 0);
    const helping = look(share, 0, false);
    expect(standsIn(helping)).toBe(true);
    expect(standsIn(look(helping, 0, false))).toBe(true);
    expect(standsIn(look(helping, 0, true))).toBe(false);
    let helped = look(share, 0, true, true);
    for (let count = 1; count < 6; count++) helped = look(helped, 0, true);
    expect(standsIn(helped)).toBe(true);
    expect(standsIn(look(helped, 0, true))).toBe(false);
    expect(standsIn(look(helped, 0, true, true))).toBe(true);
  });

  it('ends when another has come in its place, not before', () => {
    const share = needed(turnSettled(WHOLE_SHARE, 1, true), true, 0);
    expect(standsIn(share)).toBe(true);
    expect(isDue(share, LOOK_MS)).toBe(true);
    expect(standsIn(look(share, LOOK_MS, true))).toBe(false);
    // It did not stand in: nobody misses it.
    expect(standsIn(turnSettled(WHOLE_SHARE, 1, false))).toBe(false);
    expect(turnSettled(share, 1, true)).toBe(share);
  });

  it('stays as it is when nobody answers, or an answer comes that it no longer waits for', () => {
    const helping = look(needed(later(2), true, 0), 0, false);
    const begun = looking(helping);
    expect(standsIn(looked(begun, begun.looks, undefined, 5))).toBe(true);
    expect(looked(begun, begun.looks - 1, { isEnough: true, isStuck: false }, 5)).toBe(begun);
  });
});
