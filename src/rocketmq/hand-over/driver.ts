import type { Log } from '../../log';
import type { Subscription } from '../plan/subscription';
import type { Clock } from '../remoting/clock';
import type { HandOverEvent } from './events';
import type { HandOver } from './hand-over';
import type { Silence } from './silence';
import type { HandOverSource } from './source';
import type { StandInRunner } from './stand-in-runner';
import type { SteeredConsumer } from './steered-consumer';

/** What the baseline's side of a hand-over works with. */
export interface Driver {
  readonly plan: SteeredConsumer;
  readonly source: HandOverSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly core: HandOver;
  /** Tells the core, and carries out what it answers. */
  readonly tell: (event: HandOverEvent) => void;
  readonly standIns: StandInRunner;
  readonly silence: Silence;
  /** The canary's group of a tag. */
  readonly groupOf: (tag: string) => string;
  /** What the application subscribes to now, by topic. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Tags that something is known of. */
  readonly knownTags: Set<string>;
  /** Told of each tag that is managed or stood in for. */
  readonly onTag: (tag: string) => void;
  /** The application has closed the consumer. */
  readonly isOver: () => boolean;
}
