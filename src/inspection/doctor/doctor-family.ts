/** What the doctor was told of the group and its canary, as problems are found in it. Pure. */
import { isKnown, valueIn } from '../cluster/answer';
import { membersIn } from '../cluster/group-members';
import { areApart } from '../cluster/proxies';
import { oldestOf } from '../cluster/waiting-message';
import type { FamilyFacts, GroupFacts } from '../problems/facts';
import { deadLettersOf, stateOf } from '../problems/together';
import { announcedOn } from './announced-on';
import type { DoctorPicture } from './doctor-picture';
import { backlogOf } from './group-on-brokers';
import { membersTold, onlineOn } from './online';

export function doctorFamily(picture: DoctorPicture): FamilyFacts {
  const { at, question, markers, brokers } = picture;
  const { tag, key, baselineMode, ignoredTags, filterSide } = question;
  const isDisabled = brokers.some(({ filterProblems }) => valueIn(filterProblems.canary)?.kind === 'disabled');
  const marker = valueIn(markers)?.find(one => one.tag === tag);
  const unanswered = brokers.find(({ announcements }) => !isKnown(announcements))?.announcements;
  return {
    at,
    namesrv: question.namesrv ?? '',
    baseline: groupFacts(picture, 'baseline'),
    canaries: [{ ...groupFacts(picture, 'canary'), tag, marker }],
    announced: unanswered !== undefined && !isKnown(unanswered) ? unanswered : { value: announcedOn(brokers) },
    topics: [question.topic],
    assumed: { key, baselineMode, ignoredTags, isFilteredInClient: filterSide === 'client' || isDisabled },
  };
}

function groupFacts(picture: DoctorPicture, environment: 'baseline' | 'canary'): GroupFacts {
  const { brokers, question, proxies, canaryGroup } = picture;
  const { problem } = onlineOn(picture, environment);
  const answers = brokers.map(broker => broker[environment]);
  const online = membersIn(membersTold(picture, environment));
  // A topic that the canary leaves out is the baseline's, and the canary's group stays where it was.
  const marker = valueIn(picture.markers)?.find(({ tag }) => tag === question.tag);
  const isOfGroup = online.filters.has(question.topic) || marker?.topics?.includes(question.topic) === true;
  const isBacklogKnown = brokers.every(
    ({ ends, ...broker }) => isKnown(ends) && isKnown(broker[environment].committed),
  );
  const backlog = isBacklogKnown ? backlogOf(brokers, broker => broker[environment]) : null;
  return {
    group: environment === 'canary' ? canaryGroup : question.group,
    state: stateOf(answers.map(({ settings }) => settings)),
    ...online,
    unseen: problem !== undefined && !isKnown(problem) ? problem : undefined,
    isHeard: problem !== undefined || areApart(proxies),
    backlog: new Map([[question.topic, backlog]]),
    deadLetters: deadLettersOf(answers.map(({ deadLetters }) => deadLetters)),
    oldest: isOfGroup ? oldestOf(answers.map(({ oldest }) => valueIn(oldest))) : undefined,
  };
}
