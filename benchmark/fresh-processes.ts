/**
 * Work that is measured in a process of its own for each contender in each round: what the compiler makes of the same code
 * differs from process to process by some percent, which rounds in one process would take for the contender's. The processes
 * of a round are there at once and work by turns, the lower quartile of which counts: what the machine does meanwhile meets
 * all of them alike, and only adds.
 */
import type { Worker } from './bench';
import type { Contender } from './contenders';
import { undisturbed, type Work } from './measurement';
import { orderOf } from './rounds';

export interface FreshProcesses {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** How long the work of bare Node.js in a round should take, all turns together, in ms; the others do as much. */
  readonly workMs: number;
  /** Operations with which a bare process is tried out. */
  readonly trial: number;
  /** Operations that warm a process up before it is measured. With too few, what is measured is the compiler. */
  readonly warmUp: number;
  start(contender: Contender): Promise<Worker>;
  work(worker: Worker, contender: Contender, operations: number): Promise<Work>;
}

/** In which a process does its work of a round. */
export const TURNS = 16;
/** What is not ours takes part in each such round only: it is there to compare with, and takes several times as long. */
const OTHERS_EVERY = 3;

/** @returns an undisturbed turn by contender, round by round, null where it took no part; `operations` of each in a turn */
export async function inFreshProcesses({ contenders, rounds, workMs, trial, warmUp, start, work }: FreshProcesses) {
  /** What `use` does with a worker for each contender. */
  const withWorkers = async <T>(
    present: readonly Contender[],
    use: (workers: readonly (readonly [Contender, Worker])[]) => Promise<T>,
  ): Promise<T> => {
    const workers: [Contender, Worker][] = [];
    try {
      for (const contender of present) workers.push([contender, await start(contender)]);
      return await use(workers);
    } finally {
      await Promise.all(workers.map(([, worker]) => worker.stop()));
    }
  };

  const inATurn = await withWorkers(contenders.slice(0, 1), async workers => {
    const [bare, worker] = workers[0] as readonly [Contender, Worker];
    await work(worker, bare, warmUp);
    const { ms } = await work(worker, bare, trial);
    return Math.max(1, Math.round((trial * workMs) / ms / TURNS));
  });
  const works = new Map<string, (Work | null)[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const present = contenders.filter(({ isOther }) => !isOther || round % OTHERS_EVERY === 0);
    const done = await withWorkers(orderOf(present, round), async workers => {
      for (const [contender, worker] of workers) await work(worker, contender, warmUp);
      const turns = new Map<Contender, Work[]>(present.map(contender => [contender, []]));
      for (let turn = 0; turn < TURNS; turn++) {
        for (const [contender, worker] of orderOf(workers, turn)) {
          turns.get(contender)?.push(await work(worker, contender, inATurn));
        }
      }
      return turns;
    });
    for (const contender of contenders) {
      const turns = done.get(contender);
      works.get(contender.name)?.push(turns ? undisturbed(turns) : null);
    }
  }
  return { operations: inATurn, works };
}
