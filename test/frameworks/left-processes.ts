/** Processes that outlive the command which started them, such as daemons: found by a variable of their environment (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** The variable that all processes of a test inherit. */
export const MARK = 'FRAMEWORK_TEST';

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/** Those that are running and whose mark begins with `mark`. */
export function leftProcesses(mark: string): LeftProcess[] {
  const found: LeftProcess[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!pid || pid === process.pid) continue;
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (!variables.some(variable => variable.startsWith(`${MARK}=${mark}`))) continue;
      found.push({ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() });
    } catch {
      // It has ended, or is somebody else's.
    }
  }
  return found;
}

/** Ends them at once, until there are none: a manager that is ended last starts others. */
export function killLeft(mark: string): void {
  for (let round = 0; round < ROUNDS; round++) {
    const left = leftProcesses(mark);
    if (left.length === 0) return;
    for (const { pid } of left) kill(pid);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** Has them ended whichever way this process ends; returns what takes that back. */
export function killLeftAtEnd(mark: string): () => void {
  const end = () => killLeft(mark);
  const endBy = (signal: NodeJS.Signals) => {
    end();
    process.kill(process.pid, signal);
  };
  process.once('exit', end);
  for (const signal of SIGNALS) process.once(signal, endBy);
  return () => {
    process.off('exit', end);
    for (const signal of SIGNALS) process.off(signal, endBy);
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const ROUNDS = 50;
const PAUSE_MS = 20;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
