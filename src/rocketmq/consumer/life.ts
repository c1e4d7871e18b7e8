/**
 * One life of a consumer: from the application's call that starts it until it is closed, in whatever order the application
 * calls. A consumer that is started again after that has another life.
 */
import type { Subscription } from '../plan/subscription';
import { keepingAlive } from '../remoting/keeping-alive';
import type { Duties, Reach } from './duties';
import { createPreparations, type Preparations } from './preparations';

export interface Life {
  /** The application has begun to close it, or it could not be started. */
  readonly isOver: boolean;
  /** Nothing of it is left but what its client still does. */
  readonly isEnded: boolean;
  /** See {@link Session.start}. @param subscriptions what it consumes from the start on */
  start<T>(subscriptions: readonly Subscription[], reach: Reach, start: () => T | Promise<T>): Promise<T | undefined>;
  /** Each subscription once, one of a topic after the other; nothing before its start and after its end. Never rejects. */
  prepared(subscriptions: readonly Subscription[]): Promise<void>;
  unsubscribed(topic: string): void;
  /** See {@link Session.close}. */
  close<T>(close: () => T | Promise<T>): Promise<T>;
  /** Leaves, and frees its place. Never rejects. */
  end(): Promise<void>;
}

export interface LifeOptions {
  readonly duties: Pick<Duties, 'unsubscribed' | 'leave' | 'end'>;
  /** What comes before the consumer consumes these. @param isOver see {@link Duties.prepare} */
  prepare(subscriptions: readonly Subscription[], reach: Reach, isOver: () => boolean): Promise<void>;
  /** Whatever has to be over before this life begins. Never rejects. */
  readonly after: Promise<void>;
  /** Told what failed of ours; the application goes on. */
  report(what: string, error: unknown): void;
}

export function createLife(options: LifeOptions): Life {
  const { duties, after, report } = options;
  /** From its start on. */
  let preparations: Preparations | undefined;
  /** Calls that start it and have not failed. */
  let starts = 0;
  let isOver = false;
  let isEnded = false;
  let left: Promise<void> | undefined;
  let ended: Promise<void> | undefined;

  const prepared: Life['prepared'] = async subscriptions => {
    if (!isOver) await preparations?.prepare(subscriptions);
  };

  const leave = () => {
    isOver = true;
    left ??= quietly('the end of a consumer', duties.leave, report);
    return left;
  };
  const end = () => {
    // Whoever comes next waits for all that were before it.
    ended ??= Promise.all([leave(), after]).then(() => {
      isEnded = true;
      return quietly('the end of a consumer', duties.end, report);
    });
    return ended;
  };

  return {
    get isOver() {
      return isOver;
    },
    get isEnded() {
      return isEnded;
    },
    async start(subscriptions, reach, start) {
      starts++;
      preparations ??= preparationsBy(options, reach, () => isOver);
      await prepared(subscriptions);
      // Closed meanwhile: it must not come to life in its group after that.
      if (isOver) return undefined;
      try {
        return await start();
      } catch (error) {
        starts--;
        // A client that runs refuses to be started once more, and goes on.
        if (starts === 0) await end();
        throw error;
      }
    },
    prepared,
    unsubscribed(topic) {
      preparations?.forget(topic);
      if (!isOver) duties.unsubscribed(topic);
    },
    async close(close) {
      void leave();
      try {
        return await close();
      } finally {
        await end();
      }
    },
    end,
  };
}

function preparationsBy(
  { duties, prepare, after, report }: LifeOptions,
  reach: Reach,
  isOver: () => boolean,
): Preparations {
  const made = createPreparations(subscriptions => {
    const work = async () => {
      await after;
      await prepare(subscriptions, reach, isOver);
      if (isOver()) return;
      // What the application gave up meanwhile.
      for (const { topic } of subscriptions) if (made.isForgotten(topic)) duties.unsubscribed(topic);
    };
    return quietly('the preparation of a consumer group', work, report);
  });
  return made;
}

function quietly(what: string, work: () => Promise<void>, report: LifeOptions['report']): Promise<void> {
  return keepingAlive(work).catch(error => report(what, error));
}
