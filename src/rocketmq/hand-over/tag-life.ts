/**
 * The life of one tag in a consumer of the baseline. Pure: a table of step functions for each state, and one way from state
 * to state. What each state means is at {@link Phase}; what a state asks for is in `tag-duties.ts`.
 *
 * | from     | to       | when                                                                                   |
 * |----------|----------|----------------------------------------------------------------------------------------|
 * | managed  | draining | nothing was heard of it for long, or another process has given it up                   |
 * | draining | managed  | its canary, or a message of it, is there; or another process says so                   |
 * | draining | retired  | the canary's group has passed what was left out                                        |
 * | retired  | managed  | its canary is there, or another process says so; not by a message: the group's offsets |
 * |          |          | are of former days, so its messages are the baseline's until its canary comes          |
 */

import { DEFAULT_RETENTION_MS } from '../../names/retention';
import { notSeen, notYetSeen, seen } from './canary-sight';
import type { HandOverAction, HandOverEvent, Marker, Phase, Reason } from './events';
import { REFRESH_MS } from './marker-refresh';
import * as shares from './share';
import { WHOLE_SHARE } from './share';
import * as standIns from './stand-in-life';
import { NO_STAND_IN } from './stand-in-life';
import type { Draining, Managed, Retired, TagLife, TagState } from './tag-state';
import { answered, doubted, topicsEnsured, withoutTopic } from './topic-offsets';

/** A tag is given up when there was no canary, and no message of it, for so long (ms), unless a setting says otherwise. */
export const GIVE_UP_AFTER_MS = DEFAULT_RETENTION_MS;
/** A message that failed waits for so long at most (ms) until it is delivered once more: the highest of RocketMQ's delay levels. */
export const RETRIES_COME_MS = 7_200_000;
/**
 * How long a stand-in stays after that (ms): longer than a poll with the former filter is under way. What comes meanwhile is
 * taken by both.
 */
export const DRAIN_MS = 180_000;
/** What happens to one tag. */
export type TagEvent =
  | { readonly type: 'canary seen'; readonly hasAgent: boolean }
  /** By an answer that would have named it. */
  | { readonly type: 'canary not seen' }
  | { readonly type: 'marker read'; readonly marker: Marker }
  /** See {@link Share.turn}. */
  | { readonly type: 'turn settled'; readonly turn: number }
  /** These topics have queues that they did not have before, or a broker is back. */
  | { readonly type: 'offsets doubted'; readonly topics: readonly string[]; readonly grown: readonly string[] }
  | { readonly type: 'others seen'; readonly id: number; readonly looked: shares.Looked | undefined }
  | Exclude<
      HandOverEvent,
      {
        readonly type:
          | 'subscribed'
          | 'tags settled'
          | 'queues changed'
          | 'markers read'
          | 'canaries seen'
          | 'peers seen'
          | 'stand-ins looked at'
          | 'closing';
      }
    >;

/** When something happens, ms, and what the consumer is subscribed to then. */
export interface Moment {
  readonly now: number;
  readonly topics: ReadonlySet<string>;
}

export interface Step {
  readonly life: TagLife;
  readonly actions: readonly HandOverAction[];
}

export interface TagBeginning {
  readonly isDeclared: boolean;
  readonly reason: Reason;
  /** The last complete answer about canaries was about this tag too. */
  readonly isAnswered: boolean;
  readonly retentionMs: number;
  readonly turn: number;
}

export function newTag(
  tag: string,
  { isDeclared, reason, isAnswered, retentionMs, turn }: TagBeginning,
  now: number,
): TagLife {
  return {
    tag,
    isDeclared,
    retentionMs,
    state: managedAnew(),
    reason,
    canary: notYetSeen(isAnswered),
    share: { ...WHOLE_SHARE, turn },
    standIn: NO_STAND_IN,
    subscription: { topics: undefined, wider: new Set() },
    heardAt: now,
    drainQuestions: 0,
  };
}

/** A tag that is known by its marker alone: others gave it up. */
export function newTagGivenUp(
  { tag, phase, at }: Marker & { readonly phase: Exclude<Phase, 'managed'> },
  beginning: Pick<TagBeginning, 'isAnswered' | 'retentionMs' | 'turn'>,
  now: number,
): TagLife {
  const life = newTag(tag, { ...beginning, isDeclared: false, reason: 'marked' }, now);
  // Those who left its messages out may have died before they were drained.
  return become(life, phase === 'draining' ? draining(at, now) : { phase, givenUpAt: at });
}

