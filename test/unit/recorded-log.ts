import { createLog, type Log, type LogLevel } from '../../src/log';

/** A line as `level: words`: without its time, process id and code. */
export function withoutCode(line: string): string {
  const [, mark = 'info: ', words] =
    /^\[rocketmq-gray\] \S+ \d+ GRAY-\d{3} ((?:error|warn|debug): )?(.*)$/.exec(line) ?? [];
  if (words === undefined) throw new Error(`no line of the agent: ${line}`);
  return mark + words;
}

/** A log whose lines are put into `lines`, as `level: words`. */
export function recordedLog(lines: string[], level: LogLevel = 'info'): Log {
  return createLog(level, line => void lines.push(withoutCode(line)));
}
