/** What is wrong with one group, whichever environment it is of. Pure. */
import { ago, plural } from '../cluster/amounts';
import { isKnown } from '../cluster/answer';
import { deadLetterTopic } from '../cluster/dead-letters';
import { notKnown, type Problem } from './check';
import type { CanaryFacts, FamilyFacts, GroupFacts } from './facts';

/** Ms. POP and pull clients commit what they handled some seconds later. */
const FROZEN_MS = 20_000;

export function stateProblems(facts: GroupFacts | CanaryFacts, { baseline }: FamilyFacts): Problem[] {
  const { group, state } = facts;
  const problem = { check: 'group', subject: group, group, verdict: 'fail' as const };
  const remedies = ['npx rocketmq-gray doctor prints the command that puts it right'];
  if (state === 'paused') return [{ ...problem, finding: 'must not consume (consumeEnable=false)', remedies }];
  // The first canary creates the group of its tag.
  if (facts !== baseline) return [];
  if (state === 'missing') return [{ ...problem, finding: 'does not exist', remedies }];
  return state === 'partly' ? [{ ...problem, finding: 'does not exist on every broker', remedies }] : [];
}

/** Somebody is there, and what he would take waits. */
export function backlogProblems({ group, members, oldest }: GroupFacts, { at }: FamilyFacts): Problem[] {
  const age = oldest === undefined ? 0 : at - oldest.storedAt;
  if (oldest === undefined || members.length === 0 || age < FROZEN_MS) return [];
  const standIns = members.every(({ isStandIn }) => isStandIn);
  const who = plural(members.length, standIns ? 'stand-in' : 'consumer');
  return [
    {
      check: 'backlog',
      subject: group,
      group,
      verdict: 'warn',
      finding: `${who} ${members.length === 1 ? 'is' : 'are'} there, and the oldest message of ${oldest.topic} that its filter selects waits for ${ago(age)}: a consumer is frozen or too slow, or none subscribes to the topic`,
      details: members.map(({ clientId, address }) => `${clientId}, from ${address}`),
      remedies: [
        'look whether these processes work; end one that hangs: others take its queues, or the baseline stands in',
      ],
    },
  ];
}

export function deadLetterProblems({ group, deadLetters }: GroupFacts, { at, namesrv }: FamilyFacts): Problem[] {
  if (deadLetters === undefined) return [];
  const check = { check: 'dead letters', subject: group };
  if (!isKnown(deadLetters)) return [{ ...notKnown(check, deadLetters), group }];
  const { count, newestAt } = deadLetters.value;
  if (count === 0) return [];
  const newest = newestAt === undefined ? '' : `, the newest since ${ago(at - newestAt)}`;
  return [
    {
      ...check,
      group,
      verdict: 'warn',
      finding: `${plural(count, 'message')} in ${deadLetterTopic(group)}${newest}: their handling failed too often, and nobody takes them`,
      remedies: [
        `the consumers of ${group} say why it failed; npx rocketmq-gray message <id> --namesrv '${namesrv}' --topic <topic> tells of one message`,
      ],
    },
  ];
}
