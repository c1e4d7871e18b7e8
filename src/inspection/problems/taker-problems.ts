/** Messages of a tag that nobody takes, or both environments. Pure. */
import { plural } from '../cluster/amounts';
import type { Problem } from './check';
import type { CanaryFacts, FamilyFacts } from './facts';
import { announcedAs, isTakenByFilter, type Taking, takingOf } from './taking';

export function takerProblems(family: FamilyFacts, canary: CanaryFacts): Problem[] {
  const topics = topicsOf(family, canary);
  const takings = topics.map(topic => ({ topic, taking: takingOf(family, canary, topic) }));
  const without = takings.filter(({ taking }) => taking.by === 'nobody');
  const problems: Problem[] = [];
  if (without.length > 0) {
    // In all its topics, or by name.
    const named = without.length === takings.length ? [] : without.map(({ topic }) => topic);
    const lying = without.map(({ topic }) => topic);
    problems.push(takenByNobody(family, canary, lying, named, whyIn(without[0]?.taking)));
  }
  const [first] = takings;
  if (first?.taking.by === 'nobody online') {
    const finding = `nobody is online, in ${family.baseline.group} or ${canary.group}`;
    problems.push({ ...looked(family, canary), verdict: 'warn', finding });
  }
  if (first?.taking.by === 'unknown') {
    problems.push({ ...looked(family, canary), verdict: 'unknown', finding: first.taking.problem });
  }
  const twice = takings.find(({ taking }) => taking.by === 'both') ?? takings.find(isTakenTwice(family, canary));
  if (twice !== undefined) problems.push(takenTwice(family, canary, twice.taking));
  return problems;
}

function topicsOf({ topics, baseline }: FamilyFacts, { filters, marker, backlog }: CanaryFacts): readonly string[] {
  if (topics !== undefined) return topics;
  const known = [...baseline.filters.keys(), ...filters.keys(), ...backlog.keys(), ...(marker?.topics ?? [])];
  return [...new Set(known)].filter(topic => !topic.startsWith('%')).sort();
}

function looked({ baseline }: FamilyFacts, { tag, group }: CanaryFacts) {
  return { check: 'who takes it', subject: `messages of ${tag} for ${baseline.group}`, group };
}

function whyIn(taking: Taking | undefined): string {
  return taking?.by === 'nobody' ? taking.why : '';
}

function takenByNobody(
  family: FamilyFacts,
  canary: CanaryFacts,
  topics: readonly string[],
  named: readonly string[],
  why: string,
): Problem {
  const { tag, group, state, members } = canary;
  const backlog = topics.reduce((sum, topic) => sum + (canary.backlog.get(topic) ?? 0), 0);
  const where = named.length === 0 ? '' : ` of ${named.join(', ')}`;
  const because = why === '' ? '' : ` (${why})`;
  const unsubscribed = members.length > 0 ? `, to which nobody in ${group} subscribes` : '';
  const isIgnored = family.assumed.ignoredTags.includes(tag);
  const start =
    members.length > 0
      ? `start a canary (GRAY_TAG=${tag}) that subscribes to ${topics.join(', ')}`
      : `start a canary (GRAY_TAG=${tag})`;
  const standIn = 'a baseline process with GRAY_MQ_BASELINE=auto and GRAY_MQ_NAMESRV, which stands in for it';
  const remedies = [
    isIgnored
      ? `${start}: with ${tag} in GRAY_MQ_IGNORE_TAGS the baseline never takes them`
      : `${start}, or ${standIn}`,
  ];
  const problem = { ...looked(family, canary), remedies };
  if (state === 'missing') {
    const finding = `nobody${where}${because}: ${group} does not exist, so what comes now is passed over`;
    return { ...problem, verdict: 'fail', finding };
  }
  const waiting = backlog > 0 ? `, and ${plural(backlog, 'message')} of all environments lie before it` : '';
  const finding = `nobody${where}${unsubscribed}: they wait in ${group}${waiting}${because}`;
  return { ...problem, verdict: backlog > 0 ? 'fail' : 'warn', finding };
}

/** In the other modes it is not: what gRPC clients told as they started is no proof. */
function isTakenTwice(family: FamilyFacts, canary: CanaryFacts): (of: { taking: Taking; topic: string }) => boolean {
  const { baseline, assumed, announced } = family;
  const isThere =
    baseline.members.length > 0 || (baseline.isHeard && announcedAs(announced, 'baseline', baseline).length > 0);
  return ({ taking, topic }) =>
    (taking.by === 'canary' || taking.by === 'stand-ins') &&
    isThere &&
    assumed.baselineMode === 'all' &&
    !assumed.ignoredTags.includes(canary.tag) &&
    isTakenByFilter(family, canary.tag, [topic]) !== false;
}

function takenTwice(family: FamilyFacts, canary: CanaryFacts, taking: Taking): Problem {
  const problem = { ...looked(family, canary), verdict: 'warn' as const };
  if (taking.by === 'both') {
    return {
      ...problem,
      isPassing: true,
      finding: `the canary, and ${plural(taking.standIns, 'stand-in')} of the baseline beside it: they are handing over`,
      remedies: ['look again in a few seconds; a stand-in that stays is that of a process that hangs: restart it'],
    };
  }
  return {
    ...problem,
    finding: `${inItsGroup(taking, canary.group)}, and consumers in ${family.baseline.group} as well: GRAY_MQ_BASELINE=all`,
    remedies: ['GRAY_MQ_BASELINE=auto for every process of the fleet, and they are handled once'],
  };
}

/** Who is in the canary's group, in words. */
export function inItsGroup(taking: Taking, group: string): string {
  if (taking.by === 'stand-ins') return `the baseline: ${plural(taking.standIns, 'stand-in')} in ${group}`;
  if (taking.by !== 'canary') return '';
  const { canaries, canary } = taking;
  return `the canary: ${canary === 'consumer' ? plural(canaries, canary) : plural(canaries, canary, 'processes')} in ${group}`;
}
