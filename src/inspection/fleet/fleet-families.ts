/** What was told of a fleet, as problems are found in it: a family for each group of the baseline. Pure. */
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import { membersIn } from '../cluster/group-members';
import { areApart, byProxies, unseenByBrokers } from '../cluster/proxies';
import { oldestOf } from '../cluster/waiting-message';
import type { FamilyFacts, GroupFacts } from '../problems/facts';
import { deadLettersOf, stateOf } from '../problems/together';
import type { FleetAnswers } from './fleet-answers';
import { isOwnTopic, type Lane, topicsOf } from './lanes';

export function familiesOf(
  answers: FleetAnswers,
  lanes: readonly Lane[],
  processes: readonly AnnouncedProcess[],
): FamilyFacts[] {
  const { at, question, brokers } = answers;
  const unanswered = brokers.find(({ release, announcements }) => isKnown(release) && !isKnown(announcements));
  const isReached = brokers.some(({ release }) => isKnown(release));
  return lanes
    .filter(({ tag }) => isReached && tag === undefined)
    .map(({ group }) => {
      const own = lanes.filter(({ baselineGroup }) => baselineGroup === group);
      const names = new Set(own.map(lane => lane.group));
      // Those beside a canary name a topic behind the group.
      const isOwn = (process: AnnouncedProcess) =>
        names.has(process.group.replace(/\..*$/, '')) || names.has(process.group);
      const announced: Answer<readonly AnnouncedProcess[]> =
        unanswered !== undefined && !isKnown(unanswered.announcements)
          ? unanswered.announcements
          : { value: processes.filter(isOwn) };
      return {
        at,
        namesrv: question.namesrv,
        baseline: groupFacts({ group, baselineGroup: group, tag: undefined, marker: undefined }, answers),
        canaries: own.flatMap(lane =>
          lane.tag === undefined ? [] : [{ ...groupFacts(lane, answers), tag: lane.tag, marker: lane.marker }],
        ),
        announced,
        topics: undefined,
        assumed: question.assumed,
      };
    });
}

function groupFacts({ group, marker }: Lane, { brokers, proxies }: FleetAnswers): GroupFacts {
  const told = brokers.filter(({ release }) => isKnown(release)).flatMap(({ groups }) => groups.get(group) ?? []);
  const byBrokers = told.map(({ members }) => members);
  const unknown = byBrokers.find(answer => !isKnown(answer));
  const unseen = unknown !== undefined && !isKnown(unknown) ? unknown : unseenByBrokers(proxies, group);
  const queues = told.flatMap(({ stats }) => valueIn(stats)?.queues ?? []).filter(({ topic }) => !isOwnTopic(topic));
  const backlog = new Map<string, number | null>(topicsOf(told, marker).map(topic => [topic, null]));
  for (const { topic, end, committed } of queues) {
    backlog.set(topic, (backlog.get(topic) ?? 0) + Math.max(0, end - committed));
  }
  return {
    group,
    state: stateOf(told.map(({ settings }) => settings)),
    ...membersIn([...byBrokers, ...byProxies(proxies, group).filter(isKnown)]),
    unseen,
    isHeard: unseen !== undefined || areApart(proxies),
    backlog,
    deadLetters: deadLettersOf(told.map(({ deadLetters }) => deadLetters)),
    oldest: oldestOf(told.map(({ oldest }) => valueIn(oldest))),
  };
}
