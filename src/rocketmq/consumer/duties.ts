/** What has to be done beside its client while a consumer of the application is there: for one life of it. */
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { ClientConnection } from './client';
import type { DutiesReport } from './consumer-report';

/** How a consumer that starts is reached. */
export interface Reach {
  /** Asked before each preparation. Where it rejects, nothing is prepared. */
  connection(): ClientConnection | Promise<ClientConnection>;
  /** How stand-ins for absent canaries are made beside it; absent or undefined: it has none (broadcasts). */
  standIns?(): StandInMaker | undefined;
}

export interface Duties {
  /**
   * Before the consumer consumes `subscriptions`, as the application wrote them. Settles once it may.
   *
   * @param connection of its client
   * @param isOver whether the application has closed it meanwhile: then nothing more is begun
   */
  prepare(
    subscriptions: readonly Subscription[],
    connection: ClientConnection,
    reach: Reach,
    isOver: () => boolean,
  ): Promise<void>;
  /** The application no longer subscribes to a topic. */
  unsubscribed(topic: string): void;
  /** From now on these tags are known beforehand, and those are ignored. */
  tagsSettled(declared: readonly string[], ignored: readonly string[]): void;
  /** The application begins to close the consumer: it will poll no more. */
  leave(): Promise<void>;
  /** The consumer is closed, or could not be started: its place is free. Told after {@link leave}. */
  end(): Promise<void>;
  report(): DutiesReport;
}

/** Of a consumer that takes whatever the application subscribes to. */
export const NO_DUTIES: Duties = {
  async prepare() {},
  unsubscribed() {},
  tagsSettled() {},
  async leave() {},
  async end() {},
  report: () => ({ tags: [] }),
};
