/** How a service is started and stopped: in the foreground, or by a command that leaves a daemon. */
import { expect } from 'vitest';
import type { ChildResult } from '../integration/child';
import type { Instance, LogFile } from './service';

export interface Ending {
  /** Exit codes, or signals, of the commands that were run. */
  readonly codes: readonly (number | string | null)[];
  /** What they and the application printed to standard output. */
  readonly printed: string;
}

export interface Running {
  /** Everything that the agent may have said so far, where people look for it. */
  said(): string;
  /** True when nothing is left that could still answer. */
  isGone(): boolean;
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
    said: () => child.stderr,
    isGone: () => child.process.exitCode !== null || child.process.signalCode !== null,
    explain: what => child.failure(what),
    async stop() {
      child.process.kill('SIGTERM');
      const result = await child.ended;
      return { codes: [endOf(result)], printed: instance.withoutNames(result.stdout) };
    },
  };
};

export interface DaemonOptions {
  /** Of the log files in the home directory, that which holds what the application prints (to standard error, if told apart). */
  readonly log: RegExp;
  /** A command that ends what the framework itself leaves running. */
  readonly afterwards?: string;
}

/** Commands that end while the service goes on; the recipe's command `stop` ends it. */
export const asDaemon =
  ({ log, afterwards }: DaemonOptions): Way =>
  async (instance, name) => {
    const started = await instance.run(name);
    const explain = (what: string) =>
      new Error(
        `${what}\n${started.stdout}\n${started.stderr}\n${textOf(instance.logs())}\nrunning: ${instance.left()}`,
      );
    if (started.code !== 0) throw explain(`${name} ended with ${endOf(started)}`);
    return {
      explain,
      isGone: () => instance.left().length === 0,
      said: () => textOf(instance.logs().filter(({ path }) => log.test(path))),
      async stop() {
        const stopped = await instance.run('stop');
        if (afterwards !== undefined) await instance.runCommand(afterwards);
        await expect.poll(instance.left, { timeout: 20_000 }).toEqual([]);
        const printed = instance.withoutNames(started.stdout + stopped.stdout);
        return { codes: [endOf(started), endOf(stopped)], printed };
      },
    };
  };

const textOf = (logs: readonly LogFile[]) => logs.map(({ path, text }) => `--- ${path}\n${text}`).join('\n');
