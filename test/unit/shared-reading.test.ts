import { describe, expect, it } from 'vitest';
import { sharedReading } from '../../src/rocketmq/remoting/shared-reading';

/** Readings that are answered by hand, in the order in which they began. */
function readings() {
  const begun: { key: string; answer(value: string): void; fail(error: Error): void }[] = [];
  const read = sharedReading<string, string>(
    key => new Promise((resolve, reject) => begun.push({ key, answer: resolve, fail: reject })),
  );
  const turn = () => new Promise(resolve => setImmediate(resolve));
  return { begun, read, turn };
}

describe('a shared reading', () => {
  it('is one for all who ask in a moment', async () => {
    const { begun, read, turn } = readings();
    const asked = [read('a'), read('a'), read('b')];
    await turn();
    expect(begun.map(({ key }) => key)).toEqual(['a', 'b']);
    begun[0]?.answer('A');
    begun[1]?.answer('B');
    expect(await Promise.all(asked)).toEqual(['A', 'A', 'B']);
  });

  it('is another one for those who ask while it is under way, and one for all of these', async () => {
    const { begun, read, turn } = readings();
    const first = read('a');
    await turn();
    const later = [read('a'), read('a')];
    await turn();
    expect(begun).toHaveLength(1);
    begun[0]?.answer('before');
    expect(await first).toBe('before');
    await turn();
    expect(begun).toHaveLength(2);
    begun[1]?.answer('after');
    expect(await Promise.all(later)).toEqual(['after', 'after']);
    void read('a');
    await turn();
    expect(begun).toHaveLength(3);
  });

  it('fails for those who share it alone', async () => {
    const { begun, read, turn } = readings();
    const first = [read('a'), read('a')].map(one => one.catch(error => (error as Error).message));
    await turn();
    const later = read('a');
    begun[0]?.fail(new Error('away'));
    expect(await Promise.all(first)).toEqual(['away', 'away']);
    await turn();
    begun[1]?.answer('back');
    expect(await later).toBe('back');
  });
});
