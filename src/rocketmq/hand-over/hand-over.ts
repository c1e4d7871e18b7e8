/**
 * When a consumer of the baseline leaves a canary's messages alone, and when this process stands in for the canary: events
 * in, actions out, nothing else. One for each consumer of the application.
 *
 * What it keeps, whatever happens in whatever order: a tag's messages of a topic are left out only where every queue has
 * an offset in the canary's group, and where it can be known who is there; and while they are, a stand-in consumes in that
 * group whenever no canary does.
 *
 * The life of a tag:
 *
 * | phase    | the baseline's own group     | the canary's group, while no canary is there |
 * |----------|------------------------------|----------------------------------------------|
 * | managed  | leaves its messages out      | this process stands in                       |
 * | draining | takes them                   | this process stands in: what was left out    |
 * | retired  | takes them                   | nobody                                       |
 *
 * A tag that nobody ever spoke of has none: its messages are the baseline's.
 */

/** What is written down durably of a tag: the phase it is in. */
export interface Marker {
  readonly tag: string;
  readonly phase: Phase;
  /** Of managed: the last time that something was heard of it; else since when. By the clock of who wrote it, ms since 1970. */
  readonly at: number;
  /** On which the canary's group has been in use. */
  readonly topics?: readonly string[];
}

export type Phase = 'managed' | 'draining' | 'retired';

