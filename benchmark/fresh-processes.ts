/**
 * Work that is measured in a process of its own for each contender in each round: what the compiler makes of the same code
 * differs from process to process by some percent, which rounds in one process would take for the contender's.
 */
import type { Worker } from './bench';
import type { Contender } from './contenders';
import type { Work } from './measurement';
import { inRounds } from './rounds';

export interface FreshProcesses {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** How long the work of bare Node.js should take, in ms; the others do as much. */
  readonly workMs: number;
  /** Operations with which a bare process is tried out. */
  readonly trial: number;
  /** Operations that warm a process up before it is measured. With too few, what is measured is the compiler. */
  readonly warmUp: number;
  start(contender: Contender): Promise<Worker>;
  work(worker: Worker, contender: Contender, operations: number): Promise<Work>;
}

const OTHERS_EVERY = 3;

/** @returns work by contender, round by round; `operations` of each in a round */
export async function inFreshProcesses({ contenders, rounds, workMs, trial, warmUp, start, work }: FreshProcesses) {
  const withWorker = async <T>(contender: Contender, use: (worker: Worker) => Promise<T>): Promise<T> => {
    const worker = await start(contender);
    try {
      return await use(worker);
    } finally {
      await worker.stop();
    }
  };
  const bare = contenders[0] as Contender;
  const operations = await withWorker(bare, async worker => {
    await work(worker, bare, trial);
    const { ms } = await work(worker, bare, trial);
    return Math.max(1, Math.round((trial * workMs) / ms));
  });
  const works = await inRounds(
    contenders,
    rounds,
    contender =>
      withWorker(contender, async worker => {
        await work(worker, contender, warmUp);
        return work(worker, contender, operations);
      }),
    { othersEvery: OTHERS_EVERY },
  );
  return { operations, works };
}
