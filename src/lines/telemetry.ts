/** 7xx: what a process tells of itself. */
import { line } from './line';

// In each bundle: texts, of which nothing is written.
export const telemetryLines = {
  noStatusSocket: line('GRAY-701', 'warn', {
    words: ({ setting, problem }: { setting: string; problem: string }) =>
      `GRAY_STATUS=${setting}: ${problem}; the process goes on without a status socket`,
    meaning: 'The socket cannot be opened: no directory, no rights, too long a path, or a file in its place.',
    remedy: 'Put right what the line names, and restart the process.',
  }),
};
