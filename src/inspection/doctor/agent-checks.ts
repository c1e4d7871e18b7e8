/** The agents that announce themselves. */
import { impliedTag } from '../../rocketmq/plan/implied-tag';
import { isCanaryId } from '../../rocketmq/presence/consumer-client-id';
import { plural } from '../cluster/amounts';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { isKnown } from '../cluster/answer';
import { problemsOf } from '../problems/problems';
import { type Announced, announcedOn } from './announced-on';
import { type Check, type Looked, notKnown } from './check';
import { doctorFamily } from './doctor-family';
import type { DoctorPicture } from './doctor-picture';
import { onlineOn } from './online';

export function agentChecks(picture: DoctorPicture): Check[] {
  const { question, brokers } = picture;
  const check = { check: 'agents', subject: `of ${question.group}` };
  const unanswered = brokers.find(({ announcements }) => !isKnown(announcements));
  if (unanswered && !isKnown(unanswered.announcements)) return [notKnown(check, unanswered.announcements)];
  const announced = announcedOn(brokers);
  return [...agentCheck(check, announced, picture), ...partlyKnown(check, announced, picture)];
}

/** Consumers without an agent, and several versions, are among the problems. */
function agentCheck(check: Looked, announced: readonly Announced[], picture: DoctorPicture): Check[] {
  if (problemsOf(doctorFamily(picture)).some(problem => problem.check === 'agents')) return [];
  const others = otherCanaries(announced, picture);
  const details = announced.map(describe);
  const isSomebodyThere = (['baseline', 'canary'] as const).some(of => onlineOn(picture, of).members.length > 0);
  if (announced.length === 0) {
    const none = isSomebodyThere ? 'none announces itself: they run another mode than auto' : 'none, and no consumer';
    return [{ ...check, verdict: 'ok', finding: others ?? none }];
  }
  const processes = new Set(announced.map(({ announcer: { host, pid } }) => `${host} ${pid}`)).size;
  const finding = `${plural(processes, 'process', 'processes')}, version ${announced[0]?.announcer.version ?? 'unknown'}`;
  return [{ ...check, verdict: 'ok', finding: others === undefined ? finding : `${finding}; ${others}`, details }];
}

/** Canaries that another agent made what they are, or nobody: the baseline knows them by their filter. Undefined: none. */
function otherCanaries(announced: readonly Announced[], picture: DoctorPicture): string | undefined {
  const { question, canaryGroup } = picture;
  const { key, tag } = question;
  if (announced.some(({ kind }) => kind === 'canary')) return undefined;
  const { members, filters } = onlineOn(picture, 'canary');
  const others = members.filter(({ isStandIn, clientId }) => !isStandIn && !isCanaryId(clientId));
  if (others.length === 0 || !filters.some(filter => impliedTag(filter, key) === tag)) return undefined;
  return `in ${canaryGroup} ${plural(others.length, 'consumer')} without this agent, known as a canary of ${tag} by the filter`;
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
  copies: 'canary that gets copies',
  settings: 'settings',
  baseline: 'baseline',
};

function describe({ kind, announcer: { host, pid, version } }: Announced): string {
  const agent = version === undefined ? '' : `, agent ${version}`;
  return `${KIND_NAMES[kind]}: ${host}, process ${pid}${agent}`;
}
