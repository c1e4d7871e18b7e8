/** What an instrumentation gives to the policy, so that a baseline process can stand in for an absent canary. */

import type { Subscription } from '../plan/subscription';
import { deferred } from '../remoting/deferred';
import type { Intake } from './intake';

/** Makes second consumers beside one of the application's. */
export interface StandInMaker<Taking = Intake> {
  /**
   * Starts a consumer of the application's own kind, with its options and its handler, in the group of `intake` (a
   * canary's), with the filters of `intake` for `subscriptions` (as the application wrote them).
   *
   * @returns once it polls
   * @throws what the client throws; then nothing is left running
   */
  start(intake: Taking, subscriptions: readonly Subscription[]): Promise<StandIn>;
  /**
   * Waits until one more may be started, where the client can only start a few at a time.
   *
   * @returns what says that it has started, or failed to. Never rejects
   */
  turn?(): Promise<() => void>;
}

export interface StandIn {
  /** Subscribes it to one more topic. Rejects with what the client rejects with. */
  subscribe(subscription: Subscription): Promise<void>;
  unsubscribe(topic: string): void;
  /**
   * Ends it. From the call on no new poll is sent, and a message that a poll under way still brings is given back to the
   * group instead of being handled. Called once.
   *
   * @returns once another consumer of the group may start: of this one no further handler will begin. Where a broker
   *   assigns queues (the remoting protocol), also once the handlers that run have ended and their offsets are committed.
   *   Never rejects.
   */
  leave(): Promise<void>;
  /** Settles when nothing of it is left, after {@link leave}. Never rejects. */
  readonly closed: Promise<void>;
}

/**
 * A stand-in that leaves by `leave`.
 *
 * @param leave begins it, and says when another consumer may start and when nothing is left. Both never reject
 */
export function standInWith(
  { subscribe, unsubscribe }: Pick<StandIn, 'subscribe' | 'unsubscribe'>,
  leave: () => { readonly left: Promise<void>; readonly closed: Promise<void> },
): StandIn {
  const { promise: closed, resolve: settle } = deferred();
  return {
    subscribe,
    unsubscribe,
    closed,
    leave() {
      const leaving = leave();
      settle(leaving.closed);
      return leaving.left;
    },
  };
}
