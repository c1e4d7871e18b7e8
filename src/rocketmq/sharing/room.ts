/**
 * How many messages the consumers of a family may have in hand together: the application's own and its stand-ins.
 *
 * Room goes to who uses it. A poll that waits at a broker for messages takes up none; so those who have nothing to do take
 * none from who has. Where there is too little, it goes to who has the least. A queue that has nothing in hand may always
 * ask for one message: nobody starves, and so many messages more than the limit may be in hand.
 */
import { type Clock, systemClock } from '../remoting/clock';

/** What the application set for its consumer. */
export interface RoomLimits<M> {
  messages(): number;
  bytes(): number;
  sizeOf(message: M): number;
}

export interface Room<M extends object> {
  /**
   * @param carefully it asks for one message first, and for more where there were as many as it asked for: so that many
   *   that wait for their first message do not get more at once than there is room for
   */
  join(carefully: boolean): RoomMember<M>;
}

/** One consumer of the family. A queue of it has one poll at a time. */
export interface RoomMember<M> {
  /**
   * How many messages a poll may ask for: at most `wanted`, at least one. A promise where there is no room at the moment.
   * 0: none, as yet; to be asked again.
   *
   * @param queue of this consumer
   */
  ask(queue: object, wanted: number): number | Promise<number>;
  /** The poll of `queue` has ended. */
  brought(queue: object, messages: readonly M[]): void;
  /** A message is in hand no more. */
  ended(message: M): void;
  /** The consumer ends: what it has in hand counts no more, and its questions that wait are answered with 0. */
  leave(): void;
}

/** A poll with no answer by then waits for messages, ms: brokers answer at once with what there is. */
const ANSWER_MS = 250;
/** Nobody waits for longer, ms: clients take a queue that long without a poll for a broken one. */
const LONGEST_WAIT_MS = 20_000;
/** Who waits gets this part of all room at a time, or more: not one message after the other. */
const PARTS = 32;

interface State<M extends object> {
  readonly limits: RoomLimits<M>;
  readonly clock: Clock;
  inHand: number;
  bytes: number;
  /** Messages that polls may bring at any moment. */
  asked: number;
  /** Polls that count in `asked`, or did, in their order. */
  readonly recent: Poll<M>[];
  readonly waiting: Set<Waiting<M>>;
  isWatched: boolean;
}

interface Member<M extends object> {
  readonly carefully: boolean;
  readonly messages: Map<M, { readonly queue: Queue<M>; readonly size: number }>;
  readonly queues: Map<object, Queue<M>>;
  asked: number;
  hasLeft: boolean;
}

interface Queue<M extends object> {
  inHand: number;
  /** How many a member that asks carefully may ask for next. */
  window: number;
  poll: Poll<M> | undefined;
  waiting: Waiting<M> | undefined;
}

interface Poll<M extends object> {
  readonly member: Member<M>;
  readonly count: number;
  readonly sentAt: number;
  counts: boolean;
}

interface Waiting<M extends object> {
  readonly member: Member<M>;
  readonly queue: Queue<M>;
  readonly wanted: number;
  readonly tell: (count: number) => void;
  readonly cancel: () => void;
}

export function sharedRoom<M extends object>(limits: RoomLimits<M>, clock: Clock = systemClock): Room<M> {
  const state: State<M> = {
    limits,
    clock,
    inHand: 0,
    bytes: 0,
    asked: 0,
    recent: [],
    waiting: new Set(),
    isWatched: false,
  };
  return {
    join(carefully) {
      const member: Member<M> = { carefully, messages: new Map(), queues: new Map(), asked: 0, hasLeft: false };
      return {
        ask: (key, wanted) => (member.hasLeft ? wanted : ask(state, member, key, wanted)),
        brought: (key, messages) => brought(state, member, queueOf(member, key), messages),
        ended: message => ended(state, member, message),
        leave: () => leave(state, member),
      };
    },
  };
}

function queueOf<M extends object>({ queues }: Member<M>, key: object): Queue<M> {
  let queue = queues.get(key);
  if (queue === undefined) {
    queue = { inHand: 0, window: 1, poll: undefined, waiting: undefined };
    queues.set(key, queue);
  }
  return queue;
}

