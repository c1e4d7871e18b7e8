import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AGAIN_AFTER_MS, latePreparation } from '../../src/rocketmq/consumer/late-preparation';
import type { Subscription } from '../../src/rocketmq/plan/subscription';

const subscription = (topic: string): Subscription => ({ topic, filter: { type: 'TAG', expression: '*' } });

/** One consumer; `answers`: whether its group is ready, attempt by attempt. */
function late(...answers: readonly (boolean | Promise<boolean>)[]) {
  const attempts: string[][] = [];
  const ready: string[][] = [];
  const topicsOf = (all: readonly Subscription[]) => all.map(({ topic }) => topic);
  const preparation = latePreparation(async all => {
    attempts.push(topicsOf(all));
    const isReady = (await answers[attempts.length - 1]) ?? false;
    if (isReady) ready.push(topicsOf(all));
    return isReady;
  });
  return {
    ...preparation,
    attempts,
    ready,
    add: (...topics: string[]) => preparation.add(topics.map(subscription)),
  };
}
const rounds = (count: number) => vi.advanceTimersByTimeAsync(count * AGAIN_AFTER_MS);

describe("a canary's group that was not ready", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is tried again until it is', async () => {
    const { add, attempts, ready, isWaiting } = late(false, false, true);
    expect(isWaiting()).toBe(false);
    add('A');
    await vi.advanceTimersByTimeAsync(AGAIN_AFTER_MS - 1);
    expect(attempts).toEqual([]);
    await rounds(2);
    expect([attempts.length, ready, isWaiting()]).toEqual([2, [], true]);
    await rounds(5);
    expect(isWaiting()).toBe(false);
    expect([attempts, ready]).toEqual([[['A'], ['A'], ['A']], [['A']]]);
  });

  it('is tried for all topics that it was not ready for', async () => {
    const { add, attempts, ready } = late(false, true);
    add('A');
    add('B', 'C');
    await rounds(1);
    add('D');
    await rounds(3);
    expect(attempts).toEqual([
      ['A', 'B', 'C'],
      ['A', 'B', 'C', 'D'],
    ]);
    expect(ready).toEqual([['A', 'B', 'C', 'D']]);
  });

  it('is not tried for a topic that it is ready for by now, or that nobody wants any more', async () => {
    const { add, forgetTopic, attempts, isWaiting } = late(false, false);
    add('A', 'B');
    await rounds(1);
    forgetTopic('A');
    await rounds(1);
    forgetTopic('C');
    forgetTopic('B');
    expect(isWaiting()).toBe(false);
    await rounds(3);
    expect(attempts).toEqual([['A', 'B'], ['B']]);
  });

  it('is left alone when the consumer is closed, also during an attempt', async () => {
    const before = late(true);
    before.add('A');
    before.stop();
    let answer: (isReady: boolean) => void = () => {};
    const during = late(new Promise<boolean>(resolve => (answer = resolve)));
    during.add('A');
    await rounds(1);
    during.stop();
    answer(false);
    await rounds(3);
    expect([before.attempts, during.attempts, during.isWaiting()]).toEqual([[], [['A']], false]);
  });

  it('keeps no process alive', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    late().add('A');
    expect((timers.mock.results[0]?.value as NodeJS.Timeout | undefined)?.hasRef()).toBe(false);
  });
});
