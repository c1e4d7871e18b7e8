import { describe, expect, it } from 'vitest';
import { lastingValues } from '../../src/rocketmq/hand-over/lasting-values';
import { VirtualTime } from './simulation/time';

/** Two name servers; what those took that are up. */
function nameServers() {
  const time = new VirtualTime();
  const up = [true, true];
  const kept: string[][] = [[], []];
  const administration = {
    async putKeyValue(_namespace: string, key: string, value: string) {
      const taking = kept.filter((_, index) => up[index]);
      if (taking.length === 0) throw new Error('nobody is there');
      for (const one of taking) one.push(`${key}=${value}`);
      return { taken: taking.length, of: kept.length };
    },
  };
  const clock = { after: (ms: number, work: () => void) => time.after(ms, work) };
  return { time, up, kept, values: lastingValues(administration, 'NAMESPACE', clock) };
}

const nothingElse = async () => undefined;

describe('a value', () => {
  it('that all have is written once', async () => {
    const { values, kept, time } = nameServers();
    expect(await values.put('a', '1', nothingElse)).toBe(true);
    await time.pass(3_600_000);
    expect(kept).toEqual([['a=1'], ['a=1']]);
  });

  it('that one missed is written again until that has it', async () => {
    const { values, kept, time, up } = nameServers();
    up[1] = false;
    expect(await values.put('a', '1', nothingElse)).toBe(true);
    await time.pass(60_000);
    up[1] = true;
    await time.pass(300_000);
    expect(kept[1]).toEqual(['a=1']);
  });

  it('that nobody took is known to be so, and written as soon as somebody is there', async () => {
    const { values, kept, time, up } = nameServers();
    up.fill(false);
    expect(await values.put('a', '1', nothingElse)).toBe(false);
    up.fill(true);
    await time.pass(5_000);
    expect(kept).toEqual([['a=1'], ['a=1']]);
  });

  it('is by then what somebody else has written meanwhile', async () => {
    const { values, kept, time, up } = nameServers();
    up[1] = false;
    await values.put('a', '1', async () => '2');
    up[1] = true;
    await time.pass(5_000);
    expect(kept).toEqual([['a=1', 'a=2'], ['a=2']]);
  });

  it('is not written again while nobody tells what is there', async () => {
    const { values, kept, time, up } = nameServers();
    up[1] = false;
    let isTold = false;
    await values.put('a', '1', async () => {
      if (!isTold) throw new Error('nobody tells');
      return '2';
    });
    up[1] = true;
    await time.pass(6_000);
    expect(kept[1]).toEqual([]);
    isTold = true;
    await time.pass(10_000);
    expect(kept[1]).toEqual(['a=2']);
  });

  it('that is written anew is not replaced by a former one', async () => {
    const { values, kept, time, up } = nameServers();
    up[1] = false;
    await values.put('a', '1', nothingElse);
    up[1] = true;
    await values.put('a', '2', async () => '2');
    await time.pass(600_000);
    expect(kept[1]?.at(-1)).toBe('a=2');
    expect(kept[1]).not.toContain('a=1');
  });

  it('is tried ever less often, and not after the end', async () => {
    const { values, kept, time, up } = nameServers();
    up[1] = false;
    await values.put('a', '1', nothingElse);
    await time.pass(3_600_000);
    // After 5, 10, 20 … 320 s, then every 300 s.
    expect(kept[0]?.length).toBeGreaterThan(10);
    expect(kept[0]?.length).toBeLessThan(25);
    const before = kept[0]?.length;
    values.close();
    await time.pass(3_600_000);
    expect(kept[0]).toHaveLength(before ?? 0);
  });
});
