/** What is made beside a client for other addresses: kept while it is used, ended with it. */
import { expect, it } from 'vitest';
import { deferred } from '../../src/rocketmq/remoting/deferred';
import { keepSiblings } from '../../src/routing/siblings';

interface Sibling {
  readonly key: string;
  isWaitedFor: boolean;
}

function siblings(end: (sibling: Sibling) => Promise<unknown> | undefined = () => undefined) {
  let now = 0;
  const ended: string[] = [];
  const kept = keepSiblings<Sibling>({
    make: key => ({ key, isWaitedFor: false }),
    mayEnd: ({ isWaitedFor }) => !isWaitedFor,
    end(sibling) {
      ended.push(sibling.key);
      return end(sibling);
    },
    now: () => now,
  });
  const at = (ms: number) => {
    now = ms;
  };
  return { kept, ended, at };
}
const keys = (all: readonly Sibling[]) => all.map(({ key }) => key);

it('there is one for each key', () => {
  const { kept } = siblings();
  const a = kept.for('a');
  expect([kept.for('a'), kept.find('a'), kept.find('b')]).toEqual([a, a, undefined]);
  expect(kept.for('b').key).toBe('b');
  expect(keys(kept.alive())).toEqual(['a', 'b']);
});

it('one that was not used for a minute is given up when another one is needed, unless somebody waits for it', () => {
  const { kept, ended, at } = siblings();
  kept.for('a');
  kept.for('waits').isWaitedFor = true;
  at(1);
  kept.for('used');
  at(60_000);
  kept.for('used');
  expect(ended).toEqual([]);
  kept.for('b');
  expect(ended).toEqual(['a']);
  expect(keys(kept.alive())).toEqual(['waits', 'used', 'b']);
});

it('one that is given up is alive until it has ended, however it does', async () => {
  for (const outcome of ['resolve', 'reject'] as const) {
    const { promise, resolve, reject } = deferred<void>();
    const { kept, ended } = siblings(() => promise);
    const a = kept.for('a');
    kept.giveUp('a', a);
    expect([ended, keys(kept.alive())]).toEqual([['a'], ['a']]);
    const next = kept.for('a');
    expect(next).not.toBe(a);
    // The one before it says once more that it is of no use.
    kept.giveUp('a', a);
    expect(kept.for('a')).toBe(next);
    if (outcome === 'resolve') resolve();
    else reject(new Error('closed before'));
    await promise.catch(() => {});
    expect(kept.alive()).toEqual([next]);
  }
});
