/** Which of the connections that are kept to the instances of a service a call is sent by, or what it waits for. */
import { pickByWeight } from './weighted-choice';

/** `connecting`: for the first time, and not for long yet; `slow`: for long. */
export type ConnectionState = 'up' | 'connecting' | 'slow' | 'down';

/** Whether calls go to an instance rather than to the baseline's: over its connection, or as soon as that is up. */
export function takesCalls(state: ConnectionState): boolean {
  return state === 'up' || state === 'connecting';
}

/** A connection, of an instance that the call may go to. */
export interface Connection {
  readonly state: ConnectionState;
  /** The one that the library chose. */
  readonly isProposed: boolean;
  /** Its share of the calls. */
  readonly weight: number;
}

/**
 * `send`: by this connection; `wait`: until one of these is up, or has failed; `queue`: as a call of the library before
 * there is any connection, until its time is over; `unreachable`: the call fails; `nobody`: the same, for want of instances.
 */
export type ConnectionChoice<C> =
  | { readonly send: C }
  | { readonly wait: readonly C[] }
  | 'queue'
  | 'unreachable'
  | 'nobody';

/**
 * | connections                    | the call                                |
 * |--------------------------------|-----------------------------------------|
 * | the proposed one is up         | is sent by it                           |
 * | some are up                    | is sent by one of those, by weight      |
 * | some are being made            | waits for them                          |
 * | some are being made, for long  | is queued: there is nobody else for it  |
 * | all are down                   | fails                                   |
 * | none                           | fails                                   |
 *
 * @param random a number from 0 up to 1
 */
export function chooseConnection<C extends Connection>(
  connections: readonly C[],
  random: () => number,
): ConnectionChoice<C> {
  if (connections.length === 0) return 'nobody';
  const up = connections.filter(({ state }) => state === 'up');
  const send = up.find(({ isProposed }) => isProposed) ?? pickByWeight(up, random);
  if (send !== undefined) return { send };
  const wait = connections.filter(({ state }) => state === 'connecting');
  if (wait.length > 0) return { wait };
  return connections.some(({ state }) => state === 'slow') ? 'queue' : 'unreachable';
}
