import type { ConnectionState } from '../../routing/connection-choice';
import { type FirstAttempt, startFirstAttempt } from '../../routing/first-attempt';
import type { Transport } from './library';

/** The library makes one every three seconds; only the first is waited for. */
const firstAttempts = new WeakMap<Transport, FirstAttempt>();

export function followFirstAttempt(transport: Transport): void {
  if (firstAttempts.has(transport)) return;
  const attempt = startFirstAttempt();
  firstAttempts.set(transport, attempt);
  // Behind the library's own listeners: it has taken notice by then.
  transport.transport.once('connect', attempt.end).once('close', attempt.end);
}

export function stateOf(transport: Transport | undefined): ConnectionState {
  if (transport === undefined) return 'down';
  return transport.isAvailable ? 'up' : (firstAttempts.get(transport)?.state ?? 'down');
}

/** Runs `goOn` once: when the first attempt is over, or takes too long. */
export function onFirstAttemptSettled(transport: Transport, goOn: () => void): void {
  firstAttempts.get(transport)?.onSettled(goOn);
}
