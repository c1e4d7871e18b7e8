import { formatLine, lineOutput, type Write } from './log-output';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the agent says to people, one line a message. */
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

const MARKS = { error: 'error: ', warn: 'warn: ', info: '', debug: 'debug: ' } as const;

/** @param write takes a line */
export function createLog(level: LogLevel, write: Write = lineOutput('stderr')): Log {
  const threshold = LOG_LEVELS.indexOf(level);
  const say = (line: keyof typeof MARKS, message: string) => write(formatLine(MARKS[line], message));
  const at = (line: keyof typeof MARKS) =>
    LOG_LEVELS.indexOf(line) <= threshold ? (message: string) => say(line, message) : () => {};
  const warn = at('warn');
  const error = at('error');
  const once = (say: (message: string) => void) => {
    const said = new Set<string>();
    return (key: string, message: string) => {
      if (said.has(key)) return;
      said.add(key);
      say(message);
    };
  };
  return {
    error,
    warn,
    info: at('info'),
    debug: at('debug'),
    warnOnce: once(warn),
    errorOnce: once(error),
  };
}