/** From now on it is known beforehand, or no longer. */
export function withDeclaration(life: TagLife, isDeclared: boolean, now: number): TagLife {
  return { ...(isDeclared && life.state.phase !== 'managed' ? manage(life, 'declared', now) : life), isDeclared };
}

export function step(life: TagLife, event: TagEvent, at: Moment): Step {
  const react = STEPS[life.state.phase][event.type] as (life: TagLife, event: TagEvent, at: Moment) => Step;
  return react(life, event, at);
}

/** Nobody declares it, no canary is there, and nothing was heard of it for long. */
export function isIdle({ isDeclared, canary, heardAt, retentionMs }: TagLife, now: number): boolean {
  return !isDeclared && canary.state === 'absent' && now - heardAt >= retentionMs;
}

/** The one way from one state to another. */
function become(life: TagLife, state: TagState): TagLife {
  return { ...life, state };
}

const stay = (life: TagLife, ...actions: HandOverAction[]): Step => ({ life, actions });

function manage(life: TagLife, reason: Reason, now: number): TagLife {
  return become({ ...life, reason, heardAt: now }, managedAnew());
}

function managedAnew(): Managed {
  return { phase: 'managed', offsets: new Map(), markedAt: 0, drain: { dueAt: 0 } };
}

/** The baseline takes its messages again; what was left out until now is still to be consumed in the canary's group. */
function draining(givenUpAt: number, now: number): Draining {
  return { phase: 'draining', givenUpAt, drain: { dueAt: now + DRAIN_MS } };
}

const canarySeen = (life: TagLife, hasAgent: boolean, now: number): TagLife => ({
  ...life,
  canary: seen(life.canary, hasAgent),
  heardAt: now,
});

/** By the marker of another process, whose clock may be ahead. */
const heardElsewhere = (life: TagLife, { at }: Marker, now: number): TagLife => ({
  ...life,
  heardAt: Math.max(life.heardAt, Math.min(at, now)),
});

type LifeIn<State extends TagState> = TagLife & { readonly state: State };
type Steps<State extends TagState> = {
  readonly [Type in TagEvent['type']]: (
    life: LifeIn<State>,
    event: Extract<TagEvent, { readonly type: Type }>,
    at: Moment,
  ) => Step;
};

/** What means the same in every state. */
const inEveryState = {
  'canary not seen': life => stay({ ...life, canary: notSeen(life.canary) }),
  unsubscribed(life, { topic }) {
    if (!life.standIn.topics.has(topic)) return stay(life);
    const standIn = standIns.unsubscribed(life.standIn, topic);
    return stay({ ...life, standIn }, { type: 'unsubscribe stand-in', tag: life.tag, topic });
  },
  'turn settled': (life, { turn }) =>
    stay({ ...life, share: shares.turnSettled(life.share, turn, life.standIn.state !== 'none') }),
  'others seen'(life, { id, looked }, { now }) {
    const share = shares.looked(life.share, id, looked, now);
    // Where others do, it does not matter that this process could not.
    const isOthers = looked?.isEnough === true && !shares.standsIn(share);
    return stay({ ...life, share, standIn: isOthers ? standIns.forgiven(life.standIn) : life.standIn });
  },
  'stand-in started': life =>
    stay(
      { ...life, standIn: standIns.started(life.standIn) },
      {
        type: 'say',
        fact: { type: 'stand-in on', tag: life.tag, beside: life.standIn.isBeside ? [...life.standIn.topics] : [] },
      },
    ),
  'stand-in not started'(life, { isFailure, isAlone = true }, { now }) {
    const { standIn } = life;
    return stay({ ...life, standIn: isFailure ? standIns.failed(standIn, isAlone, now) : standIns.gaveWay(standIn) });
  },
  'subscription read'(life, { tag, topics, wider }) {
    const before = life.subscription.wider;
    const added = life.state.phase === 'retired' ? [] : wider.filter(topic => !before.has(topic));
    return stay(
      { ...life, subscription: { topics: new Set(topics), wider: new Set(wider) } },
      ...added.map((topic): HandOverAction => ({ type: 'say', fact: { type: 'left waiting', tag, topic } })),
    );
  },
  'stand-in not subscribed': (life, { topic }, { now }) =>
    stay({ ...life, standIn: standIns.notSubscribed(life.standIn, topic, now) }),
  'stand-in ended': life => stay({ ...life, standIn: standIns.ended(life.standIn) }),
} satisfies Partial<Steps<TagState>>;

