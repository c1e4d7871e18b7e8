/** The canary's group: whether it is there, and has the settings of the baseline's. */
import type { GroupSettings } from '../../rocketmq/administration/groups';
import { createGroupCommand } from '../../rocketmq/administration/mqadmin-command';
import { isKnown, valueIn } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';
import { closedGroup, isMissing, placeOfCommand } from './group-on-brokers';

export function canaryGroupChecks(picture: DoctorPicture): Check[] {
  return picture.brokers.map(broker => canaryGroupCheck(broker, picture));
}

function canaryGroupCheck(picture: BrokerPicture, { question, canaryGroup, brokers }: DoctorPicture): Check {
  const { broker, baseline, canary, refusalOfGroups } = picture;
  const { namesrv = '' } = question;
  const check = { check: 'canary group', subject: `${canaryGroup} on ${broker.name}` };
  if (!isKnown(canary.settings)) return notKnown(check, canary.settings);
  const wanted = valueIn(baseline.settings);
  const settings = canary.settings.value;
  const where = placeOfCommand(picture, brokers, other =>
    settings === undefined ? isMissing(other.canary) : stable(valueIn(other.canary.settings)) === stable(settings),
  );
  // A pause of the baseline's group is not the canary's: never is it advised to switch a group off.
  const command = createGroupCommand(namesrv, where, canaryGroup, wanted && { ...wanted, consumeEnable: true });
  if (settings === undefined) {
    if (isKnown(refusalOfGroups) && refusalOfGroups.value === undefined) {
      return { ...check, verdict: 'ok', finding: `is not there yet: the first canary of ${question.tag} creates it` };
    }
    const verdict = isKnown(refusalOfGroups) ? 'fail' : 'unknown';
    return { ...check, verdict, finding: 'does not exist, and the agent may not create it', remedies: [command] };
  }
  const closed = closedGroup(check, settings, namesrv, broker.address ?? '');
  if (closed !== undefined) return closed;
  if (wanted === undefined) return { ...check, verdict: 'ok', finding: 'exists' };
  const differences = settingDifferences(wanted, settings);
  if (differences.length === 0) return { ...check, verdict: 'ok', finding: `has the settings of ${question.group}` };
  return {
    ...check,
    verdict: 'warn',
    finding: `has other settings than ${question.group}: ${differences.join(', ')}`,
    remedies: [command],
  };
}

/** Where a canary's group differs: `retryMaxTimes 3, not 16`. */
export function settingDifferences(baseline: GroupSettings, canary: GroupSettings): string[] {
  const fields = [...new Set([...Object.keys(baseline), ...Object.keys(canary)])].sort();
  return fields
    .filter(field => field !== 'groupName' && field !== 'consumeEnable')
    .filter(field => stable(baseline[field]) !== stable(canary[field]))
    .map(field => `${field} ${stable(canary[field])}, not ${stable(baseline[field])}`);
}

/** The same text for the same value; what is empty is as what is absent. */
function stable(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? 'none' : `{${entries.map(([key, inner]) => `${key}: ${stable(inner)}`).join(', ')}}`;
}
