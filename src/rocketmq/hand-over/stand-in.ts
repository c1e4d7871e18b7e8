/** What an instrumentation gives to the policy, so that a baseline process can stand in for an absent canary. */

import type { Subscription } from '../client';
import type { ConsumerPlan } from '../consumer-plan';

/** Makes second consumers beside one of the application's. */
export interface StandInMaker<Plan = ConsumerPlan> {
  /**
   * Starts a consumer of the application's own kind, with its options and its handler, in the group of `plan` (a
   * canary's), with the filters of `plan` for `subscriptions` (as the application wrote them).
   *
   * @returns once it polls
   * @throws what the client throws; then nothing is left running
   */
  start(plan: Plan, subscriptions: readonly Subscription[]): Promise<StandIn>;
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
