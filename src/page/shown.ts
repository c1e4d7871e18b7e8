/** Which part of a fleet is shown, and as what: what somebody looks for, and what is known of it now. Pure. */
import type { Fleet, Group } from '../inspection/fleet/fleet-shape';

export interface View {
  /** Words that a group, its environment, its topics or its members have in their names. */
  readonly query: string;
  /** Groups that nobody has been in for an hour are shown, too. */
  readonly hasFolded: boolean;
}

export function shownIn(fleet: Fleet, { query, hasFolded }: View): Fleet {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = fleet.groups.filter(group => (hasFolded || !group.isFolded) && words.every(isIn(group)));
  const tags = new Set(groups.map(({ tag }) => tag));
  const environments = fleet.environments.filter(({ tag }) => tags.has(tag));
  if (words.length === 0) return { ...fleet, groups, environments };
  const topics = new Set(groups.flatMap(group => group.topics.map(({ topic }) => topic)));
  return { ...fleet, groups, environments, topics: fleet.topics.filter(({ topic }) => topics.has(topic)) };
}

function isIn({ group, tag, topics, members }: Group): (word: string) => boolean {
  const names = [group, tag ?? 'baseline', ...topics.map(({ topic }) => topic), ...members.map(one => one.clientId)];
  const text = names.join(' ').toLowerCase();
  return word => text.includes(word);
}

/** The same picture when nobody says any more how it is: no number of it holds. */
export function withoutNumbers(fleet: Fleet): Fleet {
  const unknown = { backlog: null, retries: null, deadLetters: null, takenPerSecond: null };
  return {
    ...fleet,
    environments: fleet.environments.map(one => ({ ...one, ...unknown, standInShare: null })),
    groups: fleet.groups.map(group => ({
      ...group,
      ...unknown,
      topics: group.topics.map(flow => ({ ...flow, backlog: null, takenPerSecond: null })),
    })),
    topics: fleet.topics.map(topic => ({ ...topic, putPerSecond: null })),
  };
}
