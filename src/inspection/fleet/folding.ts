/** Groups that nobody has been in for long: they are of no interest, unless messages lie in them. Pure. */
import type { Problem } from '../problems/check';
import type { Group } from './fleet-shape';

/** Ms. */
const LONG_MS = 3_600_000;

/** @param at the time of the picture, ms since 1970 */
export function folded(groups: readonly Group[], at: number): Group[] {
  const isLeft = (group: Group) =>
    group.tag !== null && group.takenBy === 'nobody' && group.markedAt !== null && at - group.markedAt > LONG_MS;
  return groups.map(group => {
    if (group.tag !== null) return { ...group, isFolded: isLeft(group) };
    // What was written down of its canaries is all that is known of when somebody was in a baseline's group.
    const canaries = groups.filter(({ tag, baselineGroup }) => tag !== null && baselineGroup === group.group);
    const isFolded = group.takenBy === 'nobody' && canaries.length > 0 && canaries.every(isLeft);
    return { ...group, isFolded };
  });
}

/** Whether a problem is worth showing: none of a hand-over that is under way, nor that nobody is where nothing waits. */
export function isLasting(groups: readonly Group[]): (problem: Problem) => boolean {
  const left = new Set(groups.flatMap(({ group, isFolded }) => (isFolded ? [group] : [])));
  return ({ isPassing, check, verdict, group }) => {
    if (isPassing) return false;
    return !(check === 'who takes it' && verdict === 'warn' && group !== undefined && left.has(group));
  };
}
