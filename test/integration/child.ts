/** Child processes of tests: Node.js applications with nothing of the outer environment but the path. */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll } from 'vitest';
import { NODE_VERSIONS, type NodeVersion } from '../../fixtures/node-versions';

/** The preload, as people name it on the command line. */
export const PRELOAD = ['--require', 'rocketmq-gray/register'] as const;

export interface ChildOptions {
  /** Arguments of Node.js: options, script, arguments of the script. */
  readonly args: readonly string[];
  /** Run instead of Node.js itself; finds `node` by its PATH. */
  readonly command?: string;
  /** Working directory: the application's. */
  readonly cwd: string;
  /** Default: the version that runs the tests. */
  readonly node?: Pick<NodeVersion, 'path'>;
  /** The whole environment but PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the process is killed and the call fails; default 30000 (`run` only). */
  readonly timeout?: number;
}

export interface ChildResult {
  /** Exit code; null for a process that a signal ended. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a process to its end. @throws when it does not end in time, with what it printed. */
export async function run(options: ChildOptions): Promise<ChildResult> {
  const child = start(options);
  const timeout = options.timeout ?? 30_000;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(child.failure(`did not end within ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([child.ended, late]);
  } finally {
    clearTimeout(timer);
    await child.stop('SIGKILL');
  }
}

/** Runs a process that must end with code 0. @throws with what it printed when it ends otherwise. */
export async function runOk(options: ChildOptions): Promise<ChildResult> {
  const result = await run(options);
  if (result.code !== 0) throw new Error(describeEnd(options, `ended with ${result.code ?? result.signal}`, result));
  return result;
}

/** Runs a process that must end with code 0 and whose last line of standard output is JSON: that value. */
export async function runJson<T>(options: ChildOptions): Promise<T> {
  const result = await runOk(options);
  try {
    return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as T;
  } catch {
    throw new Error(describeEnd(options, 'printed no JSON', result));
  }
}

export interface RunningChild {
  readonly process: ChildProcess;
  readonly ended: Promise<ChildResult>;
  /** What it printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /**
   * Waits for a line (of standard output or error) that contains `text` or matches; returns the line. Lines printed
   * before the call count.
   * @throws with everything it printed when it ends, or `timeout` milliseconds (default 30000) pass, before.
   */
  waitFor(text: string | RegExp, timeout?: number): Promise<string>;
  /** Ends the process and those it started; SIGKILL after five seconds. What came of it. */
  stop(signal?: NodeJS.Signals): Promise<ChildResult>;
  /** An error that says what happened and shows what the process printed. */
  failure(what: string): Error;
}

const running = new Set<ChildProcess>();

/** Starts a process that goes on: a server. It does not outlive the test file, whatever happens. */
export function start(options: ChildOptions): RunningChild {
  const node = options.node?.path ?? process.execPath;
  const child = spawn(options.command ?? node, [...options.args], {
    cwd: options.cwd,
    env: { PATH: `${dirname(node)}:${process.env.PATH ?? ''}`, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: its children are ended with it.
    detached: true,
  });
  running.add(child);

  const printed = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
      notify();
    });
  }
  let result: ChildResult | undefined;
  const ended = new Promise<ChildResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      result = { code, signal, ...printed };
      resolve(result);
      notify();
    });
  });
  // A process that cannot be started is reported by whoever waits for it.
  ended.catch(() => {});
  // Descendants may keep the pipes open after their parent ended.
  child.once('exit', () => signalGroup(child, 'SIGKILL'));

  const failure = (what: string) => new Error(describeEnd(options, what, printed));
  return {
    process: child,
    ended,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    failure,
    waitFor(text, timeout = 30_000) {
      const find = () =>
        [printed.stdout, printed.stderr]
          .flatMap(output => output.split('\n').slice(0, result === undefined ? -1 : undefined))
          .find(line => (typeof text === 'string' ? line.includes(text) : text.test(line)));
      return new Promise((resolve, reject) => {
        const finish = (action: () => void) => {
          clearTimeout(timer);
          listeners.delete(look);
          action();
        };
        const look = () => {
          const line = find();
          if (line !== undefined) finish(() => resolve(line));
          else if (result) finish(() => reject(failure(`ended (${result?.code ?? result?.signal}) before ${text}`)));
        };
        const timer = setTimeout(
          () => finish(() => reject(failure(`did not print ${text} within ${timeout} ms`))),
          timeout,
        );
        listeners.add(look);
        ended.catch(error => finish(() => reject(error)));
        look();
      });
    },
    async stop(signal = 'SIGTERM') {
      if (result !== undefined) return result;
      signalGroup(child, signal);
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), 5000);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function describeEnd(options: ChildOptions, what: string, printed: { stdout: string; stderr: string }): string {
  const version = NODE_VERSIONS.find(({ path }) => path === options.node?.path)?.name ?? process.versions.node;
  const output = stripVTControlCharacters(`--- stdout\n${printed.stdout}\n--- stderr\n${printed.stderr}`);
  return `${options.command ?? 'node'} (Node.js ${version}) ${options.args.join(' ')} ${what}\n${output}`;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

function killAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

afterAll(killAll);
process.once('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.kill(process.pid, signal);
  });
}
