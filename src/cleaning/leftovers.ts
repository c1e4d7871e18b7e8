/** Which environments of a fleet nobody uses any more, by what its brokers and name servers say. Pure. */
import { ago, plural } from '../inspection/cluster/amounts';
import type { Fleet, Group } from '../inspection/fleet/fleet-shape';

export interface LeftoverQuestion {
  /** Ms since the last sign of a tag. */
  readonly olderThanMs: number;
  readonly isMeant: (tag: string) => boolean;
  /** Also groups in which messages that failed still wait, or lie as dead letters. */
  readonly withMessages: boolean;
}

/** A canary's group that has a marker. */
export interface Leftover {
  readonly group: string;
  readonly baselineGroup: string;
  readonly tag: string;
  readonly topics: readonly string[];
  /** Ms since its marker was written. */
  readonly ageMs: number;
  /** Why it stays; undefined: nobody uses it any more. */
  readonly use: string | undefined;
  /** Messages that are dropped with it. */
  readonly retries: number;
  readonly deadLetters: number;
}

/** Only groups that have a marker: a name alone does not prove that a group is a canary's. In the order of the fleet. */
export function leftoversOf(fleet: Fleet, question: LeftoverQuestion): Leftover[] {
  return fleet.groups.flatMap(group => {
    const { tag, phase, markedAt } = group;
    if (tag === null || phase === null || !question.isMeant(tag)) return [];
    const ageMs = Math.max(0, fleet.at - (markedAt ?? fleet.at));
    return [
      {
        group: group.group,
        baselineGroup: group.baselineGroup,
        tag,
        topics: group.topics.map(({ topic }) => topic),
        ageMs,
        use: useOf(fleet, group, ageMs, question),
        retries: group.retries ?? 0,
        deadLetters: group.deadLetters ?? 0,
      },
    ];
  });
}

function useOf(fleet: Fleet, group: Group, ageMs: number, question: LeftoverQuestion): string | undefined {
  const { tag, consumers, standIns, isDeclared, phase, retries, deadLetters, takenBy, backlog } = group;
  if (fleet.unanswered.length > 0) return `it is not known who uses it: ${fleet.unanswered[0]}`;
  if (group.isAnnounced === true) return `a canary of ${tag} is there`;
  if (consumers > 0 || standIns > 0) return `it has members: ${members(group)}`;
  if (takenBy === 'unknown') return 'it is not known who is in it';
  if (isDeclared) return `a baseline process declares ${tag} (GRAY_MQ_TAGS)`;
  if (phase !== 'retired') {
    const baseline = fleet.environments.find(environment => environment.tag === null);
    const keepers = baseline?.instances.filter(({ groups }) => groups.includes(group.baselineGroup)).length ?? 0;
    if (keepers > 0) return `the baseline looks after ${tag} until it gives it up (GRAY_MQ_RETENTION)`;
    // What was left out for it before the baseline ended is still to be consumed there.
    if (backlog === null) return 'it is not known what waits in it';
    if (backlog > 0) return `${plural(backlog, 'message')} wait in it, and no baseline process is there to take them`;
  }
  if (ageMs < question.olderThanMs) return `its last sign is only ${ago(ageMs)} ago`;
  if (retries === null || deadLetters === null) return 'it is not known what failed in it';
  if (!question.withMessages && retries > 0) return `${plural(retries, 'failed message')} wait in it`;
  if (!question.withMessages && deadLetters > 0) return `it has ${plural(deadLetters, 'dead letter')}`;
  return undefined;
}

function members({ members }: Group): string {
  return members.map(({ clientId }) => clientId).join(', ') || 'by announcements';
}
