import type { Clock } from './clock';

/** Which servers did not answer lately. Shared by everything in a process that asks them. */
export interface SilentServers {
  /** True: ask others first, and do not wait for it where another has answered. */
  has(address: string): boolean;
  /** It did not answer when another did. */
  add(address: string): void;
  /** It answered. */
  remove(address: string): void;
}

/** How long a silent server counts as silent, ms: each time after that costs somebody a short wait. */
const SILENT_MS = 30_000;

export function silentServers({ now }: Pick<Clock, 'now'>): SilentServers {
  const until = new Map<string, number>();
  return {
    has: address => (until.get(address) ?? Number.NEGATIVE_INFINITY) > now(),
    add: address => void until.set(address, now() + SILENT_MS),
    remove: address => void until.delete(address),
  };
}