function ask<M extends object>(
  state: State<M>,
  member: Member<M>,
  key: object,
  wanted: number,
): number | Promise<number> {
  const queue = queueOf(member, key);
  const most = member.carefully ? Math.min(wanted, queue.window) : wanted;
  forgetOldPolls(state);
  const room = state.waiting.size === 0 ? roomOf(state) : 0;
  if (isWorthAPoll(state, room, most)) return send(state, member, queue, Math.min(most, room));
  if (queue.inHand === 0) return send(state, member, queue, Math.max(1, Math.min(most, room)));
  return new Promise(tell => {
    const cancel = state.clock.after(LONGEST_WAIT_MS, () => answer(state, waiting, 0));
    const waiting: Waiting<M> = { member, queue, wanted: most, tell, cancel };
    queue.waiting = waiting;
    state.waiting.add(waiting);
    watch(state);
  });
}

function brought<M extends object>(state: State<M>, member: Member<M>, queue: Queue<M>, messages: readonly M[]): void {
  const { poll } = queue;
  queue.poll = undefined;
  if (poll !== undefined) {
    noLonger(state, poll);
    queue.window = messages.length >= poll.count ? 2 * poll.count : Math.max(1, messages.length);
  }
  if (!member.hasLeft) {
    for (const message of messages) {
      const size = state.limits.sizeOf(message);
      member.messages.set(message, { queue, size });
      queue.inHand++;
      state.inHand++;
      state.bytes += size;
    }
  }
  serve(state);
}

function ended<M extends object>(state: State<M>, member: Member<M>, message: M): void {
  const entry = member.messages.get(message);
  if (entry === undefined) return;
  const { queue, size } = entry;
  member.messages.delete(message);
  queue.inHand--;
  state.inHand--;
  state.bytes -= size;
  const { waiting } = queue;
  if (queue.inHand === 0 && waiting !== undefined) {
    const room = state.waiting.size === 1 ? roomOf(state) : 0;
    answer(state, waiting, send(state, member, queue, Math.max(1, Math.min(waiting.wanted, room))));
  }
  serve(state);
}

function leave<M extends object>(state: State<M>, member: Member<M>): void {
  member.hasLeft = true;
  state.inHand -= member.messages.size;
  for (const { size } of member.messages.values()) state.bytes -= size;
  member.messages.clear();
  for (const { poll, waiting } of member.queues.values()) {
    if (poll !== undefined) noLonger(state, poll);
    if (waiting !== undefined) answer(state, waiting, 0);
  }
  member.queues.clear();
  serve(state);
}

/** Answers those who wait, as far as there is room: who has the least in hand first. */
function serve<M extends object>(state: State<M>): void {
  forgetOldPolls(state);
  while (state.waiting.size > 0) {
    const next = [...state.waiting].reduce((one, other) => (loadOf(other.member) < loadOf(one.member) ? other : one));
    const room = roomOf(state);
    if (!isWorthAPoll(state, room, next.wanted)) return;
    answer(state, next, send(state, next.member, next.queue, Math.min(next.wanted, room)));
  }
}

/** What polls take up for a moment only is free again without anybody telling. */
function watch<M extends object>(state: State<M>): void {
  if (state.isWatched) return;
  state.isWatched = true;
  state.clock.after(ANSWER_MS, () => {
    state.isWatched = false;
    serve(state);
    if (state.waiting.size > 0) watch(state);
  });
}

function answer<M extends object>(state: State<M>, waiting: Waiting<M>, count: number): void {
  state.waiting.delete(waiting);
  waiting.queue.waiting = undefined;
  waiting.cancel();
  waiting.tell(count);
}

function send<M extends object>(state: State<M>, member: Member<M>, queue: Queue<M>, count: number): number {
  const poll: Poll<M> = { member, count, sentAt: state.clock.now(), counts: true };
  if (queue.poll !== undefined) noLonger(state, queue.poll);
  queue.poll = poll;
  state.recent.push(poll);
  state.asked += count;
  member.asked += count;
  return count;
}

function noLonger<M extends object>(state: State<M>, poll: Poll<M>): void {
  if (!poll.counts) return;
  poll.counts = false;
  state.asked -= poll.count;
  poll.member.asked -= poll.count;
}

function forgetOldPolls<M extends object>(state: State<M>): void {
  const { recent, clock } = state;
  const end = clock.now() - ANSWER_MS;
  while (recent[0] !== undefined && (!recent[0].counts || recent[0].sentAt <= end)) {
    noLonger(state, recent[0]);
    recent.shift();
  }
}

function roomOf<M extends object>({ limits, inHand, bytes, asked }: State<M>): number {
  return bytes < limits.bytes() ? Math.max(0, limits.messages() - inHand - asked) : 0;
}

function isWorthAPoll<M extends object>({ limits }: State<M>, room: number, wanted: number): boolean {
  return room >= Math.min(wanted, Math.max(1, Math.floor(limits.messages() / PARTS)));
}

function loadOf<M extends object>({ messages, asked }: Member<M>): number {
  return messages.size + asked;
}
