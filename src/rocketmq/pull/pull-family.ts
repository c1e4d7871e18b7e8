/**
 * Receiving from several consumers as if they were one: the application's own and its stand-ins. Knows no client.
 *
 * A `receive()` has a poll on its way at each member. The first that brings something answers it; polls that are still on
 * their way then are taken on by the next one. What they bring meanwhile is kept for it, as is what would be too much. When
 * half of its invisible time is gone it is hidden anew, a few times: giving it back may use up one of its attempts, and
 * while the application is busy with one message after the other that would come again and again. Then it goes back to its
 * group. An empty answer, or an error, is the main consumer's: only that is the application's.
 */

/** A consumer as far as it is polled. */
export interface PullMember<M> {
  /** @param invisible milliseconds that what it brings is hidden from others of the group */
  poll(max: number, invisible: number): Promise<readonly M[]>;
  /** Hides a message for that many milliseconds from now on. Rejects when it is too late. */
  renew(message: M, invisible: number): Promise<void>;
  /** Gives messages of one poll back to the group, in their order. Never rejects. */
  giveBack(messages: readonly M[]): Promise<void>;
  /** A poll of a stand-in failed. */
  onError?(error: unknown): void;
}

export interface PullFamily<M> {
  /** @param max a positive number of messages */
  receive(max: number, invisible: number): Promise<M[]>;
  /** From now on also brings what `member` does; calls under way too. */
  add(member: PullMember<M>): void;
  /**
   * From now on nothing of `member` is handed out any more. Settles when no poll of it is on its way, and what was kept of
   * it and what those brought is given back. Never rejects.
   */
  remove(member: PullMember<M>): Promise<void>;
  /**
   * The main consumer closes: gives back what is kept, and what polls that nobody waits for bring until `limit` settles.
   * Resolves when there is nothing more to give back, or then. Never rejects.
   */
  close(limit: Promise<void>): Promise<void>;
}

/** An empty poll is not followed by another one sooner than that, a failed one not sooner than after a second. */
const PAUSE_MS = 100;
const PAUSE_AFTER_ERROR_MS = 1000;
/** A message may have been hidden that much shorter than asked for, as by the way to the application. */
const TOLERANCE_MS = 500;
/** How often what is kept is hidden anew. */
const RENEWALS = 4;

interface State<M> {
  readonly member: PullMember<M>;
  readonly polls: Set<Poll<M>>;
  /** What is being given back. */
  readonly returns: Set<Promise<void>>;
  hasLeft: boolean;
  /** Told when a poll has ended. */
  onPollEnd?: () => void;
}

interface Poll<M> {
  readonly of: State<M>;
  readonly max: number;
  /** Whom it works for; undefined: that one was answered. */
  waiter: Waiter<M> | undefined;
}

interface Waiter<M> {
  readonly max: number;
  readonly invisible: number;
  readonly resolve: (messages: M[]) => void;
  readonly reject: (error: unknown) => void;
  /** What is kept is being made ready for it. */
  isAnswered: boolean;
  /** What its poll of the main consumer ended with meanwhile. */
  mainEnd?: () => void;
}

interface Kept<M> {
  readonly of: State<M>;
  readonly message: M;
  /** When others of the group may get it. */
  hiddenUntil: number;
  timer: NodeJS.Timeout | undefined;
  renewals: number;
  /** It is being hidden anew. Never rejects. */
  renewing: Promise<void> | undefined;
}

