/** Where the baseline's side of a hand-over knows from who is there and where groups stand, and what it can do about it. */

import type { Announcement, CanariesSeen } from '../presence/presence';
import type { Marker } from './hand-over';

export interface HandOverSource {
  /** True where a group gets its offsets only as it is polled. See {@link HandOverOptions.joinsFirst}. */
  readonly joinsFirst: boolean;
  /** The canaries of the group. @param tags those that something is known of. Never rejects. */
  canaries(topics: readonly string[], tags: ReadonlySet<string>): Promise<CanariesSeen>;
  /** All that is written down of the group; undefined: nobody answered. Never rejects. */
  markers(): Promise<readonly Marker[] | undefined>;
  /** Never rejects. */
  mark(marker: Marker): Promise<void>;
  /**
   * Sees to it that a canary's group has an offset on every queue, and that the tag is written down; tells where.
   * @returns those of the topics of which that holds
   * @throws what the servers answer with, for all of them
   */
  cover(tag: string, topics: readonly string[], isDeclared: boolean): Promise<readonly string[]>;
  /** Topics that have queues which they did not have when they were covered. Rejects when nobody answers. */
  grownTopics(): Promise<readonly string[]>;
  forgetTopic(topic: string): void;
  /**
   * Resolves once a canary's group has passed everything that is in the queues now, with whether another process declares
   * its tag; undefined when it is over before.
   */
  drained(tag: string, topics: readonly string[], isOver: () => boolean): Promise<boolean | undefined>;
  /** How many stand-ins of other processes there are; undefined: nobody answered. Never rejects. */
  otherStandIns(tag: string, topics: readonly string[]): Promise<number | undefined>;
  announceStandIn(tag: string, topics: readonly string[]): Promise<Announcement>;
  announceDeclared(tag: string, topics: readonly string[]): Promise<Announcement>;
  /** That this process is one of the group's baseline: for people who look. */
  announceBaseline(topics: readonly string[]): Promise<Announcement>;
  close(): void;
}
