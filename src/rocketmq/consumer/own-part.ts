/** A consumer beside a canary's, in a group that only the canary consumes in. */
import type { Intake } from '../hand-over/intake';
import type { StandIn, StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { Clock } from '../remoting/clock';

export interface OwnPart {
  /** Consumes these as well. One that cannot be started is started again. */
  consume(subscriptions: readonly Subscription[], standIns: StandInMaker): void;
  unsubscribed(topic: string): void;
  /** It polls no more. Settles once another may consume in its group. Never rejects. */
  leave(): Promise<void>;
  /** Settles when nothing of it is left, after {@link leave}. Never rejects. */
  closed(): Promise<void>;
}

const AGAIN_AFTER_MS = 5_000;

/**
 * @param intake what it takes
 * @param onProblem told when it could not be started or subscribed
 * @param prepare what comes before it consumes these topics. Where it rejects, all is tried again
 */
export function ownPart(
  intake: () => Intake,
  onProblem: (error: unknown) => void,
  clock: Pick<Clock, 'after'>,
  prepare: (topics: readonly string[]) => Promise<void> = async () => {},
): OwnPart {
  const wanted = new Map<string, Subscription>();
  let standIn: StandIn | undefined;
  let isLeaving = false;
  let cancelRetry = () => {};
  /** One change after the other. */
  let work = Promise.resolve();
  const subscribed = new Map<string, Subscription>();

  async function settle(standIns: StandInMaker): Promise<void> {
    const missing = [...wanted.values()].filter(one => subscribed.get(one.topic) !== one);
    if (isLeaving || missing.length === 0) return;
    try {
      await prepare(missing.map(({ topic }) => topic));
      if (isLeaving) return;
      if (standIn === undefined) standIn = await standIns.start(intake(), missing);
      else for (const one of missing) await standIn.subscribe(one);
      for (const one of missing) subscribed.set(one.topic, one);
    } catch (error) {
      onProblem(error);
      cancelRetry = clock.after(AGAIN_AFTER_MS, () => enqueue(standIns));
    }
  }
  const enqueue = (standIns: StandInMaker) => {
    cancelRetry();
    work = work.then(() => settle(standIns));
  };

  return {
    consume(subscriptions, standIns) {
      for (const subscription of subscriptions) wanted.set(subscription.topic, subscription);
      enqueue(standIns);
    },
    unsubscribed(topic) {
      wanted.delete(topic);
      if (subscribed.delete(topic)) standIn?.unsubscribe(topic);
    },
    async leave() {
      isLeaving = true;
      cancelRetry();
      await work;
      await standIn?.leave();
    },
    closed: async () => standIn?.closed,
  };
}
