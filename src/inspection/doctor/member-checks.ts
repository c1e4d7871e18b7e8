/** Who is in the groups of the baseline and of the canary, and with which filter. */
import { tagProperties } from '../../rocketmq/plan/consumer-plan';
import { type FilterExpression, isTagged } from '../../rocketmq/plan/filter-expression';
import { impliedTag } from '../../rocketmq/plan/implied-tag';
import { plural } from '../cluster/amounts';
import { isKnown, valueIn } from '../cluster/answer';
import type { Member } from '../cluster/group-members';
import { type Check, notKnown } from './check';
import type { DoctorPicture } from './doctor-picture';
import { type Online, onlineOn } from './online';

export function memberChecks(picture: DoctorPicture): Check[] {
  const { brokers } = picture;
  const [baseline, canary] = [onlineOn(picture, 'baseline'), onlineOn(picture, 'canary')];
  const isFilteredHere = brokers.every(({ filterProblems }) => valueIn(filterProblems.canary)?.kind !== 'disabled');
  return [baselineMembers(baseline, picture), canaryMembers(canary, picture, isFilteredHere)];
}

export function baselineMembers({ members, filters, problem }: Online, { question }: DoctorPicture): Check {
  const check = { check: 'online', subject: question.group };
  if (members.length === 0) {
    return problem && !isKnown(problem) ? notKnown(check, problem) : { ...check, verdict: 'warn', finding: 'nobody' };
  }
  const found = { ...check, finding: who(members, filters), details: members.map(describe) };
  return filters.length === 0
    ? { ...found, verdict: 'warn', finding: `${found.finding}, and nobody subscribes to ${question.topic}` }
    : { ...found, verdict: 'ok' };
}

export function canaryMembers(
  { members, filters, problem }: Online,
  { question, canaryGroup }: DoctorPicture,
  isFilteredHere: boolean,
): Check {
  const check = { check: 'online', subject: canaryGroup };
  const { key, tag, topic, filterSide } = question;
  if (members.length === 0) {
    return problem && !isKnown(problem) ? notKnown(check, problem) : { ...check, verdict: 'ok', finding: 'nobody' };
  }
  const found = { ...check, finding: who(members, filters), details: members.map(describe) };
  if (filters.length === 0) {
    return { ...found, verdict: 'warn', finding: `${found.finding}, and nobody subscribes to ${topic}` };
  }
  const condition = isTagged(tagProperties(question), tag);
  const isOurs = filters.every(filter => impliedTag(filter, key) === tag);
  if (isOurs || filterSide === 'client' || !isFilteredHere) return { ...found, verdict: 'ok' };
  return {
    ...found,
    verdict: 'fail',
    finding: `${found.finding}: without the canary's condition, ${condition}`,
    remedies: [
      `whoever is in ${canaryGroup} needs the agent and GRAY_TAG=${tag} (and GRAY_KEY=${key}), or this condition in its own filter; stop those that have neither`,
      'clients that know no SQL92 (ali-ons 2, rocketmq) filter by themselves: then this is as it must be, say --filter-side client',
    ],
  };
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
