/** Who takes the tag's messages. */
import { plural } from '../cluster/amounts';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { isKnown, valueIn } from '../cluster/answer';
import { areApart } from '../cluster/proxies';
import { type Announced, announcedOn } from './announced-on';
import { type Check, type Looked, notKnown } from './check';
import type { DoctorPicture } from './doctor-picture';
import { backlogOf } from './group-on-brokers';
import { type Online, onlineOn } from './online';

export function takerChecks(picture: DoctorPicture): Check[] {
  const check = { check: 'who takes it', subject: `messages of ${picture.question.tag}` };
  const online = onlineOn(picture, 'canary');
  const announced = announcedOn(picture.brokers);
  // Where all are known who are connected, whoever is not takes nothing, whatever he announces.
  const isHeard = (seen: Online) => seen.problem !== undefined || areApart(picture.proxies);
  const takers = takersAmong(online, isHeard(online) ? announced : []);
  const baseline = onlineOn(picture, 'baseline');
  const isBaselineThere =
    baseline.members.length > 0 || (isHeard(baseline) && announced.some(({ kind }) => kind === 'baseline'));
  const taker =
    takers.canaries + takers.standIns > 0
      ? takenInItsGroup(check, picture, takers, isBaselineThere)
      : takenElsewhere(check, picture, online.problem, isBaselineThere ? 'there' : baseline);
  return [taker];
}

interface Takers {
  readonly canaries: number;
  readonly standIns: number;
  /** What they are called: members of the group, or processes that announce themselves where nobody says who is a member. */
  readonly canary: 'consumer' | 'process';
}

/** Who is in the canary's group, by what processes say of themselves and by who is connected. */
function takersAmong({ members }: Online, announced: readonly Announced[]): Takers {
  const count = (wanted: AnnouncedProcess['kind']) => announced.filter(({ kind }) => kind === wanted).length;
  const standIns = members.filter(({ isStandIn }) => isStandIn).length;
  const canaries = members.length - standIns;
  return {
    canaries: canaries > 0 ? canaries : count('canary'),
    standIns: standIns > 0 ? standIns : count('stand-in'),
    canary: canaries > 0 ? 'consumer' : 'process',
  };
}

/** Somebody is in the canary's group. */
function takenInItsGroup(check: Looked, picture: DoctorPicture, takers: Takers, isBaselineThere: boolean): Check {
  const { question, canaryGroup } = picture;
  const { canaries, standIns, canary } = takers;
  if (canaries > 0 && standIns > 0) {
    const finding = `the canary, and ${plural(standIns, 'stand-in')} of the baseline beside it: they are handing over`;
    const remedies = ['look again in a few seconds; a stand-in that stays is that of a process that hangs: restart it'];
    return { ...check, verdict: 'warn', finding, remedies };
  }
  const finding =
    canaries > 0
      ? `the canary: ${canary === 'consumer' ? plural(canaries, canary) : plural(canaries, canary, 'processes')} in ${canaryGroup}`
      : `the baseline: ${plural(standIns, 'stand-in')} in ${canaryGroup}`;
  // In the other modes it does not: what it has told its brokers is no proof, clients of gRPC tell no filter that changed.
  const takesToo = question.baselineMode === 'all' && isBaselineThere && !isIgnored(picture);
  if (!takesToo) return { ...check, verdict: 'ok', finding };
  return {
    ...check,
    verdict: 'warn',
    finding: `${finding}, and consumers in ${question.group} as well: GRAY_MQ_BASELINE=all`,
    remedies: ['GRAY_MQ_BASELINE=auto for every process of the fleet, and they are handled once'],
  };
}

/** Nobody is known to be in the canary's group. */
function takenElsewhere(
  check: Looked,
  picture: DoctorPicture,
  problem: Online['problem'],
  baseline: Online | 'there',
): Check {
  const { question, canaryGroup, markers, brokers } = picture;
  const { tag, group, baselineMode } = question;
  if (problem && !isKnown(problem)) return notKnown(check, problem);
  const phase = valueIn(markers)?.find(marker => marker.tag === tag)?.phase;
  const isDeclared = announcedOn(brokers).some(({ kind }) => kind === 'declared');
  const isManaged = phase === 'managed' || phase === 'draining' || isDeclared;
  if (isIgnored(picture) || baselineMode === 'none' || (isManaged && baselineMode === 'auto')) {
    return takenByNobody(check, picture);
  }
  if (baseline !== 'there')
    return { ...check, verdict: 'warn', finding: `nobody is online, in ${group} or ${canaryGroup}` };
  const unmanaged = phase === 'retired' ? `${tag} is given up` : `${tag} has never been there`;
  const why = baselineMode === 'all' ? 'GRAY_MQ_BASELINE=all' : unmanaged;
  return { ...check, verdict: 'ok', finding: `the baseline, in ${group}: ${why}` };
}

function takenByNobody(check: Looked, picture: DoctorPicture): Check {
  const { question, canaryGroup, brokers } = picture;
  const { tag } = question;
  const backlog = backlogOf(brokers, ({ canary }) => canary);
  const waiting = backlog > 0 ? `, and ${plural(backlog, 'message')} of all environments lie before it` : '';
  const standIn = 'a baseline process with GRAY_MQ_BASELINE=auto and GRAY_MQ_NAMESRV, which stands in for it';
  return {
    ...check,
    verdict: backlog > 0 ? 'fail' : 'warn',
    finding: `nobody: they wait in ${canaryGroup}${waiting}`,
    remedies: [
      isIgnored(picture)
        ? `start a canary (GRAY_TAG=${tag}): with ${tag} in GRAY_MQ_IGNORE_TAGS the baseline never takes them`
        : `start a canary (GRAY_TAG=${tag}), or ${standIn}`,
    ],
  };
}

/** Whether the baseline never takes messages of this tag. */
function isIgnored({ question }: DoctorPicture): boolean {
  return question.ignoredTags.includes(question.tag);
}
