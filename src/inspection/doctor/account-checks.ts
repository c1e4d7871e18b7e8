/** Whether brokers let the account in. */
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import type { Check } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';

const ACCOUNT_REMEDIES = [
  'set ROCKETMQ_ACCESS_KEY and ROCKETMQ_SECRET_KEY to the account that the services use (or --access-key, --secret-key)',
];

export function accountChecks({ brokers, question }: DoctorPicture): Check[] {
  return brokers.flatMap(broker => accountCheck(broker, question));
}

/** Whether a broker is there and tells this account anything. */
export function isAnswering(broker: BrokerPicture): boolean {
  return isKnown(broker.release) && refusalOf(broker) === undefined;
}

/** What a broker says where it lets the account do nothing at all. */
function refusalOf({ baseline, canary, filterProblems, announcements, ends }: BrokerPicture): string | undefined {
  const answers: readonly Answer<unknown>[] = [
    baseline.settings,
    baseline.members,
    canary.members,
    filterProblems.canary,
    announcements,
    ...(valueIn(ends)?.length === 0 ? [] : [ends]),
  ];
  if (answers.some(isKnown)) return undefined;
  return answers.flatMap(answer => (isKnown(answer) || !answer.isRefusal ? [] : [answer.problem]))[0];
}

function accountCheck(broker: BrokerPicture, question: DoctorPicture['question']): Check[] {
  const refusal = refusalOf(broker);
  const check = { check: 'account', subject: broker.broker.name };
  if (refusal !== undefined) {
    const finding = question.isSigned
      ? `is refused: ${refusal}`
      : `access control is on, and no account was given: ${refusal}`;
    return [{ ...check, verdict: 'fail', finding, remedies: ACCOUNT_REMEDIES }];
  }
  return question.isSigned && isKnown(broker.release) ? [{ ...check, verdict: 'ok', finding: 'is let in' }] : [];
}
