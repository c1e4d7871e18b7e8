/** Where the baseline's side of a hand-over knows from who is there and where groups stand, and what it can do about it. */

import type { Subscription } from '../plan/subscription';
import type { Announcement, Baselines, CanariesSeen } from '../presence/presence';
import type { Marker } from './events';
import type { ChangedQueues } from './known-queues';
import type { GroupSubscriptions } from './written-subscriptions';

/** Canaries with this agent, and others. */
export interface CanariesOfAnyAgent extends CanariesSeen {
  /** Those of the tags of which all canaries that are there announce nothing. */
  readonly withoutAgent: ReadonlySet<string>;
}

export interface HandOverSource {
  /** See {@link HandOverOptions.offsetsNeedPolling}. */
  readonly offsetsNeedPolling: boolean;
  /** The canaries of the group. @param tags those that something is known of. Never rejects. */
  canaries(topics: readonly string[], tags: ReadonlySet<string>): Promise<CanariesOfAnyAgent>;
  /** All that is written down of the group; undefined: nobody answered. Never rejects. */
  readMarkers(): Promise<readonly Marker[] | undefined>;
  /** Never rejects. */
  writeMarker(marker: Marker): Promise<void>;
  /**
   * Gives a canary's group an offset on every queue, and writes the tag down.
   * @returns those of the topics of which both is done
   * @throws what the servers answer with, for all of them
   */
  ensureOffsets(tag: string, topics: readonly string[], isDeclared: boolean): Promise<readonly string[]>;
  /**
   * Whether a canary's group still has an offset on every queue of the topics: then there is nothing to do.
   * @throws what the servers answer with
   */
  hasOffsets(tag: string, topics: readonly string[]): Promise<boolean>;
  /** Topics with queues that they did not have when their offsets were ensured, or lately. Rejects when nobody answers. */
  changedQueues(): Promise<ChangedQueues>;
  forgetTopic(topic: string): void;
  /**
   * Resolves once a canary's group has passed everything that is in the queues now, with whether another process declares
   * its tag; undefined when it is over before. Never rejects.
   */
  untilDrained(tag: string, topics: readonly string[], isOver: () => boolean): Promise<boolean | undefined>;
  /** How many messages came back to a canary's group since they had failed; undefined: nobody answered. Never rejects. */
  retriesSoFar(tag: string, topics: readonly string[]): Promise<number | undefined>;
  /** The ids of the processes that stand in, this one's as well; undefined: nobody answered. Never rejects. */
  standIns(tag: string, topics: readonly string[]): Promise<ReadonlySet<string> | undefined>;
  /**
   * Whether the canary's group has not yet passed what was in the queues when this was asked last; also where that cannot be
   * seen. The first time it has. Never rejects.
   */
  isStuck(tag: string, topics: readonly string[]): Promise<boolean>;
  /** The processes of the baseline, this one too once it has announced itself; undefined: nobody answered. Never rejects. */
  peers(topics: readonly string[]): Promise<Baselines | undefined>;
  /** What is written down of who subscribes to what; undefined: nobody answered. Never rejects. */
  readSubscriptions(): Promise<GroupSubscriptions | undefined>;
  /** Writes down what the baseline subscribes to. Never rejects. */
  writeSubscriptions(subscriptions: readonly Subscription[]): Promise<void>;
  announceStandIn(tag: string, topics: readonly string[]): Promise<Announcement>;
  /** The stand-in of a canary that is there and does not subscribe to these topics. */
  announceBeside(tag: string, topics: readonly string[]): Promise<Announcement>;
  announceDeclared(tag: string, topics: readonly string[]): Promise<Announcement>;
  /** That this process is one of the group's baseline: for people who look. */
  announceBaseline(topics: readonly string[]): Promise<Announcement>;
  close(): void;
}
