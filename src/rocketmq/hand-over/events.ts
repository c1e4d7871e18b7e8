/** What a hand-over is told, and what it wants done: values alone. `lines.ts` turns facts into words. */

import type { ProcessId } from '../presence/announcement-name';

/** What is written down durably of a tag: the phase it is in. */
export interface Marker {
  readonly tag: string;
  readonly phase: Phase;
  /** Of managed: the last time that something was heard of it; else since when. By the clock of who wrote it, ms since 1970. */
  readonly at: number;
  /** On which the canary's group has been in use. */
  readonly topics?: readonly string[];
}

/**
 * | phase    | the baseline's own group     | the canary's group, while no canary is there |
 * |----------|------------------------------|----------------------------------------------|
 * | managed  | leaves its messages out      | this process stands in                       |
 * | draining | takes them                   | this process stands in: what was left out    |
 * | retired  | takes them                   | nobody                                       |
 *
 * A tag that nobody ever spoke of has none: its messages are the baseline's.
 */
export type Phase = 'managed' | 'draining' | 'retired';

/** Why a tag is managed. People read these words. */
export type Reason = 'declared' | 'its canary is there' | 'marked' | 'its messages come again';

export type HandOverEvent =
  | { readonly type: 'subscribed'; readonly topics: readonly string[] }
  | { readonly type: 'unsubscribed'; readonly topic: string }
  /** From now on these are known beforehand, and those are left to their canaries altogether. */
  | { readonly type: 'tags settled'; readonly declared: readonly string[]; readonly ignored: readonly string[] }
  /** These topics have queues that they did not have when their offsets were ensured. */
  | {
      readonly type: 'queues changed';
      readonly topics: readonly string[];
      /** Those of them that have more than ever before; of the others, a broker is back. */
      readonly grown: readonly string[];
    }
  /** All that is written down. */
  | { readonly type: 'markers read'; readonly markers: readonly Marker[] }
  /** Which canaries are there; unless it is complete, and about a tag (all when absent), absence proves nothing. */
  | {
      readonly type: 'canaries seen';
      readonly tags: ReadonlySet<string>;
      /** Those of them that announce nothing: they have no agent, or another one. */
      readonly withoutAgent?: ReadonlySet<string>;
      readonly isComplete: boolean;
      readonly about?: ReadonlySet<string> | undefined;
    }
  /**
   * What the last canary of a tag subscribes to, and of which of the consumer's topics it is written down that it takes more
   * from the group that it shares with stand-ins than this consumer would.
   */
  | {
      readonly type: 'subscription read';
      readonly tag: string;
      readonly topics: readonly string[];
      readonly wider: readonly string[];
    }
  /** The answer to `ensure offsets`: the topics that were asked about, and those with an offset on every queue. */
  | {
      readonly type: 'offsets ensured';
      readonly tag: string;
      readonly asked: readonly string[];
      /** Undefined: nobody answered, and what was known before holds. */
      readonly topics: readonly string[] | undefined;
    }
  | { readonly type: 'stand-in started'; readonly tag: string }
  /** Also when it gave way to a canary that came meanwhile, which is no failure. */
  | {
      readonly type: 'stand-in not started';
      readonly tag: string;
      readonly isFailure: boolean;
      /** False: another process stands in. */
      readonly isAlone?: boolean;
    }
  /** It could not be subscribed to a topic. */
  | { readonly type: 'stand-in not subscribed'; readonly tag: string; readonly topic: string }
  | { readonly type: 'stand-in ended'; readonly tag: string }
  /** Who the baseline's processes are, by their ids; `peers` undefined: nobody may say it, and each stands in. */
  | { readonly type: 'peers seen'; readonly own: ProcessId; readonly peers: readonly ProcessId[] | undefined }
  /**
   * The answer to `look at stand-ins`: the ids of the processes that stand in, and whether what was there at the last look has
   * still not been taken. `standing` undefined: nobody answered.
   */
  | {
      readonly type: 'stand-ins looked at';
      readonly tag: string;
      readonly id: number;
      readonly standing: readonly string[] | undefined;
      readonly isStuck: boolean;
    }
  /** A message of this tag reached the consumer, or its stand-in. */
  | { readonly type: 'tag seen'; readonly tag: string }
  /** The answer to `tell when drained`. */
  | { readonly type: 'drained'; readonly tag: string; readonly id: number; readonly isDeclaredElsewhere: boolean }
  /** The application closes the consumer. */
  | { readonly type: 'closing' };

export type HandOverAction =
  /** Give the canary's group an offset on every queue, and write the tag down; then tell by `offsets ensured`. */
  | {
      readonly type: 'ensure offsets';
      readonly tag: string;
      readonly topics: readonly string[];
      readonly isDeclared: boolean;
      /** It had them at the last answer: should nobody answer, that holds. */
      readonly isHeld: boolean;
    }
  /** From now on the consumer takes every tag of a topic but these. */
  | { readonly type: 'exclude tags'; readonly topic: string; readonly tags: readonly string[] }
  /** `isBeside`: a canary is there, and does not subscribe to these topics. */
  | {
      readonly type: 'start stand-in';
      readonly tag: string;
      readonly topics: readonly string[];
      readonly isBeside: boolean;
    }
  | { readonly type: 'subscribe stand-in'; readonly tag: string; readonly topic: string }
  | { readonly type: 'unsubscribe stand-in'; readonly tag: string; readonly topic: string }
  | { readonly type: 'end stand-in'; readonly tag: string }
  | { readonly type: 'write marker'; readonly marker: Marker }
  /** Tell, by `stand-ins looked at`, who stands in, and whether they get on. */
  | {
      readonly type: 'look at stand-ins';
      readonly tag: string;
      readonly id: number;
      readonly topics: readonly string[];
    }
  /** Tell, by `drained`, when the canary's group has passed everything that is in the queues now. */
  | {
      readonly type: 'tell when drained';
      readonly tag: string;
      readonly id: number;
      readonly topics: readonly string[];
    }
  /** Its group is left, and messages that failed there may still be on their way back to it: tell people how many. */
  | { readonly type: 'say what is dropped'; readonly tag: string; readonly retentionMs: number }
  /** Tell people. */
  | { readonly type: 'say'; readonly fact: HandOverFact };

/** What people are told. */
export type HandOverFact =
  | { readonly type: 'left to canary'; readonly tag: string; readonly topic: string; readonly reason: Reason }
  | {
      readonly type: 'taken back';
      readonly tag: string;
      readonly topic: string;
      readonly why: 'no stand-in' | 'no offsets' | 'given up';
    }
  /** With topics: beside a canary that does not subscribe to them. */
  | { readonly type: 'stand-in on'; readonly tag: string; readonly beside: readonly string[] }
  /** A stand-in would pass over what only the canary subscribes to. */
  | { readonly type: 'left waiting'; readonly tag: string; readonly topic: string }
  | {
      readonly type: 'stand-in off';
      readonly tag: string;
      readonly why:
        | 'consumer closed'
        | 'canary present'
        | 'canary absent'
        | 'nothing left'
        | 'given up'
        | 'ignored'
        | 'left to others';
    };
