/** Who takes the messages of a tag in a topic. Pure. */
import { groupBeside } from '../../rocketmq/presence/announcement-name';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { isKnown, valueIn } from '../cluster/answer';
import { isAllTold } from '../cluster/group-members';
import { withoutAnnouncement } from './announced-members';
import type { CanaryFacts, FamilyFacts, GroupFacts } from './facts';
import { takesTag } from './filter-for-tag';

export interface Takers {
  readonly canaries: number;
  readonly standIns: number;
  /** What canaries are: members of the group, or processes that announce themselves where nobody says who is a member. */
  readonly canary: 'consumer' | 'process';
}

export type Taking =
  | ({ readonly by: 'canary' | 'stand-ins' | 'both' } & Takers)
  | { readonly by: 'baseline'; readonly why: string }
  /** They wait in the canary's group, or are passed over where there is none. */
  | { readonly by: 'nobody'; readonly why: string }
  | { readonly by: 'nobody online' }
  | { readonly by: 'unknown'; readonly problem: string };

export function takingOf(family: FamilyFacts, canary: CanaryFacts, topic: string): Taking {
  const takers = takersOf(family, canary, topic);
  if (takers.canaries > 0) return { by: takers.standIns > 0 ? 'both' : 'canary', ...takers };
  if (takers.standIns > 0) return { by: 'stand-ins', ...takers };
  if (canary.unseen !== undefined) return { by: 'unknown', problem: canary.unseen.problem };
  return takenElsewhere(family, canary, topic);
}

/** Who is in the canary's group for a topic, by who is connected and by what processes say of themselves. */
function takersOf({ announced }: FamilyFacts, canary: CanaryFacts, topic: string): Takers {
  const members = subscribersTo(canary, topic);
  const count = (wanted: AnnouncedProcess['kind']) =>
    canary.isHeard ? announcedAs(announced, wanted, canary).length : 0;
  const standIns = members.filter(({ isStandIn }) => isStandIn).length;
  // Stand-ins in a topic that the canary leaves out: it is in the group, and does not take this.
  const isBeside = announcedAs(announced, 'beside', { group: groupBeside(canary.group, topic) }).length > 0;
  if (isBeside && standIns > 0) return { canaries: 0, standIns, canary: 'consumer' };
  const canaries = members.length - standIns;
  return {
    canaries: canaries > 0 ? canaries : count('canary'),
    standIns: standIns > 0 ? standIns : count('stand-in'),
    canary: canaries > 0 ? 'consumer' : 'process',
  };
}

/** Members of a group, where some of them may subscribe to the topic. */
function subscribersTo({ members, filters }: GroupFacts, topic: string): GroupFacts['members'] {
  return filters.size === 0 || filters.has(topic) || !isAllTold(members) ? members : [];
}

export function announcedAs(
  announced: FamilyFacts['announced'],
  wanted: AnnouncedProcess['kind'],
  { group, tag }: { readonly group: string; readonly tag?: string },
): AnnouncedProcess[] {
  return (valueIn(announced) ?? []).filter(({ kind, group: other, announcer }) => {
    if (kind !== wanted) return false;
    // Canaries are announced in the baseline's group.
    return kind === 'canary' ? announcer.name === tag : other === group;
  });
}

/** Consumers of the baseline that do not announce themselves; undefined: not known. */
export function baselineStrangers({ baseline, announced }: FamilyFacts): GroupFacts['members'] | undefined {
  if (!isKnown(announced)) return undefined;
  return withoutAnnouncement(baseline.members, announcedAs(announced, 'baseline', baseline));
}

/** Whether the baseline's group takes messages of the tag, by what its members told the brokers; undefined: not known. */
export function isTakenByFilter(
  { baseline, assumed }: FamilyFacts,
  tag: string,
  topics: readonly string[],
): boolean | undefined {
  const filters = topics.flatMap(topic => baseline.filters.get(topic) ?? []);
  const answers = filters.map(filter => takesTag(filter, assumed.key, tag));
  if (answers.includes(true)) return assumed.isFilteredInClient ? undefined : true;
  return answers.length === 0 || answers.includes(undefined) ? undefined : false;
}

/** Nobody is in the canary's group. */
function takenElsewhere(family: FamilyFacts, canary: CanaryFacts, topic: string): Taking {
  const { baseline, assumed, announced } = family;
  const { tag, marker } = canary;
  const byFilter = isTakenByFilter(family, tag, [topic]);
  const strangers = baselineStrangers(family) ?? [];
  if (assumed.ignoredTags.includes(tag)) return { by: 'nobody', why: `${tag} is in GRAY_MQ_IGNORE_TAGS` };
  if (byFilter === false) return { by: 'nobody', why: `every consumer of ${baseline.group} leaves ${tag} out` };
  if (assumed.baselineMode === 'none' && byFilter === undefined) return { by: 'nobody', why: 'GRAY_MQ_BASELINE=none' };
  const isItsTopic = marker?.topics?.includes(topic) ?? true;
  const isMarked = (marker?.phase === 'managed' || marker?.phase === 'draining') && isItsTopic;
  // Agents leave nothing to a group that is not there.
  const isManaged = canary.state !== 'missing' && (isMarked || announcedAs(announced, 'declared', canary).length > 0);
  if (isManaged && assumed.baselineMode === 'auto' && strangers.length === 0) return { by: 'nobody', why: '' };
  const isThere =
    baseline.members.length > 0 || (baseline.isHeard && announcedAs(announced, 'baseline', baseline).length > 0);
  if (!isThere) return { by: 'nobody online' };
  return { by: 'baseline', why: whyBaseline(family, canary, { isItsTopic, isManaged }) };
}

function whyBaseline(
  { assumed }: FamilyFacts,
  { tag, marker, members, group, state }: CanaryFacts,
  { isItsTopic, isManaged }: { readonly isItsTopic: boolean; readonly isManaged: boolean },
): string {
  if (assumed.baselineMode === 'all') return 'GRAY_MQ_BASELINE=all';
  if (isManaged) return 'those of its consumers that do not announce themselves';
  if (!isItsTopic) return `${tag} does not subscribe to the topic`;
  if (state === 'missing' && marker !== undefined) return `${group} does not exist`;
  if (members.length > 0) return `nobody in ${group} subscribes to the topic`;
  if (marker?.phase === 'retired') return `${tag} is given up`;
  return `${tag} has never been there`;
}
