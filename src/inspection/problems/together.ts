/** What the brokers of a cluster say of one group, together. */
import type { GroupSettings } from '../../rocketmq/administration/groups';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import { allDeadLetters, type DeadLetters } from '../cluster/dead-letters';
import type { GroupState } from './group-state';

/** @param answers undefined settings: the broker has no such group */
export function stateOf(answers: readonly Answer<GroupSettings | undefined>[]): GroupState | undefined {
  const known = answers.flatMap(settings => (isKnown(settings) ? [settings.value] : []));
  if (known.some(settings => settings?.consumeEnable === false)) return 'paused';
  const missing = known.filter(settings => settings === undefined).length;
  if (missing > 0) return missing === answers.length ? 'missing' : 'partly';
  return known.length === answers.length && known.length > 0 ? 'exists' : undefined;
}

/** Undefined: nobody was asked. */
export function deadLettersOf(answers: readonly Answer<DeadLetters>[]): Answer<DeadLetters> | undefined {
  const unanswered = answers.find(answer => !isKnown(answer));
  if (unanswered !== undefined) return unanswered;
  return answers.length === 0 ? undefined : { value: allDeadLetters(answers.flatMap(answer => valueIn(answer) ?? [])) };
}
