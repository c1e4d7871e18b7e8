/** Whether the account may create groups. */
import { isKnown, valueIn } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';

export function groupCreationChecks(picture: DoctorPicture): Check[] {
  return picture.brokers.map(broker => groupCreationCheck(broker, picture));
}

function groupCreationCheck({ broker, refusalOfGroups, canary }: BrokerPicture, { canaryGroup }: DoctorPicture): Check {
  const check = { check: 'create groups', subject: broker.name };
  if (!isKnown(refusalOfGroups)) return notKnown(check, refusalOfGroups);
  if (refusalOfGroups.value === undefined) return { ...check, verdict: 'ok', finding: 'this account may' };
  const isThere = valueIn(canary.settings) !== undefined;
  const finding = `this account may not: ${refusalOfGroups.value}`;
  return isThere
    ? {
        ...check,
        verdict: 'warn',
        finding: `${finding}; ${canaryGroup} exists, those of other tags must be created beforehand`,
      }
    : {
        ...check,
        verdict: 'fail',
        finding,
        remedies: [`create ${canaryGroup} as an administrator (see canary group), or give the account the right to`],
      };
}
