/** The polls of a pull family, and who gets what they bring. */
import type { Family, Kept, Member, Poll, Waiter } from './family-state';
import { giveBack, hide, isHidden, keep, takeKept } from './kept-messages';

/** An empty poll is not followed by another one sooner than that, a failed one not sooner than after a second. */
const PAUSE_MS = 100;
const PAUSE_AFTER_ERROR_MS = 1000;

/** Has each member polled for `waiter`. */
export function pollAll<M>(family: Family<M>, waiter: Waiter<M>): void {
  for (const member of family.members.values()) poll(family, member, waiter);
}

/** Sees to it that a poll of `member` is on its way for `waiter`. */
export function poll<M>(family: Family<M>, member: Member<M>, waiter: Waiter<M>): void {
  const polls = [...member.polls];
  if (member.hasLeft || polls.some(sent => sent.waiter === waiter)) return;
  const adopted = polls.find(sent => sent.waiter === undefined && sent.max <= waiter.max);
  if (adopted !== undefined) {
    adopted.waiter = waiter;
    return;
  }
  const { max, invisible } = waiter;
  const sent: Poll<M> = { member, max, waiter };
  member.polls.add(sent);
  const sentAt = Date.now();
  member.consumer.poll(max, invisible).then(
    messages => {
      member.polls.delete(sent);
      if (member.hasLeft || (family.isClosing && sent.waiter === undefined)) void giveBack(family, member, messages);
      else keep(family, member, messages, invisible);
      const { waiter: next } = sent;
      serve(family, next);
      sayKept(family, member, messages);
      if (messages.length === 0 || member.hasLeft) {
        broughtNothing(family, sent, () => next?.resolve([]), PAUSE_MS - (Date.now() - sentAt));
      } else if (next !== undefined && isWaiting(family, next)) poll(family, member, next);
      member.onPollEnd?.();
    },
    (error: unknown) => {
      member.polls.delete(sent);
      if (member !== family.main || sent.waiter === undefined) member.consumer.onError?.(error);
      broughtNothing(family, sent, () => sent.waiter?.reject(error), PAUSE_AFTER_ERROR_MS);
      member.onPollEnd?.();
    },
  );
}

/** Tells of those that were not handed out. */
function sayKept<M>({ kept }: Family<M>, { consumer }: Member<M>, messages: readonly M[]): void {
  if (consumer.onKept === undefined) return;
  for (const { message } of kept) if (messages.includes(message)) consumer.onKept(message);
}

/** That of the main consumer answers with it, `settle`; that of a stand-in is sent again. */
function broughtNothing<M>(family: Family<M>, { member, waiter }: Poll<M>, settle: () => void, pause: number): void {
  if (waiter === undefined || !family.waiters.includes(waiter)) return;
  if (member === family.main) {
    const end = () => {
      release(family, waiter);
      settle();
    };
    if (waiter.isAnswered) waiter.mainEnd = end;
    else end();
    return;
  }
  setTimeout(
    () => {
      if (isWaiting(family, waiter)) poll(family, member, waiter);
    },
    Math.max(0, pause),
  ).unref?.();
}

/** Hands out what is kept: to `preferred`, and to others in the order of their calls. */
export function serve<M>(family: Family<M>, preferred?: Waiter<M>): void {
  while (family.kept.length > 0) {
    const waiter =
      preferred !== undefined && isWaiting(family, preferred)
        ? preferred
        : family.waiters.find(next => isWaiting(family, next));
    if (waiter === undefined) return;
    answer(family, waiter, takeKept(family, waiter.max));
  }
}

function answer<M>(family: Family<M>, waiter: Waiter<M>, batch: readonly Kept<M>[]): void {
  if (batch.every(entry => isHidden(entry, waiter.invisible))) {
    handOut(family, waiter, batch);
    return;
  }
  waiter.isAnswered = true;
  void hide(batch, waiter.invisible).then(hidden => {
    const gone = hidden.filter(({ member }) => member.hasLeft);
    for (const member of new Set(gone.map(entry => entry.member))) {
      const its = gone.filter(entry => entry.member === member);
      void giveBack(
        family,
        member,
        its.map(({ message }) => message),
      );
    }
    const ready = hidden.filter(({ member }) => !member.hasLeft);
    if (ready.length > 0) return handOut(family, waiter, ready);
    waiter.isAnswered = false;
    if (waiter.mainEnd !== undefined) return waiter.mainEnd();
    serve(family, waiter);
    if (family.waiters.includes(waiter)) pollAll(family, waiter);
  });
}

function handOut<M>(family: Family<M>, waiter: Waiter<M>, batch: readonly Kept<M>[]): void {
  release(family, waiter);
  waiter.resolve(batch.map(({ message }) => message));
}

/** The waiter is done; its polls go on, for whoever comes next. */
function release<M>({ waiters, members }: Family<M>, waiter: Waiter<M>): void {
  const index = waiters.indexOf(waiter);
  if (index !== -1) waiters.splice(index, 1);
  for (const { polls } of members.values()) {
    for (const sent of polls) if (sent.waiter === waiter) sent.waiter = undefined;
  }
}

export function isWaiting<M>({ waiters }: Family<M>, waiter: Waiter<M>): boolean {
  return !waiter.isAnswered && waiters.includes(waiter);
}

/** Settles when no such poll is on its way any more, and everything is given back. */
export async function idle<M>(member: Member<M>, isMeant: (poll: Poll<M>) => boolean = () => true): Promise<void> {
  await new Promise<void>(resolve => {
    member.onPollEnd = () => {
      if (![...member.polls].some(isMeant)) resolve();
    };
    member.onPollEnd();
  });
  while (member.returns.size > 0) await Promise.all(member.returns);
}
