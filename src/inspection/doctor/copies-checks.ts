/** A canary that also gets copies of the baseline's messages. */
import { copiesGroup } from '../../rocketmq/plan/group-name';
import { plural } from '../cluster/amounts';
import { announcedOn } from './announced-on';
import type { Check } from './check';
import type { DoctorPicture } from './doctor-picture';

export function copiesChecks({ brokers, question, canaryGroup }: DoctorPicture): Check[] {
  const { group, tag } = question;
  const its = announcedOn(brokers).filter(({ kind }) => kind === 'copies');
  if (its.length === 0) return [];
  const processes = plural(its.length, 'process', 'processes');
  const finding = `${processes} of ${tag} also ${its.length === 1 ? 'gets' : 'get'} a copy of each untagged message, in ${copiesGroup(group, tag)} (GRAY_MQ_ALSO): such messages are handled by the baseline and by ${tag}`;
  const details = its.map(({ announcer: { host, pid } }) => `${host}, process ${pid}`);
  return [{ check: 'copies', subject: canaryGroup, verdict: 'warn', finding, details }];
}