const whileManaged: Steps<Managed> = {
  ...inEveryState,
  'canary seen': (life, { hasAgent }, { now }) => stay(canarySeen(life, hasAgent, now)),
  'tag seen': (life, _event, { now }) => stay({ ...life, heardAt: now }),
  'marker read'(life, { marker }, { now }) {
    if (marker.phase === 'managed') {
      // Whoever wrote it: this process need not write it as well.
      const markedAt = Math.max(life.state.markedAt, Math.min(marker.at, now));
      return stay({ ...heardElsewhere(life, marker, now), state: { ...life.state, markedAt } });
    }
    if (life.isDeclared || life.canary.state === 'present') return stay(life);
    // Another process has given it up. This one knows better where something was heard since.
    if (life.heardAt <= marker.at) return stay(become(life, draining(marker.at, now)));
    if (topicsEnsured(life.state.offsets).length === 0) return stay(life);
    const { tag, heardAt } = life;
    return stay(life, { type: 'write marker', marker: { tag, phase: 'managed', at: heardAt } });
  },
  'offsets ensured'(life, answer, { now, topics }) {
    const offsets = answered(life.state.offsets, answer, topics, now);
    return stay({ ...life, state: { ...life.state, offsets, markedAt: now } });
  },
  'offsets doubted'(life, { topics, grown }) {
    return stay({ ...life, state: { ...life.state, offsets: doubted(life.state.offsets, topics, grown) } });
  },
  unsubscribed(life, event) {
    const offsets = withoutTopic(life.state.offsets, event.topic);
    return inEveryState.unsubscribed({ ...life, state: { ...life.state, offsets } }, event);
  },
  drained(life, { id, isDeclaredElsewhere }, { now }) {
    const { tag, heardAt, state } = life;
    const { question } = state.drain;
    if (question?.id !== id) return stay(life);
    if (isDeclaredElsewhere || !isIdle(life, now) || heardAt >= question.askedAt) {
      return stay({ ...life, state: { ...state, drain: { dueAt: now + REFRESH_MS } } });
    }
    return stay(become(life, draining(now, now)), {
      type: 'write marker',
      marker: { tag, phase: 'draining', at: now },
    });
  },
};

/** Another process manages it again, and has since it was given up. */
const markerOfGivenUp = (
  life: LifeIn<Draining | Retired>,
  { marker }: { readonly marker: Marker },
  { now }: Moment,
) => {
  if (marker.phase !== 'managed') return stay(life);
  const isNews = marker.at > life.state.givenUpAt;
  return stay(heardElsewhere(isNews ? manage(life, 'marked', now) : life, marker, now));
};

const whileDraining: Steps<Draining> = {
  ...inEveryState,
  'canary seen': (life, { hasAgent }, { now }) =>
    stay(canarySeen(manage(life, 'its canary is there', now), hasAgent, now)),
  'tag seen': (life, _event, { now }) => stay(manage(life, 'its messages come again', now)),
  'marker read': markerOfGivenUp,
  // Of the time when it was managed.
  'offsets ensured': life => stay(life),
  'offsets doubted': life => stay(life),
  drained(life, { id }, { now }) {
    const { tag, state } = life;
    if (state.drain.question?.id !== id) return stay(life);
    const retired = become(life, { phase: 'retired', givenUpAt: state.givenUpAt });
    const { retentionMs } = life;
    const early: HandOverAction = { type: 'say what is dropped', tag, retentionMs };
    return stay(
      retired,
      { type: 'write marker', marker: { tag, phase: 'retired', at: now } },
      ...(retentionMs < RETRIES_COME_MS ? [early] : []),
    );
  },
};

const whileRetired: Steps<Retired> = {
  ...inEveryState,
  'canary seen': (life, { hasAgent }, { now }) =>
    stay(canarySeen(manage(life, 'its canary is there', now), hasAgent, now)),
  'tag seen': (life, _event, { now }) => stay({ ...life, heardAt: now }),
  'marker read': markerOfGivenUp,
  'offsets ensured': life => stay(life),
  'offsets doubted': life => stay(life),
  drained: life => stay(life),
};

const STEPS = { managed: whileManaged, draining: whileDraining, retired: whileRetired };
