/** What a server holds after its start, and what requests leave behind. */
import { type Bench, startWorker } from '../bench';
import { CONTENDERS, toBare } from '../contenders';
import type { Measured } from '../measurement';
import { inRounds } from '../rounds';
import { requests, startServer } from './http';

const MEGABYTE = 1 << 20;
const COLLECTABLE = ['--expose-gc'];
const RSS = 'resident memory after start';
const GROWTH = 'heap growth';
const OURS = ['gray-untagged', 'gray-tagged'];

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

export async function memoryAfterStart(bench: Bench): Promise<Measured> {
  const contenders = CONTENDERS.filter(({ name }) => name !== 'bare-tagged').map(toBare);
  const values = await inRounds(contenders, bench.rounds, async contender => {
    const server = await startServer(bench, contender, 'none', undefined, COLLECTABLE);
    const { rss } = await server.ask<Memory>({ ask: 'memory' });
    await server.stop();
    return rss / MEGABYTE;
  });
  return {
    scenario: 'memory-after-start',
    title: 'memory of an HTTP server after its start',
    how: 'resident set size after a garbage collection',
    contenders,
    metrics: [{ name: RSS, unit: 'MB', comparison: 'difference', better: 'lower', values: Object.fromEntries(values) }],
    // Node.js with synchronous module hooks.
    goals: bench.node.major >= 22 ? OURS.map(contender => ({ metric: RSS, contender, bound: 5 })) : [],
  };
}

/** In as many blocks, after one that is not counted: a leak grows with each. */
const BLOCKS = 10;

/** @param total how many requests each contender gets */
export function memoryAfterRequests(total: number) {
  return async (bench: Bench): Promise<Measured> => {
    const contenders = CONTENDERS.filter(({ name, isOurs }) => isOurs || name === 'bare').map(toBare);
    const load = await startWorker(bench, { name: 'load', file: 'load.js' });
    const values: Record<string, number[]> = {};
    try {
      for (const contender of contenders) {
        const server = await startServer(bench, contender, 'none', undefined, COLLECTABLE);
        const heaps: number[] = [];
        for (let block = 0; block <= BLOCKS; block++) {
          await requests(load, server, contender, Math.round(total / BLOCKS));
          heaps.push((await server.ask<Memory>({ ask: 'memory' })).heapUsed / MEGABYTE);
        }
        values[contender.name] = heaps.slice(1).map((heap, block) => heap - (heaps[block] as number));
        await server.stop();
      }
    } finally {
      await load.stop();
    }
    return {
      scenario: 'memory-after-requests',
      title: `memory after ${total.toLocaleString('en-US')} requests`,
      how: `growth of the heap after garbage collections, for each ${(total / BLOCKS).toLocaleString('en-US')} requests`,
      contenders,
      metrics: [{ name: GROWTH, unit: 'MB', comparison: 'difference', better: 'lower', values }],
      goals: OURS.map(contender => ({ metric: GROWTH, contender, bound: 0.1 })),
    };
  };
}
