/** How a service is started and stopped: in the foreground, or by a command that leaves a daemon. */
import { expect } from 'vitest';
import type { ChildResult } from '../integration/child';
import type { Instance } from './service';

export interface Ending {
  /** Exit codes, or signals, of the commands that were run. */
  readonly codes: readonly (number | string | null)[];
  /** What they and the application printed to standard output. */
  readonly printed: string;
}

export interface Running {
  /** An error with everything that was printed and logged. */
  explain(what: string): Error;
  stop(): Promise<Ending>;
}

/** Starts the recipe's command `name`. */
export type Way = (instance: Instance, name: string) => Promise<Running>;

const endOf = ({ code, signal }: ChildResult) => code ?? signal;

/** A command that goes on until it is told to end by SIGTERM, which containers and process managers send to it alone. */
export const inForeground: Way = async (instance, name) => {
  const child = instance.start(name);
  return {
    explain: what => child.failure(what),
    async stop() {
      child.process.kill('SIGTERM');
      const result = await child.ended;
      return { codes: [endOf(result)], printed: result.stdout };
    },
  };
};

/** Commands that end while the service goes on; the recipe's command `stop` ends it. */
export const asDaemon: Way = async (instance, name) => {
  const started = await instance.run(name);
  const explain = (what: string) =>
    new Error(`${what}\n${started.stdout}\n${started.stderr}\n${instance.logs()}\nrunning: ${instance.left()}`);
  if (started.code !== 0) throw explain(`${name} ended with ${endOf(started)}`);
  return {
    explain,
    async stop() {
      const stopped = await instance.run('stop');
      await expect.poll(instance.left, { timeout: 20_000 }).toEqual([]);
      return { codes: [endOf(started), endOf(stopped)], printed: started.stdout + stopped.stdout };
    },
  };
};
