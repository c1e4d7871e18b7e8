/** The agents that announce themselves. */
import { impliedTag } from '../../rocketmq/plan/implied-tag';
import { CANARY_SUFFIX } from '../../rocketmq/presence/consumer-client-id';
import { plural } from '../cluster/amounts';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { isKnown } from '../cluster/answer';
import { type Announced, announcedOn } from './announced-on';
import { type Check, type Looked, notKnown } from './check';
import type { DoctorPicture } from './doctor-picture';
import { onlineOn } from './online';

export function agentChecks(picture: DoctorPicture): Check[] {
  const { question, brokers } = picture;
  const check = { check: 'agents', subject: `of ${question.group}` };
  const unanswered = brokers.find(({ announcements }) => !isKnown(announcements));
  if (unanswered && !isKnown(unanswered.announcements)) return [notKnown(check, unanswered.announcements)];
  const announced = announcedOn(brokers);
  return [agentCheck(check, announced, picture), ...partlyKnown(check, announced, picture)];
}

function agentCheck(check: Looked, announced: readonly Announced[], picture: DoctorPicture): Check {
  const silent = consumersWithoutAgent(announced, picture);
  const others = otherCanaries(announced, picture);
  const versions = [...new Set(announced.map(({ announcer }) => announcer.version ?? 'unknown'))].sort();
  const details = announced.map(describe);
  if (silent.length > 0) {
    const remedies = [
      'see that they print their [rocketmq-gray] lines at start: --require rocketmq-gray/register, GRAY_MQ_NAMESRV, GRAY_MQ_BASELINE=auto (other modes do not announce themselves)',
    ];
    return { ...check, verdict: 'warn', finding: silent.join('; '), details, remedies };
  }
  if (versions.length > 1) {
    const remedies = ['let all processes of a fleet run one version'];
    return { ...check, verdict: 'warn', finding: `of several versions: ${versions.join(', ')}`, details, remedies };
  }
  if (announced.length === 0) return { ...check, verdict: 'ok', finding: others ?? 'none, and no consumer' };
  const processes = new Set(announced.map(({ announcer: { host, pid } }) => `${host} ${pid}`)).size;
  const own = `${plural(processes, 'process', 'processes')}, version ${versions[0]}`;
  return { ...check, verdict: 'ok', finding: others === undefined ? own : `${own}; ${others}`, details };
}

/** Canaries that another agent made what they are, or nobody: the baseline knows them by their filter. Undefined: none. */
function otherCanaries(announced: readonly Announced[], picture: DoctorPicture): string | undefined {
  const { question, canaryGroup } = picture;
  const { key, tag } = question;
  if (announced.some(({ kind }) => kind === 'canary')) return undefined;
  const { members, filters } = onlineOn(picture, 'canary');
  const others = members.filter(({ isStandIn, clientId }) => !isStandIn && !clientId.endsWith(CANARY_SUFFIX));
  if (others.length === 0 || !filters.some(filter => impliedTag(filter, key) === tag)) return undefined;
  return `in ${canaryGroup} ${plural(others.length, 'consumer')} without this agent, known as a canary of ${tag} by the filter`;
}

function consumersWithoutAgent(announced: readonly Announced[], picture: DoctorPicture): string[] {
  const { question, canaryGroup } = picture;
  const isThere = (environment: 'baseline' | 'canary') =>
    onlineOn(picture, environment).members.some(({ isStandIn }) => !isStandIn);
  const isAnnounced = (...kinds: AnnouncedProcess['kind'][]) => announced.some(({ kind }) => kinds.includes(kind));
  return [
    ...(isThere('baseline') && !isAnnounced('baseline', 'declared', 'stand-in')
      ? [`consumers of ${question.group} are online, and no agent of the baseline says that it is there`]
      : []),
    ...(isThere('canary') && !isAnnounced('canary') && otherCanaries(announced, picture) === undefined
      ? [`consumers of ${canaryGroup} are online, and no agent of ${question.tag} says that it is there`]
      : []),
  ];
}

function partlyKnown(check: Looked, announced: readonly Announced[], { brokers }: DoctorPicture): Check[] {
  const partly = announced.filter(({ on }) => on.length < brokers.length);
  if (partly.length === 0) return [];
  const names = partly.map(({ announcer: { host, pid }, on }) => `${host} process ${pid} on ${on.join(', ')} only`);
  const remedies = ['see that the services reach every broker at the address that the name servers give'];
  return [{ ...check, verdict: 'warn', finding: `known not to all brokers: ${names.join('; ')}`, remedies }];
}

const KIND_NAMES: Readonly<Record<AnnouncedProcess['kind'], string>> = {
  canary: 'canary',
  'stand-in': 'stand-in',
  beside: 'stand-in beside a canary',
  declared: 'baseline that declares the tag',
  settings: 'settings',
  baseline: 'baseline',
};

function describe({ kind, announcer: { host, pid, version } }: Announced): string {
  const agent = version === undefined ? '' : `, agent ${version}`;
  return `${KIND_NAMES[kind]}: ${host}, process ${pid}${agent}`;
}
