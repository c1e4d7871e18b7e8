/** What is not known of a fleet, and why. Pure. */
import { type Answer, isKnown } from '../cluster/answer';
import { unseenByBrokers } from '../cluster/proxies';
import type { FleetAnswers } from './fleet-answers';
import type { Fleet } from './fleet-shape';

/** What could not be asked, and what brokers cannot tell; a line each. */
export function unansweredOf({
  nameServers,
  markers,
  brokers,
  proxies,
}: FleetAnswers): Pick<Fleet, 'unanswered' | 'notes'> {
  const notes: string[] = [];
  const problems = nameServers.flatMap(({ brokers }) => (isKnown(brokers) ? [] : [brokers.problem]));
  if (!isKnown(markers) && nameServers.some(({ brokers }) => isKnown(brokers))) {
    problems.push(`which canaries there were is not known: ${markers.problem}`);
  }
  const unseen = [...(brokers[0]?.groups.keys() ?? [])].map(group => unseenByBrokers(proxies, group)?.problem);
  problems.push(...unseen.flatMap(problem => problem ?? []));
  for (const { broker, release, announcements, isListed, groups } of brokers) {
    if (!isKnown(release)) {
      problems.push(release.problem);
      continue;
    }
    if (!isKnown(announcements)) problems.push(`who announces himself is not known: ${announcements.problem}`);
    if (!isListed) {
      notes.push(
        `${broker.name} (${release.value ?? 'of an unknown release'}) cannot list announcements: only groups with a marker are shown, and those that --group names`,
      );
    }
    for (const { members, stats, settings } of groups.values()) {
      const answers: readonly Answer<unknown>[] = [members, stats, settings];
      for (const answer of answers) if (!isKnown(answer)) problems.push(answer.problem);
    }
  }
  return { unanswered: [...new Set(problems)], notes };
}
