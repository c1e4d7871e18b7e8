/** Where the agent's lines go (`GRAY_LOG_TO`). Synchronous, and it never throws: a line that nobody can take is lost. */
import { appendFileSync, writeSync } from 'node:fs';
import type { Line } from './lines/line';
import { startLines } from './lines/start';

/** Where the manager of a process has its output go; `undefined`: to the descriptor as usual. */
export interface Outputs {
  readonly stderr?: string | undefined;
  readonly stdout?: string | undefined;
}

/** Takes one line, without its end. */
export type Write = (line: string) => void;

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;
type Stream = keyof typeof DESCRIPTORS;

/**
 * @param logTo `stderr`, `stdout`, or the path of a file
 * @param outputs where a process manager has these two go, once it has begun; until then the files themselves are written
 */
export function lineOutput(logTo: string, outputs: Outputs = {}): Write {
  const toStandardError = toStream('stderr', outputs.stderr);
  if (logTo === 'stderr') return toStandardError;
  if (logTo === 'stdout') return toStream('stdout', outputs.stdout);
  let isFileGiven = true;
  return text => {
    if (isFileGiven) {
      // Opened for each line: a file that was rotated is left to whoever rotated it.
      const problem = append(logTo, text);
      if (problem === undefined) return;
      isFileGiven = false;
      const line = startLines.fileNotWritten;
      toStandardError(formatLine(line, line.words({ file: logTo, problem })));
    }
    toStandardError(text);
  };
}

const MARKS = { error: 'error: ', warn: 'warn: ', info: '', debug: 'debug: ' } as const;

/** A line of the agent, as people find it: `[rocketmq-gray] 2026-11-29T09:30:00.000Z 4711 GRAY-110 warn: text`. */
export function formatLine({ code, level }: Pick<Line, 'code' | 'level'>, text: string): string {
  const time = new Date().toISOString();
  return `[rocketmq-gray] ${time} ${process.pid} ${code} ${MARKS[level]}${text.replace(/[\r\n]+\s*/g, ' ')}`;
}

function toStream(name: Stream, file: string | undefined): Write {
  // By descriptor: `process.stderr` would load the stream modules at start-up and is asynchronous in worker threads.
  if (file === undefined) return line => writeTo(DESCRIPTORS[name], line);
  // The descriptor is the manager's own log. It replaces `write` when it has opened its files.
  const before = process[name].write;
  return line => {
    const { write } = process[name];
    if (write !== before) write.call(process[name], `${line}\n`);
    else if (append(file, line) !== undefined) writeTo(DESCRIPTORS[name], line);
  };
}

function writeTo(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch {
    // A closed or full pipe: nowhere to say it.
  }
}

/** What went wrong; undefined: nothing. */
function append(file: string, line: string): string | undefined {
  try {
    appendFileSync(file, `${line}\n`);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
