/** A consumer of the application, as its instrumentation opens it, asks it and tells it what happens. */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';
import type { Intake } from '../hand-over/intake';
import type { Subscription } from '../plan/subscription';
import type { ClientConnection } from './client';
import type { ConsumerReport } from './consumer-report';
import type { Duties, Reach } from './duties';
import { createLife, type Life } from './life';

export interface Session {
  /** Asked with each poll and each message: the group that it joins, its filters, whether a message is its own. */
  readonly intake: Intake;
  /** The application subscribes to these: says, at `info`, what was made of it. A topic's last subscription holds. */
  subscribed(subscriptions: readonly Subscription[]): void;
  /** The application no longer subscribes to a topic. */
  unsubscribed(topic: string): void;
  /**
   * The same where the client may refuse it: tells what is subscribed, and prepares it where the consumer is started, before
   * it runs `subscribe`. Where that fails, the subscriptions are what they were.
   *
   * @returns what `subscribe` returns
   * @throws what `subscribe` throws
   */
  subscribe<T>(subscriptions: readonly Subscription[], subscribe: () => T | Promise<T>): Promise<T>;
  /**
   * Settles once a started consumer may consume these topics, for clients that begin to do so later than they subscribe. At
   * once where that was asked for before. Never rejects.
   */
  prepared(topics: readonly string[]): Promise<void>;
  /**
   * The application starts the consumer. A canary's group is made ready first, with the settings and at the offsets of the
   * baseline's, and the baseline's stand-ins have left it; in the baseline the filter is as it must be for the first poll. It
   * changes later, as canaries come and go. `start` runs then, unless the application has closed the consumer meanwhile.
   *
   * @returns what `start` returns; undefined when it was not run
   * @throws what `start` throws, once the consumer's place is free again
   */
  start<T>(reach: Reach, start: () => T | Promise<T>): Promise<T | undefined>;
  /**
   * The application closes the consumer: runs `close` at once.
   *
   * @returns what `close` returns, once the consumer's place is free and its stand-ins have ended
   * @throws what `close` throws, then
   */
  close<T>(close: () => T | Promise<T>): Promise<T>;
  /** Undefined: it is closed. */
  report(): ConsumerReport | undefined;
}

export interface SessionOptions {
  readonly intake: Intake;
  /** The name of its client. */
  readonly client: string;
  /** For each life of it. */
  duties(): Duties;
  /** Finds out whether the brokers take the filters: settles when the consumer may poll. Never rejects. */
  checkFilters(subscriptions: readonly Subscription[], connection: ClientConnection): Promise<void>;
  readonly log: Pick<Log, 'say'>;
  report(what: string, error: unknown): void;
}

export function createSession({ intake, client, duties, checkFilters, log, report }: SessionOptions): Session {
  const subscriptions = new Map<string, Subscription>();
  let current = duties();
  const newLife = (its: Duties, after: Promise<void>): Life =>
    createLife({
      duties: its,
      async prepare(asked, reach, isOver) {
        if (!intake.isFiltered || isOver()) return;
        const connection = await reach.connection();
        if (isOver()) return;
        if (asked.length > 0) await checkFilters(asked, connection);
        if (isOver()) return;
        await its.prepare(asked, connection, reach, isOver);
      },
      after,
      report,
    });
  let life = newLife(current, Promise.resolve());

  /** A consumer that is started while it is being closed is closed first, as far as it is known to others. */
  const livingOne = (): Life => {
    if (!life.isOver) return life;
    const ended = life.end();
    current = duties();
    life = newLife(current, ended);
    return life;
  };

  const subscribed: Session['subscribed'] = added => {
    for (const subscription of added) subscriptions.set(subscription.topic, subscription);
    if (intake.isFiltered) log.say(groupLines.subscribed, madeOf(intake, added));
  };

  const unsubscribed = (topic: string) => {
    if (subscriptions.delete(topic)) life.unsubscribed(topic);
  };

  const prepared: Session['prepared'] = async topics => {
    const asked = topics.flatMap(topic => subscriptions.get(topic) ?? []);
    if (asked.length > 0) await life.prepared(asked);
  };

  return {
    intake,
    subscribed,
    unsubscribed,
    async subscribe(added, subscribe) {
      const before = new Map(subscriptions);
      try {
        subscribed(added);
      } catch (error) {
        report('a subscription', error);
      }
      await prepared(added.map(({ topic }) => topic));
      try {
        return await subscribe();
      } catch (error) {
        for (const subscription of added) {
          const { topic } = subscription;
          const former = before.get(topic);
          // Unless the application has subscribed to it once more since.
          if (subscriptions.get(topic) !== subscription) continue;
          if (former === undefined) unsubscribed(topic);
          else subscriptions.set(topic, former);
        }
        throw error;
      }
    },
    prepared,
    start: (reach, start) => livingOne().start([...subscriptions.values()], reach, start),
    close: close => life.close(close),
    report() {
      if (life.isEnded) return undefined;
      return { client, ...subscribedIn(intake, [...subscriptions.values()]), ...current.report() };
    },
  };
}

/** What was made of subscriptions, for people. */
function madeOf(intake: Intake, subscriptions: readonly Subscription[]) {
  const consumer = intake.tag !== undefined ? `${intake.baselineGroup} -> ${intake.group}` : intake.group;
  const skips = intake.side === 'client' ? ' (other environments are skipped in the client)' : '';
  const filters = subscriptions.map(
    ({ topic, filter }) => `${topic}: ${intake.filter(filter, topic).expression}${skips}`,
  );
  return { consumer, filters: filters.join(', ') };
}

function subscribedIn(intake: Intake, subscriptions: readonly Subscription[]) {
  const { baselineGroup, group, tag, side: filterSide } = intake;
  const topics = subscriptions.map(({ topic, filter: asked }) => ({
    topic,
    asked,
    filter: intake.filter(asked, topic),
  }));
  return { baselineGroup, group, tag, filterSide, topics };
}
