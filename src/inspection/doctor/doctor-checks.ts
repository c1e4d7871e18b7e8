/** What the answers of a cluster mean for a canary: a verdict each, and what to do about it. Pure. */
import { isKnown } from '../cluster/answer';
import { accountChecks, isAnswering } from './account-checks';
import { agentChecks } from './agent-checks';
import { brokerChecks } from './broker-checks';
import { canaryGroupChecks } from './canary-group-checks';
import type { Check, DoctorCheck } from './check';
import { copiesChecks } from './copies-checks';
import type { DoctorPicture } from './doctor-picture';
import { filterChecks } from './filter-checks';
import { groupChecks } from './group-checks';
import { groupCreationChecks } from './group-creation-checks';
import { markerChecks } from './marker-checks';
import { memberChecks } from './member-checks';
import { nameServerChecks } from './name-server-checks';
import { offsetChecks } from './offset-checks';
import { problemChecks } from './problem-checks';
import { checksByProxy, proxyChecks } from './proxy-checks';
import { quotaChecks } from './quota-checks';
import { subscriptionChecks } from './subscription-checks';
import { topicChecks } from './topic-checks';

const CHECKS: readonly DoctorCheck[] = [nameServerChecks, brokerChecks, accountChecks, proxyChecks, topicChecks];

/** These see only the brokers that answer; there is at least one. */
const CHECKS_OF_ANSWERS: readonly DoctorCheck[] = [
  filterChecks,
  groupChecks,
  canaryGroupChecks,
  groupCreationChecks,
  memberChecks,
  problemChecks,
  offsetChecks,
  agentChecks,
  copiesChecks,
  quotaChecks,
];

/** In the order in which they are read. */
export function doctorChecks(picture: DoctorPicture): Check[] {
  if (picture.proxy !== undefined) return checksByProxy(picture, picture.proxy);
  const checks = [
    ...CHECKS.flatMap(check => check(picture)),
    ...checksOfAnswers(picture),
    ...markerChecks(picture),
    ...subscriptionChecks(picture),
  ];
  return merged(checks);
}

function checksOfAnswers(picture: DoctorPicture): Check[] {
  if (picture.brokers.length === 0) return [];
  const brokers = picture.brokers.filter(isAnswering);
  if (brokers.length > 0) return CHECKS_OF_ANSWERS.flatMap(check => check({ ...picture, brokers }));
  const finding = 'no broker answers this account: filters, groups, offsets and who is online are not known';
  return [{ check: 'everything else', subject: '', verdict: 'unknown', finding }];
}

/** 0: nothing failed. 1: something did. 2: nobody could be asked. */
export function doctorExitCode(picture: DoctorPicture, checks: readonly Check[]): 0 | 1 | 2 {
  const isReached =
    picture.proxy === undefined
      ? picture.nameServers.some(({ brokers }) => isKnown(brokers))
      : isKnown(picture.proxy.release);
  if (!isReached) return 2;
  return checks.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
}

/** Checks that say the same of several subjects are one. */
function merged(checks: readonly Check[]): Check[] {
  const byText = new Map<string, Check>();
  for (const check of checks) {
    const { subject, ...rest } = check;
    const key = JSON.stringify(rest);
    const other = byText.get(key);
    byText.set(key, other ? { ...other, subject: joined(other.subject, subject) } : check);
  }
  return [...byText.values()];
}

/** `group1 on broker-a` and `group1 on broker-b` are `group1 on broker-a, broker-b`. */
function joined(subject: string, other: string): string {
  const [what, where] = other.split(' on ');
  return where !== undefined && subject.startsWith(`${what} on `) ? `${subject}, ${where}` : `${subject}, ${other}`;
}
