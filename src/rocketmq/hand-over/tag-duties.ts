/** What the state of a tag asks for. Pure: done once, the same state asks for nothing more. */
import { presenceKnown } from './canary-sight';
import type { HandOverAction, HandOverFact } from './events';
import { refreshAfter } from './marker-refresh';
import * as shares from './share';
import { standsIn } from './share';
import * as standIns from './stand-in-life';
import { isIdle, type Step } from './tag-life';
import type { TagLife } from './tag-state';
import { asked, isEnsured, isHeld, isSettled, isUnsettled, topicsEnsured, topicsToAsk } from './topic-offsets';

/** What the duties of a tag depend on in its consumer. */
export interface ConsumerState {
  readonly topics: ReadonlySet<string>;
  readonly isClosing: boolean;
  /** Tags that are left to their canaries altogether. */
  readonly ignored: readonly string[];
  /** See {@link HandOverOptions.offsetsNeedPolling}. */
  readonly offsetsNeedPolling: boolean;
}

/** The consumer leaves the messages of a topic to the canary's group, where none of them is lost. */
export function isExcluded(life: TagLife, topic: string): boolean {
  const { state, canary } = life;
  return (
    state.phase === 'managed' && isEnsured(state.offsets, topic) && presenceKnown(canary) && !hasNobody(life, topic)
  );
}

/** What is excluded would lie in the canary's group: nobody would consume there. */
export function hasNobody({ canary, standIn, subscription }: TagLife, topic: string): boolean {
  const isCanarys = canary.state === 'present' && subscription.topics?.has(topic) !== false;
  return !isCanarys && standIns.neverComesUp(standIn);
}

/** Everything that the consumer's first poll depends on is known. */
export function isReady({ state, canary }: TagLife, topics: ReadonlySet<string>): boolean {
  return state.phase !== 'managed' || (presenceKnown(canary) && isSettled(state.offsets, topics));
}

export function ensureOffsets(life: TagLife, { topics, isClosing, ignored }: ConsumerState, now: number): Step {
  const { tag, isDeclared, state } = life;
  if (state.phase !== 'managed' || isClosing || ignored.includes(tag)) return nothing(life);
  const missing = topicsToAsk(state.offsets, topics, now);
  if (missing.length === 0) return nothing(life);
  return {
    life: { ...life, state: { ...state, offsets: asked(state.offsets, missing) } },
    actions: [
      {
        type: 'ensure offsets',
        tag,
        topics: missing,
        isDeclared,
        isHeld: missing.every(topic => isHeld(state.offsets, topic)),
      },
    ],
  };
}

/** Writes down that something is still heard of it, for those that would give it up. */
export function refreshMarker(life: TagLife, now: number): Step {
  const { tag, isDeclared, state, heardAt, share } = life;
  if (state.phase !== 'managed' || isDeclared || topicsEnsured(state.offsets).length === 0) return nothing(life);
  if (now < state.markedAt + refreshAfter(share.turn) || heardAt <= state.markedAt) return nothing(life);
  return {
    life: { ...life, state: { ...state, markedAt: now } },
    actions: [{ type: 'write marker', marker: { tag, phase: 'managed', at: heardAt } }],
  };
}

export function settleStandIn(life: TagLife, consumer: ConsumerState, now: number): Step {
  const { tag, state, standIn } = life;
  const { topics, isBeside } = standInWanted(life, consumer);
  const isNeeded = (topics.length > 0 && standsIn(life.share)) || staysRunning(life, consumer);
  if (isNeeded && standIn.state === 'none' && now >= standIn.startAgainAt) {
    return {
      life: { ...life, standIn: standIns.starting(standIn, topics, isBeside) },
      actions: [{ type: 'start stand-in', tag, topics, isBeside }],
    };
  }
  if (standIn.state !== 'running') return nothing(life);
  // One that is to serve other topics ends as a whole, since nothing that it still polls may be handled.
  if (!isNeeded || standIn.isBeside !== isBeside || [...standIn.topics].some(topic => isForbidden(life, topic))) {
    return {
      life: { ...life, standIn: standIns.ending(standIn) },
      actions: [
        { type: 'say', fact: { type: 'stand-in off', tag, why: whyOff(life, consumer) } },
        { type: 'end stand-in', tag },
      ],
    };
  }
  if (state.phase !== 'managed' || now < standIn.subscribeAgainAt) return nothing(life);
  const added = topics.filter(topic => !standIn.topics.has(topic));
  if (added.length === 0) return nothing(life);
  return {
    life: { ...life, standIn: standIns.subscribing(standIn, added) },
    actions: added.map((topic): HandOverAction => ({ type: 'subscribe stand-in', tag, topic })),
  };
}

