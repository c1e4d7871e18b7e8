/** Who is connected in a group, on all brokers together. */
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import type { GroupMembers, Member } from '../cluster/group-members';
import type { BrokerPicture, GroupOnBroker } from './doctor-picture';

/** The members of a group on all brokers, without those that are connected to several of them. */
export interface Online {
  readonly members: readonly Member[];
  readonly filters: readonly FilterExpression[];
  readonly problem: Answer<GroupMembers> | undefined;
}

export function onlineOn(
  brokers: readonly BrokerPicture[],
  groupOf: (broker: BrokerPicture) => GroupOnBroker,
  topic: string,
): Online {
  return onlineIn(
    brokers.map(broker => groupOf(broker).members),
    topic,
  );
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
