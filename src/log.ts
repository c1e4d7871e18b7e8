import type { Line } from './lines/line';
import { formatLine, lineOutput, type Write } from './log-output';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the agent says to people: lines of its catalogue. */
export interface Log {
  /** Prints a line with these values, if its level is printed and it was not to be printed once only. */
  say<V>(line: Line<V>, values: NoInfer<V>): void;
  /** Asked before a line is made that would be made with each message. */
  readonly isDebug: boolean;
}

export interface LevelledLog extends Log {
  setLevel(level: LogLevel): void;
}

/** @param write takes what is printed */
export function createLog(level: LogLevel, write: Write = lineOutput('stderr')): LevelledLog {
  let threshold = LOG_LEVELS.indexOf(level);
  const said = new Set<string>();
  return {
    say(line, values) {
      if (LOG_LEVELS.indexOf(line.level) > threshold) return;
      const text = line.words(values);
      const { code, once } = line;
      if (once !== undefined) {
        const what = typeof once === 'function' ? once(values) : once === 'text' ? text : '';
        const key = `${code} ${what}`;
        if (said.has(key)) return;
        said.add(key);
      }
      write(formatLine(line, text));
    },
    get isDebug() {
      return threshold === LOG_LEVELS.indexOf('debug');
    },
    setLevel(next) {
      threshold = LOG_LEVELS.indexOf(next);
    },
  };
}
