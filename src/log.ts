import { writeSync } from 'node:fs';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where the agent speaks to people: standard error, one line a message. */
export interface Log {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  /** Says a warning at most once a process for each `key`. */
  warnOnce(key: string, message: string): void;
  /** The same for an error. */
  errorOnce(key: string, message: string): void;
}

const PREFIX = '[rocketmq-gray]';
const STDERR = 2;

/**
 * Writes one prefixed line to standard error. Synchronous and by file descriptor: `process.stderr` would load the
 * stream modules at start-up and is asynchronous in worker threads. A closed or full pipe loses the line, never throws.
 */
export function writeLine(text: string): void {
  try {
    writeSync(STDERR, `${PREFIX} ${text.replace(/[\r\n]+\s*/g, ' ')}\n`);
  } catch {
    // Nowhere to say it.
  }
}

export function createLog(level: LogLevel): Log {
  const said = new Set<string>();
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (line: LogLevel, mark: string) =>
    LOG_LEVELS.indexOf(line) <= threshold ? (message: string) => writeLine(mark + message) : () => {};
  const warn = at('warn', 'warn: ');
  const error = at('error', 'error: ');
  const once = (say: (message: string) => void) => (key: string, message: string) => {
    if (said.has(key)) return;
    said.add(key);
    say(message);
  };
  return {
    error,
    warn,
    info: at('info', ''),
    debug: at('debug', 'debug: '),
    warnOnce: once(warn),
    errorOnce: once(error),
  };
}
