import type { ConnectionState } from './connection-choice';

/** Milliseconds that calls wait for the first connection to an instance before they go to the baseline instead. */
const PATIENCE = 1000;

/** The first attempt to connect to an instance, and what waits for it. */
export interface FirstAttempt {
  /** `down`: it is over, whatever came of it. Of later attempts nothing is awaited: calls fall back meanwhile. */
  readonly state: Exclude<ConnectionState, 'up'>;
  /** Runs `goOn` once: when the attempt is over, or takes too long. */
  onSettled(goOn: () => void): void;
  /** The attempt has succeeded or failed. */
  end(): void;
}

/** An attempt that begins now. */
export function startFirstAttempt(): FirstAttempt {
  let state: FirstAttempt['state'] = 'connecting';
  let waiting: (() => void)[] = [];
  const become = (next: typeof state) => {
    state = next;
    const all = waiting;
    waiting = [];
    for (const goOn of all) goOn();
  };
  // After the events that are due with the timer: a process that was busy starting has connections to take notice of.
  const beSlow = () => setImmediate(() => state === 'connecting' && become('slow'));
  const timer = setTimeout(beSlow, PATIENCE).unref();
  return {
    get state() {
      return state;
    },
    onSettled: goOn => void waiting.push(goOn),
    end() {
      clearTimeout(timer);
      if (state !== 'down') become('down');
    },
  };
}
