/** What the canary subscribes to, beside its baseline, as it is written down. */
import { coversShared } from '../../rocketmq/plan/division';
import { selectsAllOf } from '../../rocketmq/plan/filter-comparison';
import { ownGroup } from '../../rocketmq/plan/group-name';
import { isKnown } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { DoctorPicture } from './doctor-picture';

export function subscriptionChecks({ subscriptions, question, canaryGroup }: DoctorPicture): Check[] {
  if (subscriptions === undefined) return [];
  const { group, tag, topic } = question;
  const check = { check: 'subscription', subject: `${canaryGroup}, ${topic}` };
  if (!isKnown(subscriptions)) return [notKnown(check, subscriptions)];
  const { baseline, canaries } = subscriptions.value;
  const topics = canaries.get(tag);
  if (topics === undefined) return [];
  const [theirs, asked] = [baseline?.get(topic), topics.get(topic)];
  if (asked === undefined) {
    if (theirs === undefined) return [];
    const finding = `the canary does not subscribe to it: its messages are handled by the baseline, while ${tag} is there too`;
    return [{ ...check, verdict: 'warn', finding }];
  }
  if (theirs === undefined)
    return [{ ...check, verdict: 'ok', finding: `the canary's alone: ${asked.filter.expression}` }];
  const checks: Check[] = [];
  if (!coversShared(theirs, asked)) {
    const finding = `${asked.filter.expression} is more than ${theirs.expression} of ${group}: nobody stands in for ${tag}, its messages wait while it is away`;
    checks.push({ ...check, verdict: 'warn', finding, remedies: ['start the canary again'] });
  }
  if (!selectsAllOf(asked.filter, theirs)) {
    const finding = `${asked.filter.expression} leaves out some of ${theirs.expression} of ${group}: nobody handles that while ${tag} is there`;
    checks.push({ ...check, verdict: 'warn', finding });
  }
  if (checks.length > 0) return checks;
  const own = asked.divisor === undefined ? '' : `; what only it subscribes to is in ${ownGroup(group, tag)}`;
  return [{ ...check, verdict: 'ok', finding: `${asked.filter.expression}${own}` }];
}
