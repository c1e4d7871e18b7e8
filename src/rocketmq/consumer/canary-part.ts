/** What a canary's consumer does about what it subscribes to: writes it down, and divides it among its two groups. */
import { errorText } from '../../foreign-objects/error-text';
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import type { Cluster } from '../hand-over/cluster';
import { type OwnIntake, SHORT_POLL_MS } from '../hand-over/intake';
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import { type Clock, systemClock } from '../remoting/clock';
import { ownPart } from './own-part';

export interface CanaryPart {
  /**
   * Before it announces itself. Never rejects.
   *
   * @returns what is to be done once it may consume; settles then
   */
  divide(subscriptions: readonly Subscription[], cluster: Cluster, makers: Makers): Promise<() => Promise<void>>;
  unsubscribed(topic: string): void;
  /** Its consumer in its own group polls no more. Never rejects. */
  leave(): Promise<void>;
  /** Nothing of that is left. Never rejects. */
  ended(): Promise<void>;
}

/** How consumers beside it are made; undefined: there are none. */
type Makers = () => StandInMaker | undefined;

/** Beyond that, ms, no poll is held. */
const MARGIN_MS = 1_000;

/** @param sharesQueues see {@link ClientKind.sharesQueues} */
export function canaryPart(
  intake: OwnIntake,
  tag: string,
  sharesQueues: boolean,
  log: Log,
  clock: Clock = systemClock,
): CanaryPart {
  const { baselineGroup, group } = intake;
  /** Where each topic was written down. */
  const topics = new Map<string, Cluster>();
  const own = ownPart(
    intake.ownPart,
    error => log.say(handOverLines.ownPartNotStarted, { canaryGroup: group, tag, problem: errorText(error) }),
    clock,
  );
  const division = () => require('../hand-over/canary-division') as typeof import('../hand-over/canary-division');
  const forget = (topic: string) => {
    const cluster = topics.get(topic);
    topics.delete(topic);
    if (cluster !== undefined) division().forgetSubscription(group, topic, cluster);
  };

  return {
    async divide(subscriptions, cluster, makers) {
      for (const { topic } of subscriptions) topics.set(topic, cluster);
      const consumer = { baselineGroup, group, tag };
      const canDivide = () => makers() !== undefined;
      const { divisors, isWider, isPartial } = await division().divideSubscriptions(
        consumer,
        subscriptions,
        canDivide,
        cluster,
        log,
      );
      for (const { topic } of subscriptions) intake.divide(topic, divisors.get(topic));
      if (isPartial) intake.shortenPolls();
      // Where polling alone moves a group's offset, those of the former version have to be over.
      const quiet = sharesQueues && isWider ? clock.sleep(SHORT_POLL_MS + MARGIN_MS) : undefined;
      const divided = subscriptions.filter(({ topic }) => divisors.has(topic));
      return async () => {
        await quiet;
        const maker = divided.length > 0 ? makers() : undefined;
        if (maker !== undefined) own.consume(divided, maker);
      };
    },
    unsubscribed(topic) {
      own.unsubscribed(topic);
      forget(topic);
    },
    leave: own.leave,
    async ended() {
      for (const topic of topics.keys()) forget(topic);
      await own.closed();
    },
  };
}