export function pullFamily<M>(main: PullMember<M>): PullFamily<M> {
  const stateOf = (member: PullMember<M>): State<M> => ({
    member,
    polls: new Set(),
    returns: new Set(),
    hasLeft: false,
  });
  const first = stateOf(main);
  const states = new Map<PullMember<M>, State<M>>([[main, first]]);
  const waiters: Waiter<M>[] = [];
  let kept: Kept<M>[] = [];
  /** Nobody asks any more; and then there is no connection any more either. */
  let isClosing = false;
  let isClosed = false;
  const removals = new Set<Promise<void>>();

  function returnAll(of: State<M>, messages: readonly M[]): Promise<void> {
    // What nobody got then comes again when its invisible time is over.
    if (messages.length === 0 || isClosed) return Promise.resolve();
    const returned = of.member.giveBack(messages).then(() => void of.returns.delete(returned));
    of.returns.add(returned);
    return returned;
  }

  function keep(of: State<M>, messages: readonly M[], invisible: number): void {
    for (const message of messages) {
      const hiddenUntil = Date.now() + invisible;
      const one: Kept<M> = { of, message, hiddenUntil, timer: undefined, renewals: RENEWALS, renewing: undefined };
      kept.push(one);
      keepOn(one, invisible);
    }
  }

  /** Until half of its invisible time is gone. */
  function keepOn(one: Kept<M>, invisible: number): void {
    const { of, message } = one;
    const drop = () => {
      kept = kept.filter(other => other !== one);
    };
    one.timer = setTimeout(() => {
      if (one.renewals-- === 0) {
        drop();
        void returnAll(of, [message]);
        return;
      }
      one.renewing = of.member
        .renew(message, invisible)
        .then(() => {
          one.hiddenUntil = Date.now() + invisible;
          if (kept.includes(one)) keepOn(one, invisible);
          // It is another's by now, or will be.
        }, drop)
        .then(() => {
          one.renewing = undefined;
        });
    }, invisible / 2);
    // Keeps no process alive: what ends with it comes again by itself.
    one.timer.unref?.();
  }

  /** Gives back what is kept of `of`: nobody gets it any more. */
  function returnKept(of: State<M>): void {
    const its = kept.filter(one => one.of === of);
    kept = kept.filter(one => one.of !== of);
    for (const { timer } of its) clearTimeout(timer);
    const messages = its.map(({ message }) => message);
    const renewing = its.flatMap(one => one.renewing ?? []);
    if (renewing.length === 0) return void returnAll(of, messages);
    const returned = Promise.all(renewing)
      .then(() => returnAll(of, messages))
      .then(() => void of.returns.delete(returned));
    of.returns.add(returned);
  }

  /** The waiter is done; its polls go on, for whoever comes next. */
  function release(waiter: Waiter<M>): void {
    const index = waiters.indexOf(waiter);
    if (index !== -1) waiters.splice(index, 1);
    for (const { polls } of states.values()) {
      for (const poll of polls) if (poll.waiter === waiter) poll.waiter = undefined;
    }
  }

  function serve(preferred?: Waiter<M>): void {
    const isFree = (waiter: Waiter<M> | undefined) =>
      waiter !== undefined && !waiter.isAnswered && waiters.includes(waiter);
    while (kept.length > 0) {
      const waiter = isFree(preferred) ? preferred : waiters.find(isFree);
      if (waiter === undefined) return;
      const batch = kept.slice(0, waiter.max);
      kept = kept.slice(waiter.max);
      answer(waiter, batch);
    }
  }

  function answer(waiter: Waiter<M>, batch: readonly Kept<M>[]): void {
    for (const { timer } of batch) clearTimeout(timer);
    const isHidden = ({ hiddenUntil, renewing }: Kept<M>) =>
      renewing === undefined && hiddenUntil >= Date.now() + waiter.invisible - TOLERANCE_MS;
    if (batch.every(isHidden)) {
      release(waiter);
      waiter.resolve(batch.map(({ message }) => message));
      return;
    }
    waiter.isAnswered = true;
    void Promise.all(
      batch.map(async one => {
        await one.renewing;
        if (isHidden(one)) return one;
        return one.of.member.renew(one.message, waiter.invisible).then(
          () => one,
          // It is another's by now, or will be.
          () => undefined,
        );
      }),
    ).then(renewed => {
      const ready = renewed.filter(one => one !== undefined);
      const gone = ready.filter(({ of }) => of.hasLeft);
      for (const of of new Set(gone.map(one => one.of))) {
        void returnAll(
          of,
          gone.filter(one => one.of === of).map(({ message }) => message),
        );
      }
      const messages = ready.filter(({ of }) => !of.hasLeft).map(({ message }) => message);
      if (messages.length > 0) {
        release(waiter);
        waiter.resolve(messages);
        return;
      }
      waiter.isAnswered = false;
      if (waiter.mainEnd !== undefined) waiter.mainEnd();
      else {
        serve(waiter);
        if (waiters.includes(waiter)) for (const of of states.values()) poll(of, waiter);
      }
    });
  }

  /** Sees to it that a poll of `of` is on its way for `waiter`. */
  function poll(of: State<M>, waiter: Waiter<M>): void {
    const polls = [...of.polls];
    if (of.hasLeft || polls.some(one => one.waiter === waiter)) return;
    const adopted = polls.find(one => one.waiter === undefined && one.max <= waiter.max);
    if (adopted !== undefined) {
      adopted.waiter = waiter;
      return;
    }
    const { max, invisible } = waiter;
    const sent: Poll<M> = { of, max, waiter };
    of.polls.add(sent);
    const sentAt = Date.now();
    of.member.poll(max, invisible).then(
      messages => {
        of.polls.delete(sent);
        if (of.hasLeft || (isClosing && sent.waiter === undefined)) void returnAll(of, messages);
        else keep(of, messages, invisible);
        const { waiter: next } = sent;
        serve(next);
        if (messages.length === 0 || of.hasLeft) ended(sent, () => next?.resolve([]), PAUSE_MS - (Date.now() - sentAt));
        else if (next !== undefined && waiters.includes(next) && !next.isAnswered) poll(of, next);
        of.onPollEnd?.();
      },
      (error: unknown) => {
        of.polls.delete(sent);
        if (of !== first || sent.waiter === undefined) of.member.onError?.(error);
        ended(sent, () => sent.waiter?.reject(error), PAUSE_AFTER_ERROR_MS);
        of.onPollEnd?.();
      },
    );
  }

  /** Settles when no such poll is on its way any more, and everything is given back. */
  async function idle(of: State<M>, isMeant: (poll: Poll<M>) => boolean = () => true): Promise<void> {
    await new Promise<void>(resolve => {
      of.onPollEnd = () => {
        if (![...of.polls].some(isMeant)) resolve();
      };
      of.onPollEnd();
    });
    while (of.returns.size > 0) await Promise.all(of.returns);
  }

  /** A poll brought nothing. That of the main consumer answers with it, `settle`; that of a stand-in is sent again. */
  function ended({ of, waiter }: Poll<M>, settle: () => void, pause: number): void {
    if (waiter === undefined || !waiters.includes(waiter)) return;
    if (of === first) {
      const end = () => {
        release(waiter);
        settle();
      };
      if (waiter.isAnswered) waiter.mainEnd = end;
      else end();
      return;
    }
    setTimeout(
      () => {
        if (waiters.includes(waiter) && !waiter.isAnswered) poll(of, waiter);
      },
      Math.max(0, pause),
    ).unref?.();
  }

  return {
    receive(max, invisible) {
      isClosing = false;
      isClosed = false;
      return new Promise((resolve, reject) => {
        const waiter: Waiter<M> = { max, invisible, resolve, reject, isAnswered: false };
        waiters.push(waiter);
        serve(waiter);
        if (!waiters.includes(waiter) || waiter.isAnswered) return;
        for (const of of states.values()) poll(of, waiter);
      });
    },
    add(member) {
      const of = stateOf(member);
      states.set(member, of);
      for (const waiter of waiters) if (!waiter.isAnswered) poll(of, waiter);
    },
    remove(member) {
      const of = states.get(member);
      if (of === undefined) return Promise.resolve();
      of.hasLeft = true;
      states.delete(member);
      returnKept(of);
      const removal = idle(of).then(() => void removals.delete(removal));
      removals.add(removal);
      return removal;
    },
    async close(limit) {
      isClosing = true;
      const rest = [...states.values()].map(of => {
        returnKept(of);
        return idle(of, poll => poll.waiter === undefined);
      });
      await Promise.race([Promise.all([...rest, ...removals]), limit]);
      isClosed = true;
    },
  };
}
