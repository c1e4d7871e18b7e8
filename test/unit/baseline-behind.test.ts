import { describe, expect, it } from 'vitest';
import { baselineBehind } from '../../src/rocketmq/hand-over/baseline-behind';

/** Where the baseline's group stands, by queue; where it would begin without an offset: at 7. */
function world(committed: Record<number, number | undefined>) {
  const administration = {
    brokersOfCluster: async () => [{ name: 'a', cluster: 'C', address: 'a:10911' }],
    committedOffset: async (_broker: unknown, _group: string, _topic: string, queueId: number) => committed[queueId],
    initialOffset: async () => 7,
  };
  return baselineBehind(administration, 'group1', undefined);
}
const at = (...offsets: number[]) => new Map(offsets.map((offset, queue) => [`a:${queue}`, offset] as const));

describe('a baseline', () => {
  it.each<[string, Record<number, number | undefined>, number[], boolean]>([
    ['that stands where the canary does', { 0: 5, 1: 5 }, [5, 5], false],
    ['that is ahead', { 0: 9, 1: 9 }, [5, 5], false],
    ['that is behind on one queue', { 0: 9, 1: 4 }, [5, 5], true],
    ['of a queue of which the canary has all', { 0: undefined }, [0], false],
    ['without an offset, that begins where the canary does', { 0: undefined }, [7], false],
    ['without an offset, that begins before the canary', { 0: undefined }, [8], true],
  ])('%s', async (_name, committed, canary, isBehind) => {
    expect(await world(committed).isBehind('gray', 'T', at(...canary))).toBe(isBehind);
  });

  it('has to get to where the canary began, not to where it is by then', async () => {
    const committed: Record<number, number> = { 0: 4 };
    const { isBehind } = world(committed);
    expect(await isBehind('gray', 'T', at(5))).toBe(true);
    committed[0] = 5;
    expect(await isBehind('gray', 'T', at(50))).toBe(false);
    // A canary that comes later is another one.
    expect(await isBehind('gray', 'T', at(50))).toBe(true);
    expect(await isBehind('blue', 'T', at(5))).toBe(false);
  });
});
