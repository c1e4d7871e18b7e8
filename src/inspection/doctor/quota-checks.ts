/** What managed instances allow, and open source brokers do not mind: how long names are, and how many groups there are. */
import { copiesGroup, ownGroup } from '../../rocketmq/plan/group-name';
import { isKnown } from '../cluster/answer';
import { announcedOn } from './announced-on';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';

/** ApsaraMQ for RocketMQ, usage limits: characters of a group's name, and groups of an instance. */
const LONGEST_NAME = 64;
const MOST_GROUPS = 1_000;
/** With so many, a few canaries reach the limit. */
const MANY_GROUPS = 900;

export function quotaChecks(picture: DoctorPicture): Check[] {
  return [nameCheck(picture), ...picture.brokers.map(countCheck)];
}

function nameCheck({ question, canaryGroup, brokers }: DoctorPicture): Check {
  const check = { check: 'quotas', subject: canaryGroup };
  const hasCopies = announcedOn(brokers).some(({ kind }) => kind === 'copies');
  const longest = (hasCopies ? copiesGroup : ownGroup)(question.group, question.tag);
  if (longest.length <= LONGEST_NAME)
    return { ...check, verdict: 'ok', finding: `no name has more than ${LONGEST_NAME} characters` };
  const name = canaryGroup.length > LONGEST_NAME ? canaryGroup : longest;
  return {
    ...check,
    verdict: 'warn',
    finding: `${name} has ${name.length} characters: some instances allow ${LONGEST_NAME}`,
    remedies: ['choose a shorter tag'],
  };
}

function countCheck({ broker, groupCount }: BrokerPicture): Check {
  const check = { check: 'quotas', subject: broker.name };
  if (!isKnown(groupCount)) return notKnown(check, groupCount);
  if (groupCount.value < MANY_GROUPS) return { ...check, verdict: 'ok', finding: `fewer than ${MANY_GROUPS} groups` };
  return {
    ...check,
    verdict: 'warn',
    finding: `${groupCount.value} groups: some instances allow ${MOST_GROUPS}`,
    remedies: ['remove those of canaries that are over: rocketmq-gray clean --namesrv <name servers>'],
  };
}