/** Now and then it is looked whether those get on that this process leaves it to. */
export function lookAfterOthers(life: TagLife, consumer: ConsumerState, now: number): Step {
  // Those who come first need not look, and this is asked at every event.
  const topics = life.share.turn === 0 ? [] : standInWanted(life, consumer).topics;
  const share = shares.needed(life.share, topics.length > 0, now);
  if (!shares.isDue(share, now)) return nothing(share === life.share ? life : { ...life, share });
  const looking = shares.looking(share);
  return {
    life: { ...life, share: looking },
    actions: [{ type: 'look at stand-ins', tag: life.tag, id: looking.looks, topics }],
  };
}

/**
 * Before a tag is given up, and before its stand-in leaves, the canary's group has to be drained. It is given up by those who
 * stand in; what others left out is drained where these do.
 */
export function askWhetherDrained(life: TagLife, consumer: ConsumerState, now: number): Step {
  const { tag, state, standIn, drainQuestions } = life;
  if (consumer.isClosing || state.phase === 'retired') return nothing(life);
  const topics = standIn.state === 'running' ? [...standIn.topics] : leftToOthers(life, consumer);
  if (topics.length === 0) return nothing(life);
  if (state.drain.question !== undefined || now < state.drain.dueAt) return nothing(life);
  if (state.phase === 'managed' && !isIdle(life, now)) return nothing(life);
  const id = drainQuestions + 1;
  const drain = { ...state.drain, question: { id, askedAt: now } };
  return {
    life: { ...life, drainQuestions: id, state: { ...state, drain } },
    actions: [{ type: 'tell when drained', tag, id, topics }],
  };
}

/** What others consume in the canary's group while it drains. */
function leftToOthers(life: TagLife, consumer: ConsumerState): readonly string[] {
  if (life.state.phase !== 'draining' || standsIn(life.share)) return [];
  return standInWanted(life, consumer).topics;
}

/** What this process is to consume in the canary's group; no topics: nothing. */
function standInWanted(
  life: TagLife,
  { topics: subscribed, isClosing, ignored, offsetsNeedPolling }: ConsumerState,
): { readonly topics: readonly string[]; readonly isBeside: boolean } {
  const { tag, canary, state, subscription } = life;
  const isBeside = canary.state === 'present';
  const nobody = { topics: [], isBeside };
  if (isClosing || ignored.includes(tag) || canary.state === 'unknown' || state.phase === 'retired') return nobody;
  // While it drains: what was excluded until then.
  const topics = state.phase === 'managed' && !offsetsNeedPolling ? topicsEnsured(state.offsets) : [...subscribed];
  if (!isBeside) return { topics: topics.filter(topic => !isForbidden(life, topic)), isBeside };
  // A canary that does not say what it subscribes to subscribes to all that its baseline does.
  const { topics: its } = subscription;
  return its === undefined ? nobody : { topics: topics.filter(topic => !its.has(topic)), isBeside };
}

/** Its messages come again while it drained: it stays for them. */
function staysRunning({ tag, canary, state, standIn }: TagLife, { isClosing, ignored }: ConsumerState): boolean {
  if (isClosing || ignored.includes(tag) || canary.state !== 'absent' || state.phase !== 'managed') return false;
  return standIn.state === 'running' && isUnsettled(state.offsets);
}

/** A stand-in would take what is the canary's, or pass over it. */
function isForbidden({ canary, subscription }: TagLife, topic: string): boolean {
  const { topics, wider } = subscription;
  return wider.has(topic) || (canary.state === 'present' && topics?.has(topic) !== false);
}

function whyOff(
  { tag, canary, share, state, standIn }: TagLife,
  { isClosing, ignored }: ConsumerState,
): Extract<HandOverFact, { type: 'stand-in off' }>['why'] {
  if (isClosing) return 'consumer closed';
  if (ignored.includes(tag)) return 'ignored';
  if (standIn.isBeside && canary.state === 'absent') return 'canary absent';
  if (canary.state === 'present') return 'canary present';
  if (state.phase !== 'retired' && !standsIn(share)) return 'left to others';
  return state.phase === 'managed' ? 'nothing left' : 'given up';
}

function nothing(life: TagLife): Step {
  return { life, actions: [] };
}