export type HandOverEvent =
  | { readonly type: 'subscribed'; readonly topics: readonly string[] }
  | { readonly type: 'unsubscribed'; readonly topic: string }
  /** These topics have queues that they did not have when they were covered. */
  | { readonly type: 'queues changed'; readonly topics: readonly string[] }
  /** All that is written down. */
  | { readonly type: 'markers'; readonly markers: readonly Marker[] }
  /** Which canaries are there; unless it is complete, and about a tag (all when absent), absence proves nothing. */
  | {
      readonly type: 'canaries';
      readonly tags: ReadonlySet<string>;
      readonly isComplete: boolean;
      readonly about?: ReadonlySet<string> | undefined;
    }
  /** The answer to `cover`: which topics were asked about, and on which of them every queue has an offset. */
  | {
      readonly type: 'covered';
      readonly tag: string;
      readonly asked: readonly string[];
      readonly topics: readonly string[];
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
  /** A message of this tag reached the consumer, or its stand-in. */
  | { readonly type: 'saw'; readonly tag: string }
  /** The answer to `drain`. */
  | { readonly type: 'drained'; readonly tag: string; readonly id: number; readonly isDeclaredElsewhere: boolean }
  | { readonly type: 'tick' }
  /** The application closes the consumer. */
  | { readonly type: 'closing' };

export type HandOverAction =
  /** See to it that the canary's group has an offset on every queue, and that the tag is written down; then `covered`. */
  | { readonly type: 'cover'; readonly tag: string; readonly topics: readonly string[]; readonly isDeclared: boolean }
  /** From now on the consumer leaves out just these tags of a topic. */
  | { readonly type: 'leave out'; readonly topic: string; readonly tags: readonly string[] }
  | { readonly type: 'start stand-in'; readonly tag: string; readonly topics: readonly string[] }
  | { readonly type: 'subscribe stand-in'; readonly tag: string; readonly topic: string }
  | { readonly type: 'unsubscribe stand-in'; readonly tag: string; readonly topic: string }
  | { readonly type: 'end stand-in'; readonly tag: string }
  | { readonly type: 'mark'; readonly marker: Marker }
  /** Tell, by `drained`, when the canary's group has passed everything that is in the queues now. */
  | { readonly type: 'drain'; readonly tag: string; readonly id: number; readonly topics: readonly string[] }
  | { readonly type: 'say'; readonly level: 'info' | 'warn'; readonly text: string };

/** What is known of a tag at the moment. */
export interface TagReport {
  readonly tag: string;
  /** The canary's group. */
  readonly group: string;
  readonly phase: Phase;
  /** Why it is managed, in words. */
  readonly reason: string;
  /** Whether a canary is there. */
  readonly canary: 'unknown' | 'present' | 'absent';
  /** That of this process. */
  readonly standIn: 'none' | 'starting' | 'running' | 'ending';
  /** The topics of which the consumer leaves its messages out. */
  readonly leftOut: readonly string[];
}

export interface HandOver {
  /** @param now ms since 1970 */
  on(event: HandOverEvent, now: number): HandOverAction[];
  /** True once everything known beforehand is settled: the consumer's first poll has the filter it must have. */
  readonly isReady: boolean;
  /** Every tag that something is known of. */
  tags(): readonly TagReport[];
}

export interface HandOverOptions {
  readonly group: string;
  /** The canary's group of a tag. */
  readonly canaryGroup: (tag: string) => string;
  /** Known beforehand. */
  readonly declared: readonly string[];
  /** Left to their canaries altogether. */
  readonly ignored: readonly string[];
  /**
   * True where nobody can set a group's offsets: it gets them as it is polled, so that a stand-in has to be there first.
   * Until it is covered, both take the messages.
   */
  readonly joinsFirst?: boolean;
}

/** One answer may have missed a canary that was just connecting. */
const ABSENT_ANSWERS = 2;
/** Ms until what failed is tried again. */
const RETRY_MS = 5_000;
/** A stand-in that failed this often in a row leaves messages lying: the baseline takes them itself. */
const STRANDED_AFTER = 3;
const STRANDED_RETRY_MS = 30_000;
/**
 * A tag is given up when there was no canary, and no message of it, for so long (ms): longer than a message waits until it is
 * delivered once more (two hours at most, by RocketMQ's delay levels).
 */
export const GIVE_UP_AFTER_MS = 12_600_000;
/**
 * How long a stand-in stays after that (ms): longer than a poll with the former filter is under way. What comes meanwhile is
 * taken by both.
 */
export const DRAIN_MS = 180_000;
/** How often it is written down that a tag's messages still come (ms). */
const REFRESH_MS = 60_000;

interface TagState {
  readonly tag: string;
  readonly isDeclared: boolean;
  phase: Phase;
  /** Why it is managed, in words. */
  reason: string;
  /** Topics on which every queue has an offset. */
  readonly covered: Set<string>;
  readonly covering: Set<string>;
  /** Topics that were asked about, with when to ask again where not every queue had an offset, ms. */
  readonly coverAt: Map<string, number>;
  canary: TagReport['canary'];
  /** Somebody may say whether it is there, and did once. */
  isAnswered: boolean;
  absences: number;
  standIn: TagReport['standIn'];
  readonly standInTopics: Set<string>;
  startAt: number;
  failures: number;
  /** As far as is known, no other process stands in. */
  isAlone: boolean;
  subscribeAt: number;
  /** The last time that there was a canary or a message, ms. */
  signAt: number;
  markedAt: number;
  /** When it was given up, by the clock of who did. */
  givenUpAt: number;
  drain: { readonly id: number; readonly askedAt: number } | undefined;
  drainAt: number;
}

export function createHandOver({
  group,
  canaryGroup,
  declared,
  ignored,
  joinsFirst = false,
}: HandOverOptions): HandOver {
  const tags = new Map<string, TagState>();
  const topics = new Set<string>();
  /** What the consumer leaves out now, by topic: as it was last told. */
  const leftOut = new Map<string, string>();
  let hasMarkers = false;
  let hasCanaries = false;
  /** The last complete answer was about every tag there may be. */
  let isAllAnswered = false;
  let isClosing = false;
  let drains = 0;

  const stateOf = (tag: string, phase: Phase, reason: string, now: number): TagState | undefined => {
    if (ignored.includes(tag)) return undefined;
    let state = tags.get(tag);
    if (state === undefined) {
      state = {
        tag,
        isDeclared: declared.includes(tag),
        phase,
        reason,
        covered: new Set(),
        covering: new Set(),
        coverAt: new Map(),
        canary: 'unknown',
        isAnswered: isAllAnswered,
        absences: 0,
        standIn: 'none',
        standInTopics: new Set(),
        startAt: 0,
        failures: 0,
        isAlone: true,
        subscribeAt: 0,
        signAt: now,
        markedAt: 0,
        givenUpAt: 0,
        drain: undefined,
        drainAt: 0,
      };
      tags.set(tag, state);
    }
    return state;
  };

  const manage = (tag: string, reason: string, now: number) => {
    const state = stateOf(tag, 'managed', reason, now);
    if (state === undefined || state.phase === 'managed') return;
    state.phase = 'managed';
    state.reason = reason;
    state.signAt = now;
    state.drain = undefined;
  };

  /** The baseline takes its messages again; what was left out until now is still to be consumed in the canary's group. */
  const giveUp = (state: TagState, at: number, now: number) => {
    state.phase = 'draining';
    state.givenUpAt = at;
    state.covered.clear();
    state.covering.clear();
    state.coverAt.clear();
    state.drain = undefined;
    state.drainAt = now + DRAIN_MS;
  };

  for (const tag of declared) stateOf(tag, 'managed', 'declared', 0);

  const take = (event: HandOverEvent, now: number, actions: HandOverAction[]): void => {
    switch (event.type) {
      case 'subscribed':
        for (const topic of event.topics) topics.add(topic);
        return;
      case 'unsubscribed':
        topics.delete(event.topic);
        leftOut.delete(event.topic);
        for (const state of tags.values()) {
          state.covered.delete(event.topic);
          state.covering.delete(event.topic);
          state.coverAt.delete(event.topic);
          if (state.standInTopics.delete(event.topic)) {
            actions.push({ type: 'unsubscribe stand-in', tag: state.tag, topic: event.topic });
          }
        }
        return;
      case 'queues changed': {
        const changed = event.topics.filter(topic => topics.has(topic));
        for (const { tag, isDeclared, phase } of tags.values()) {
          if (phase === 'managed' && changed.length > 0)
            actions.push({ type: 'cover', tag, topics: changed, isDeclared });
        }
        return;
      }
      case 'markers':
        hasMarkers = true;
        for (const marker of event.markers) takeMarker(marker, now, actions);
        return;
      case 'canaries':
        hasCanaries = hasCanaries || event.isComplete;
        if (event.isComplete) isAllAnswered = event.about === undefined;
        for (const tag of event.tags) {
          manage(tag, 'its canary is there', now);
          const state = tags.get(tag);
          if (state === undefined) continue;
          state.canary = 'present';
          state.absences = 0;
          state.signAt = now;
        }
        for (const state of tags.values()) {
          if (event.tags.has(state.tag) || !event.isComplete || event.about?.has(state.tag) === false) continue;
          state.isAnswered = true;
          if (++state.absences >= ABSENT_ANSWERS) state.canary = 'absent';
        }
        return;
      case 'covered': {
        const state = tags.get(event.tag);
        if (state === undefined || state.phase !== 'managed') return;
        for (const topic of event.asked) {
          state.covering.delete(topic);
          // Also one that was covered: it has queues now that are not.
          if (!event.topics.includes(topic)) state.covered.delete(topic);
          else if (topics.has(topic)) state.covered.add(topic);
          if (topics.has(topic)) state.coverAt.set(topic, now + RETRY_MS);
        }
        state.markedAt = now;
        return;
      }
      case 'stand-in started': {
        const state = tags.get(event.tag);
        if (state === undefined) return;
        state.standIn = 'running';
        state.failures = 0;
        say(actions, 'info', `${canaryGroup(state.tag)}: stand-in on, no canary of ${state.tag} is there`);
        return;
      }
      case 'stand-in not started': {
        const state = tags.get(event.tag);
        if (state === undefined) return;
        state.standIn = 'none';
        state.standInTopics.clear();
        if (!event.isFailure) return;
        state.failures++;
        state.isAlone = event.isAlone ?? true;
        state.startAt = now + (state.failures < STRANDED_AFTER ? RETRY_MS : STRANDED_RETRY_MS);
        return;
      }
      case 'stand-in not subscribed': {
        const state = tags.get(event.tag);
        if (state === undefined) return;
        state.standInTopics.delete(event.topic);
        state.subscribeAt = now + RETRY_MS;
        return;
      }
      case 'stand-in ended': {
        const state = tags.get(event.tag);
        if (state === undefined) return;
        state.standIn = 'none';
        state.standInTopics.clear();
        return;
      }
      case 'saw': {
        const state = tags.get(event.tag);
        if (state === undefined) return;
        state.signAt = now;
        // Retired, its messages are the baseline's until its canary comes: the group's offsets are of former days.
        if (state.phase === 'draining') manage(state.tag, 'its messages come again', now);
        return;
      }
      case 'drained': {
        const state = tags.get(event.tag);
        if (state === undefined || state.drain?.id !== event.id) return;
        const { askedAt } = state.drain;
        state.drain = undefined;
        if (state.phase === 'draining') {
          state.phase = 'retired';
          actions.push({ type: 'mark', marker: { tag: state.tag, phase: 'retired', at: now } });
        } else if (!event.isDeclaredElsewhere && isIdle(state, now) && state.signAt < askedAt) {
          giveUp(state, now, now);
          actions.push({ type: 'mark', marker: { tag: state.tag, phase: 'draining', at: now } });
        } else {
          state.drainAt = now + REFRESH_MS;
        }
        return;
      }
      case 'tick':
        return;
      case 'closing':
        isClosing = true;
    }
  };

  const takeMarker = ({ tag, phase, at }: Marker, now: number, actions: HandOverAction[]) => {
    const known = tags.get(tag);
    if (phase === 'managed') {
      if (known === undefined || (known.phase !== 'managed' && at > known.givenUpAt)) manage(tag, 'marked', now);
      const state = tags.get(tag);
      if (state !== undefined) state.signAt = Math.max(state.signAt, Math.min(at, now));
    } else if (known === undefined) {
      const state = stateOf(tag, phase, 'marked', now);
      if (state === undefined) return;
      state.givenUpAt = at;
      // Those who left its messages out may have died before they were drained.
      state.drainAt = now + DRAIN_MS;
    } else if (known.phase === 'managed' && !known.isDeclared && known.canary !== 'present') {
      // Another process has given it up. This one knows better where something was heard since.
      if (known.signAt <= at) giveUp(known, at, now);
      else if (known.covered.size > 0)
        actions.push({ type: 'mark', marker: { tag, phase: 'managed', at: known.signAt } });
    }
  };

  const isIdle = (state: TagState, now: number) =>
    !state.isDeclared && state.canary === 'absent' && now - state.signAt >= GIVE_UP_AFTER_MS;

  /** Its canary is there, or its absence would be noticed: where nobody may say who is there, no stand-in would ever start. */
  const isLookedAfter = (state: TagState) => state.isAnswered || state.canary === 'present';

  /** Its stand-in does not come up: what is left out would lie in the canary's group. */
  const isStranded = (state: TagState) =>
    state.failures >= STRANDED_AFTER && state.isAlone && state.canary !== 'present' && state.standIn !== 'running';

  const needsStandIn = (state: TagState) =>
    !isClosing &&
    state.canary === 'absent' &&
    (state.phase === 'draining' ||
      (state.phase === 'managed' &&
        (state.covered.size > 0 ||
          joinsFirst ||
          // Its messages come again while it drained: it stays for them.
          (state.standIn === 'running' && state.covering.size > 0))));

  /** What follows from the state: the same state, asked twice, gives nothing the second time. */
  const settle = (now: number, actions: HandOverAction[]): void => {
    for (const state of tags.values()) {
      const { tag, isDeclared } = state;
      if (state.phase === 'managed' && !isClosing) {
        const missing = [...topics].filter(
          topic => !state.covered.has(topic) && now >= (state.coverAt.get(topic) ?? now),
        );
        // One question at a time: what is written down of a tag is read, changed and written again.
        if (missing.length > 0 && state.covering.size === 0) {
          for (const topic of missing) state.covering.add(topic);
          actions.push({ type: 'cover', tag, topics: missing, isDeclared });
        }
      }
      if (
        state.phase === 'managed' &&
        !isDeclared &&
        state.covered.size > 0 &&
        now - state.markedAt >= REFRESH_MS &&
        state.signAt > state.markedAt
      ) {
        state.markedAt = now;
        actions.push({ type: 'mark', marker: { tag, phase: 'managed', at: state.signAt } });
      }
    }

    for (const topic of topics) {
      const out = [...tags.values()].filter(
        state => state.phase === 'managed' && state.covered.has(topic) && isLookedAfter(state) && !isStranded(state),
      );
      const names = out.map(({ tag }) => tag).sort();
      const before = leftOut.get(topic) ?? '';
      if (names.join(' ') === before) continue;
      leftOut.set(topic, names.join(' '));
      actions.push({ type: 'leave out', topic, tags: names });
      for (const { tag, reason } of out) {
        if (before.split(' ').includes(tag)) continue;
        say(
          actions,
          'info',
          `${group}, ${topic}: ${tag} is managed (${reason}), its messages are those of ${canaryGroup(tag)}`,
        );
      }
      for (const tag of before.split(' ').filter(name => name !== '' && !names.includes(name))) {
        const state = tags.get(tag);
        const text =
          state === undefined || isStranded(state)
            ? `takes the messages of ${tag} itself, since no stand-in in ${canaryGroup(tag)} could be started`
            : state.phase === 'managed'
              ? `takes the messages of ${tag} as well, since ${canaryGroup(tag)} has no offset on some of its queues`
              : `${tag} is given up, its messages are the baseline's again`;
        say(actions, state?.phase === 'managed' ? 'warn' : 'info', `${group}, ${topic}: ${text}`);
      }
    }

    for (const state of tags.values()) settleStandIn(state, now, actions);
    for (const state of tags.values()) settleDrain(state, now, actions);
  };

  const settleStandIn = (state: TagState, now: number, actions: HandOverAction[]) => {
    const { tag } = state;
    const isNeeded = needsStandIn(state);
    if (isNeeded && state.standIn === 'none' && now >= state.startAt) {
      state.standIn = 'starting';
      // While it drains: what was left out until then.
      const standInTopics = state.phase === 'managed' && !joinsFirst ? [...state.covered] : [...topics];
      for (const topic of standInTopics) state.standInTopics.add(topic);
      actions.push({ type: 'start stand-in', tag, topics: standInTopics });
      return;
    }
    if (state.standIn !== 'running') return;
    if (isNeeded) {
      for (const topic of state.covered) {
        if (state.standInTopics.has(topic) || now < state.subscribeAt) continue;
        state.standInTopics.add(topic);
        actions.push({ type: 'subscribe stand-in', tag, topic });
      }
      return;
    }
    state.standIn = 'ending';
    const reason = isClosing
      ? 'the consumer is closed'
      : state.canary === 'present'
        ? `a canary of ${tag} is there`
        : state.phase === 'managed'
          ? 'nothing is left to it'
          : `${tag} is given up`;
    say(actions, 'info', `${canaryGroup(tag)}: stand-in off, ${reason}`);
    actions.push({ type: 'end stand-in', tag });
  };

  const settleDrain = (state: TagState, now: number, actions: HandOverAction[]) => {
    if (isClosing || state.drain !== undefined || now < state.drainAt) return;
    if (state.phase === 'retired' || (state.phase === 'managed' && !isIdle(state, now))) return;
    if (state.standIn !== 'running') return;
    state.drain = { id: ++drains, askedAt: now };
    actions.push({ type: 'drain', tag: state.tag, id: state.drain.id, topics: [...state.standInTopics] });
  };

  return {
    get isReady() {
      if (!hasMarkers || !hasCanaries) return false;
      return [...tags.values()].every(state => {
        if (state.covering.size > 0) return false;
        return (
          state.phase !== 'managed' || (isLookedAfter(state) && [...topics].every(topic => state.coverAt.has(topic)))
        );
      });
    },
    tags: () =>
      [...tags.values()].map(({ tag, phase, reason, canary, standIn }) => ({
        tag,
        group: canaryGroup(tag),
        phase,
        reason,
        canary,
        standIn,
        leftOut: [...leftOut].filter(([, names]) => names.split(' ').includes(tag)).map(([topic]) => topic),
      })),
    on(event, now) {
      const actions: HandOverAction[] = [];
      take(event, now, actions);
      settle(now, actions);
      return actions;
    },
  };
}

function say(actions: HandOverAction[], level: 'info' | 'warn', text: string): void {
  actions.push({ type: 'say', level, text });
}
