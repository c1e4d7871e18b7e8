/**
 * Receiving from several consumers as if they were one: the application's own and its stand-ins. Knows no client.
 *
 * A `receive()` has a poll on its way at each member. The first that brings something answers it; polls that are still on
 * their way then are taken on by the next one. What they bring meanwhile is kept for it, as is what would be too much. An
 * empty answer, or an error, is the main consumer's: only that is the application's.
 */
import { type Family, memberOf, type PullMember, type Waiter } from './family-state';
import { giveBackKept } from './kept-messages';
import { idle, isWaiting, poll, pollAll, serve } from './polls';

export type { PullMember };

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

export function pullFamily<M>(consumer: PullMember<M>): PullFamily<M> {
  const main = memberOf(consumer);
  const family: Family<M> = {
    main,
    members: new Map([[consumer, main]]),
    waiters: [],
    kept: [],
    isClosing: false,
    isClosed: false,
  };
  const removals = new Set<Promise<void>>();

  return {
    receive(max, invisible) {
      family.isClosing = false;
      family.isClosed = false;
      return new Promise((resolve, reject) => {
        const waiter: Waiter<M> = { max, invisible, resolve, reject, isAnswered: false };
        family.waiters.push(waiter);
        serve(family, waiter);
        if (isWaiting(family, waiter)) pollAll(family, waiter);
      });
    },
    add(added) {
      const member = memberOf(added);
      family.members.set(added, member);
      for (const waiter of family.waiters) if (!waiter.isAnswered) poll(family, member, waiter);
    },
    remove(removed) {
      const member = family.members.get(removed);
      if (member === undefined) return Promise.resolve();
      member.hasLeft = true;
      family.members.delete(removed);
      giveBackKept(family, member);
      const removal = idle(member).then(() => void removals.delete(removal));
      removals.add(removal);
      return removal;
    },
    async close(limit) {
      family.isClosing = true;
      const rest = [...family.members.values()].map(member => {
        giveBackKept(family, member);
        return idle(member, sent => sent.waiter === undefined);
      });
      await Promise.race([Promise.all([...rest, ...removals]), limit]);
      family.isClosed = true;
    },
  };
}
