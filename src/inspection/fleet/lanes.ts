/** Which groups of a fleet are worth asking about, and which topics they read. Pure. */

import { isInstanceTag } from '../../names/tag';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import { canaryGroup } from '../../rocketmq/plan/group-name';
import { inNaturalOrder } from '../cluster/amounts';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { type Answer, valueIn } from '../cluster/answer';
import type { GroupStats } from '../cluster/consumer-groups';
import type { GroupMembers } from '../cluster/group-members';

/** A consumer group in an environment. */
export interface Lane {
  readonly group: string;
  readonly baselineGroup: string;
  /** Undefined: the baseline's. */
  readonly tag: string | undefined;
  readonly marker: Marker | undefined;
}

interface Known {
  readonly question: { readonly groups: readonly string[]; readonly tags: readonly string[] };
  readonly markers: Answer<ReadonlyMap<string, readonly Marker[]>>;
  readonly brokers: readonly { readonly announcements: Answer<readonly AnnouncedProcess[]> }[];
}

/**
 * The groups that were asked for; of all groups those that an agent announces or a marker names, each with the groups of
 * its canaries. Ordered by name, the baseline's first.
 */
export function lanesOf({ question, markers, brokers }: Known): Lane[] {
  const tags = new Map<string, Set<string>>();
  const know = (group: string, ...more: string[]) => {
    const known = tags.get(group) ?? new Set<string>();
    tags.set(group, known);
    for (const tag of more) known.add(tag);
  };
  const marked = valueIn(markers) ?? new Map<string, readonly Marker[]>();
  for (const [group, all] of marked) know(group, ...all.map(({ tag }) => tag));
  for (const { announcements } of brokers) {
    for (const { kind, group, announcer } of valueIn(announcements) ?? []) {
      if (kind === 'settings') continue;
      if (kind === 'baseline') know(group);
      else if (kind === 'canary') {
        if (isInstanceTag(announcer.name)) know(group, announcer.name);
      } else if (kind !== 'beside') {
        // Of those the group's name has a topic behind it.
        const parts = partsOf(group);
        if (parts !== undefined) know(parts.baselineGroup, parts.tag);
      }
    }
  }
  const names = question.groups.length > 0 ? [...question.groups] : [...tags.keys()].sort(inNaturalOrder);
  return names.flatMap(baselineGroup => {
    const all = [...new Set([...(tags.get(baselineGroup) ?? []), ...question.tags])].sort(inNaturalOrder);
    const baseline: Lane = { group: baselineGroup, baselineGroup, tag: undefined, marker: undefined };
    const canaries = all.map(tag => ({
      group: canaryGroup(baselineGroup, tag),
      baselineGroup,
      tag,
      marker: marked.get(baselineGroup)?.find(marker => marker.tag === tag),
    }));
    return [baseline, ...canaries];
  });
}

/** A canary's group apart; tags hold no underscore. */
function partsOf(group: string): { readonly baselineGroup: string; readonly tag: string } | undefined {
  const end = group.lastIndexOf('_');
  const tag = group.slice(end + 1);
  return end > 0 && isInstanceTag(tag) ? { baselineGroup: group.slice(0, end), tag } : undefined;
}

/** Topics of retries are a group's own: they are no flow between services. */
export function isOwnTopic(topic: string): boolean {
  return topic.startsWith('%RETRY%') || topic.startsWith('%DLQ%');
}

/** The topics that a group reads, by where it stands, what its members subscribe to, and what is written down. */
export function topicsOf(
  answers: readonly { readonly members: Answer<GroupMembers>; readonly stats: Answer<GroupStats> }[],
  marker: Marker | undefined,
): string[] {
  const topics = answers.flatMap(({ members, stats }) => [
    ...(valueIn(stats)?.queues ?? []).map(({ topic }) => topic),
    ...Object.keys(valueIn(members)?.filters ?? {}),
  ]);
  return [...new Set([...topics, ...(marker?.topics ?? [])])].filter(topic => !isOwnTopic(topic)).sort(inNaturalOrder);
}
