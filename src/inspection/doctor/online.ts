/** Who is connected in a group, by all brokers and proxies together. */
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import type { GroupMembers, Member } from '../cluster/group-members';
import { byProxies, unseenByBrokers } from '../cluster/proxies';
import type { DoctorPicture } from './doctor-picture';

/** The members of a group, each of them once: clients are connected to several brokers. */
export interface Online {
  readonly members: readonly Member[];
  readonly filters: readonly FilterExpression[];
  /** Why there may be others. */
  readonly problem: Answer<GroupMembers> | undefined;
}

export function onlineOn(
  { brokers, proxies, question, canaryGroup }: DoctorPicture,
  environment: 'baseline' | 'canary',
): Online {
  const group = environment === 'canary' ? canaryGroup : question.group;
  const byBrokers = onlineIn(
    brokers.map(broker => broker[environment].members),
    question.topic,
  );
  // One that does not answer leaves nothing open where another one does.
  const answers = byProxies(proxies, group).filter(isKnown);
  const { members, filters } = onlineIn(
    [...brokers.map(broker => broker[environment].members), ...answers],
    question.topic,
  );
  return { members, filters, problem: byBrokers.problem ?? unseenByBrokers(proxies, group) };
}

export function onlineIn(answers: readonly Answer<GroupMembers>[], topic: string): Online {
  const members = new Map<string, Member>();
  const filters = new Map<string, FilterExpression>();
  for (const answer of answers) {
    for (const member of valueIn(answer)?.members ?? []) members.set(member.clientId, member);
    const filter = valueIn(answer)?.filters[topic];
    if (filter !== undefined) filters.set(`${filter.type} ${filter.expression}`, filter);
  }
  const problem = answers.every(isKnown) ? undefined : answers.find(answer => !isKnown(answer));
  return { members: [...members.values()], filters: [...filters.values()], problem };
}
