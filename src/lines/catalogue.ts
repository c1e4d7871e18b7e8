/** All lines. For the documentation and for tests: who prints a line takes it from its subject. */
import { callLines } from './calls';
import { groupLines } from './groups';
import { handOverLines } from './hand-over';
import { hookLines } from './hooks';
import type { Line } from './line';
import { messageLines } from './messages';
import { startLines } from './start';
import { telemetryLines } from './telemetry';

interface Subject {
  readonly title: string;
  readonly lines: Readonly<Record<string, Line>>;
}

export const CATALOGUE: readonly Subject[] = [
  { title: 'Start and settings', lines: startLines },
  { title: 'Hooks and libraries', lines: hookLines },
  { title: 'Consumers, their groups and filters', lines: groupLines },
  { title: 'Who takes the messages of a canary', lines: handOverLines },
  { title: 'Single messages', lines: messageLines },
  { title: 'Calls', lines: callLines },
  { title: 'Status', lines: telemetryLines },
];

/** The words of a line with the names of its values in their places: `<group>: stand-in on`. */
export function template({ words, shown }: Line): string {
  if (shown !== undefined) return shown;
  const names: object = new Proxy({}, { get: (_target, name) => `<${String(name)}>` });
  return words(names as never);
}
