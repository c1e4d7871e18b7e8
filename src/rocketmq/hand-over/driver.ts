import type { CanaryTopics } from '../plan/division';
import type { Turns } from '../presence/turns';
import type { HandOver } from './hand-over';
import type { Silence } from './silence';
import type { StandInMeans, StandInRunner } from './stand-in-runner';
import type { SteeredConsumer } from './steered-consumer';

/** What the baseline's side of a hand-over works with. */
export interface Driver extends StandInMeans {
  readonly plan: SteeredConsumer;
  readonly core: HandOver;
  readonly standIns: StandInRunner;
  readonly silence: Silence;
  readonly knownTags: Set<string>;
  /** What canaries subscribe to, as the core was told it last, by tag. */
  readonly told: Map<string, CanaryTopics>;
  /** Of looks after those who stand in. */
  readonly looks: Turns;
  /** Tags whose canaries were there when it was last asked. */
  present: ReadonlySet<string>;
  /** Those of them that announce nothing. */
  withoutAgent: ReadonlySet<string>;
  /** Told of each tag that is managed or stood in for. */
  readonly onTag: (tag: string) => void;
}
