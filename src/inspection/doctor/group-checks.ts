/** The baseline's group. */
import { createGroupCommand } from '../../rocketmq/administration/mqadmin-command';
import { isKnown } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';
import { closedGroup, isMissing, placeOfCommand } from './group-on-brokers';

export function groupChecks(picture: DoctorPicture): Check[] {
  return picture.brokers.map(broker => groupCheck(broker, picture));
}

function groupCheck(picture: BrokerPicture, { question, brokers }: DoctorPicture): Check {
  const { broker, baseline } = picture;
  const check = { check: 'group', subject: `${question.group} on ${broker.name}` };
  if (!isKnown(baseline.settings)) return notKnown(check, baseline.settings);
  const settings = baseline.settings.value;
  if (settings === undefined) {
    const where = placeOfCommand(picture, brokers, other => isMissing(other.baseline));
    const remedies = [createGroupCommand(question.namesrv ?? '', where, question.group)];
    return { ...check, verdict: 'fail', finding: 'does not exist', remedies };
  }
  return (
    closedGroup(check, settings, question.namesrv ?? '', broker.address ?? '') ?? {
      ...check,
      verdict: 'ok',
      finding: 'exists',
    }
  );
}
