import type { QueueOffsets } from '../plan/left-out';
import type { Beginning } from '../plan/subscription';

/** A consumer that tells of which tags the messages are that it gets. */
export interface TagSightings {
  /** Calls `listener` for each message with a tag. */
  onTagSeen(listener: (tag: string) => void): void;
}

/** What a hand-over needs of the baseline's consumer that it steers. */
export interface SteeredConsumer extends TagSightings {
  readonly baselineGroup: string;
  /** Where its client begins a queue on which its group has no offset. Undefined: at the end, or wherever the broker says. */
  readonly beginning: Beginning | undefined;
  /** What it takes no longer of a topic, besides what the settings say. In place of what it was. */
  excludeTags(topic: string, tags: readonly string[]): void;
  /** The group of the canary `tag` has a topic's messages from these offsets on, by queue. */
  canaryBegins(topic: string, tag: string, offsets: QueueOffsets): void;
}

/** One beside which others can stand in for canaries. */
export interface ConsumerWithStandIns<StandInPlan extends TagSightings> extends SteeredConsumer {
  /**
   * What a consumer beside this one is to be, that stands in for the canary `tag`.
   *
   * @param isBeside the canary is there, and does not subscribe to what the stand-in does
   */
  standIn(tag: string, isBeside: boolean): StandInPlan;
}
