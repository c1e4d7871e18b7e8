/** Who is in the groups of the baseline and of the canary, and with which filter. */
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { plural } from '../cluster/amounts';
import { isKnown } from '../cluster/answer';
import { isAllTold, type Member } from '../cluster/group-members';
import { problemsOf } from '../problems/problems';
import { asCheck, type Check, notKnown } from './check';
import { doctorFamily } from './doctor-family';
import type { DoctorPicture } from './doctor-picture';
import { type Online, onlineOn } from './online';

export function memberChecks(picture: DoctorPicture): Check[] {
  const strangers = problemsOf(doctorFamily(picture)).filter(({ check }) => check === 'online');
  return [
    baselineMembers(onlineOn(picture, 'baseline'), picture),
    ...(strangers.length > 0 ? strangers.map(asCheck) : [canaryMembers(onlineOn(picture, 'canary'), picture)]),
  ];
}

function baselineMembers({ members, filters, problem }: Online, { question }: DoctorPicture): Check {
  const check = { check: 'online', subject: question.group };
  if (members.length === 0) {
    return problem && !isKnown(problem) ? notKnown(check, problem) : { ...check, verdict: 'warn', finding: 'nobody' };
  }
  return subscribed({ ...check, details: members.map(describe) }, { members, filters }, question.topic);
}

function canaryMembers({ members, filters, problem }: Online, { question, canaryGroup }: DoctorPicture): Check {
  const check = { check: 'online', subject: canaryGroup };
  if (members.length === 0) {
    return problem && !isKnown(problem) ? notKnown(check, problem) : { ...check, verdict: 'ok', finding: 'nobody' };
  }
  return subscribed({ ...check, details: members.map(describe) }, { members, filters }, question.topic);
}

function subscribed(
  check: Omit<Check, 'verdict' | 'finding'>,
  { members, filters }: Pick<Online, 'members' | 'filters'>,
  topic: string,
): Check {
  const there = who(members, filters);
  if (filters.length > 0) return { ...check, verdict: 'ok', finding: there };
  return isAllTold(members)
    ? { ...check, verdict: 'warn', finding: `${there}, and nobody subscribes to ${topic}` }
    : { ...check, verdict: 'ok', finding: `${there}; brokers were told of other topics only` };
}

function who(members: readonly Member[], filters: readonly FilterExpression[]): string {
  const standIns = members.filter(({ isStandIn }) => isStandIn).length;
  const others = members.length - standIns;
  const count = [
    ...(others > 0 ? [plural(others, 'consumer')] : []),
    ...(standIns > 0 ? [plural(standIns, 'stand-in')] : []),
  ].join(' and ');
  const filter = filters.map(({ expression }) => expression).join(' | ');
  return filter === '' ? count : `${count}, subscribed with ${filter}`;
}

function describe({ clientId, address }: Member): string {
  return `${clientId}, from ${address}`;
}
