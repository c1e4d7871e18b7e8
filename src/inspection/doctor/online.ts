/** Who is connected in a group, by all brokers and proxies together. */
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { type Answer, isKnown } from '../cluster/answer';
import { type GroupMembers, type Member, membersIn } from '../cluster/group-members';
import { byProxies, unseenByBrokers } from '../cluster/proxies';
import type { DoctorPicture } from './doctor-picture';

/** The members of a group, each of them once: clients are connected to several brokers. */
export interface Online {
  readonly members: readonly Member[];
  /** In the topic in question. */
  readonly filters: readonly FilterExpression[];
  /** Why there may be others. */
  readonly problem: Answer<GroupMembers> | undefined;
}

export function onlineOn(picture: DoctorPicture, environment: 'baseline' | 'canary'): Online {
  const { brokers, proxies, proxy, question, canaryGroup } = picture;
  if (proxy !== undefined) return onlineIn([proxy[environment]], question.topic);
  const group = environment === 'canary' ? canaryGroup : question.group;
  const byBrokers = onlineIn(
    brokers.map(broker => broker[environment].members),
    question.topic,
  );
  const { members, filters } = onlineIn(membersTold(picture, environment), question.topic);
  return { members, filters, problem: byBrokers.problem ?? unseenByBrokers(proxies, group) };
}

/** What brokers and proxies told of the members of a group. */
export function membersTold(
  { brokers, proxies, proxy, question, canaryGroup }: DoctorPicture,
  environment: 'baseline' | 'canary',
): Answer<GroupMembers>[] {
  if (proxy !== undefined) return [proxy[environment]];
  const group = environment === 'canary' ? canaryGroup : question.group;
  // One that does not answer leaves nothing open where another one does.
  const answers = byProxies(proxies, group).filter(isKnown);
  return [...brokers.map(broker => broker[environment].members), ...answers];
}

export function onlineIn(answers: readonly Answer<GroupMembers>[], topic: string): Online {
  const { members, filters } = membersIn(answers);
  const problem = answers.every(isKnown) ? undefined : answers.find(answer => !isKnown(answer));
  return { members, filters: filters.get(topic) ?? [], problem };
}
