/**
 * Messages that nobody has asked for yet. When half of its invisible time is gone a message is hidden anew, a few times: giving
 * it back may use up one of its attempts, and while the application is busy with one message after the other that would come
 * again and again. Then it goes back to its group.
 */
import type { Family, Kept, Member } from './family-state';

/** How often what is kept is hidden anew. */
const RENEWALS = 4;
/** A message may have been hidden that much shorter than asked for, ms, as by the way to the application. */
const TOLERANCE_MS = 500;

export function keep<M>(family: Family<M>, member: Member<M>, messages: readonly M[], invisible: number): void {
  for (const message of messages) {
    const hiddenUntil = Date.now() + invisible;
    const entry: Kept<M> = {
      member,
      message,
      hiddenUntil,
      timer: undefined,
      renewals: RENEWALS,
      renewing: undefined,
    };
    family.kept.push(entry);
    keepOn(family, entry, invisible);
  }
}

/** Until half of its invisible time is gone. */
function keepOn<M>(family: Family<M>, entry: Kept<M>, invisible: number): void {
  const { member, message } = entry;
  const drop = () => {
    family.kept = family.kept.filter(other => other !== entry);
  };
  entry.timer = setTimeout(() => {
    if (entry.renewals-- === 0) {
      drop();
      void giveBack(family, member, [message]);
      return;
    }
    entry.renewing = member.consumer
      .renew(message, invisible)
      .then(() => {
        entry.hiddenUntil = Date.now() + invisible;
        if (family.kept.includes(entry)) keepOn(family, entry, invisible);
        // It is another's by now, or will be.
      }, drop)
      .then(() => {
        entry.renewing = undefined;
      });
  }, invisible / 2);
  // Keeps no process alive: what ends with it comes again by itself.
  entry.timer.unref?.();
}

/** Takes what was kept longest. */
export function takeKept<M>(family: Family<M>, max: number): readonly Kept<M>[] {
  const batch = family.kept.slice(0, max);
  family.kept = family.kept.slice(max);
  for (const { timer } of batch) clearTimeout(timer);
  return batch;
}

/** Whether others of the group get it no sooner than a receiver asked for. */
export function isHidden<M>({ hiddenUntil, renewing }: Kept<M>, invisible: number): boolean {
  return renewing === undefined && hiddenUntil >= Date.now() + invisible - TOLERANCE_MS;
}

/** Hides what was taken for as long as a receiver asked for: those for which it was not too late. */
export async function hide<M>(batch: readonly Kept<M>[], invisible: number): Promise<readonly Kept<M>[]> {
  const hidden = await Promise.all(
    batch.map(async entry => {
      await entry.renewing;
      if (isHidden(entry, invisible)) return entry;
      return entry.member.consumer.renew(entry.message, invisible).then(
        () => entry,
        // It is another's by now, or will be.
        () => undefined,
      );
    }),
  );
  return hidden.filter(entry => entry !== undefined);
}

/** Gives messages back to the group of `member`. Never rejects. */
export function giveBack<M>(
  family: Family<M>,
  { consumer, returns }: Member<M>,
  messages: readonly M[],
): Promise<void> {
  // What nobody got then comes again when its invisible time is over.
  if (messages.length === 0 || family.isClosed) return Promise.resolve();
  const returned = consumer.giveBack(messages).then(() => void returns.delete(returned));
  returns.add(returned);
  return returned;
}

/** Gives back what is kept of `member`: nobody gets it any more. */
export function giveBackKept<M>(family: Family<M>, member: Member<M>): void {
  const its = family.kept.filter(entry => entry.member === member);
  family.kept = family.kept.filter(entry => entry.member !== member);
  for (const { timer } of its) clearTimeout(timer);
  const messages = its.map(({ message }) => message);
  const renewing = its.flatMap(entry => entry.renewing ?? []);
  if (renewing.length === 0) return void giveBack(family, member, messages);
  const returned = Promise.all(renewing)
    .then(() => giveBack(family, member, messages))
    .then(() => void member.returns.delete(returned));
  member.returns.add(returned);
}
