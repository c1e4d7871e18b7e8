/** What is known of one tag in a consumer of the baseline: values, which `tag-life.ts` changes. */
import type { CanarySight } from './canary-sight';
import type { Reason } from './events';
import type { Share } from './share';
import type { StandInLife } from './stand-in-life';
import type { TopicOffsets } from './topic-offsets';

export interface TagLife {
  readonly tag: string;
  readonly isDeclared: boolean;
  /** Ms from the last sign of it until it is given up. */
  readonly retentionMs: number;
  readonly state: TagState;
  /** Why it is managed, or was last. */
  readonly reason: Reason;
  readonly canary: CanarySight;
  /** Whether it is this process that stands in. */
  readonly share: Share;
  readonly standIn: StandInLife;
  readonly subscription: CanarySubscription;
  /** The last time that there was a canary or a message, ms. */
  readonly heardAt: number;
  /** How often it was asked whether its group is drained. */
  readonly drainQuestions: number;
}

/** What its last canary subscribes to. */
export interface CanarySubscription {
  /** Undefined: it does not say. */
  readonly topics: ReadonlySet<string> | undefined;
  /** Topics in which a stand-in would pass over messages of the canary. */
  readonly wider: ReadonlySet<string>;
}

export type TagState = Managed | Draining | Retired;

export interface Managed {
  readonly phase: 'managed';
  readonly offsets: TopicOffsets;
  /** When it was last written down that it is managed, by whomever, ms. */
  readonly markedAt: number;
  readonly drain: Drain;
}

export interface Draining {
  readonly phase: 'draining';
  /** By the clock of who gave it up. */
  readonly givenUpAt: number;
  readonly drain: Drain;
}

export interface Retired {
  readonly phase: 'retired';
  readonly givenUpAt: number;
}

/** The question whether the canary's group has passed everything. */
export interface Drain {
  /** Not asked before, ms. */
  readonly dueAt: number;
  /** Set while there is no answer. */
  readonly question?: { readonly id: number; readonly askedAt: number };
}
