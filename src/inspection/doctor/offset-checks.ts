/** Where the groups stand in the topic. */
import { plural } from '../cluster/amounts';
import { isKnown, valueIn } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture, GroupOnBroker } from './doctor-picture';
import { backlogOf } from './group-on-brokers';

export function offsetChecks(picture: DoctorPicture): Check[] {
  const { question, canaryGroup, brokers } = picture;
  if (!valueIn(picture.topic)) return [];
  const isCanaryThere = brokers.some(({ canary }) => valueIn(canary.settings) !== undefined);
  const checks = [offsets(question.group, question, brokers, ({ baseline }) => baseline)];
  if (isCanaryThere) checks.push(offsets(canaryGroup, question, brokers, ({ canary }) => canary));
  return checks;
}

function offsets(
  group: string,
  { topic }: DoctorPicture['question'],
  brokers: readonly BrokerPicture[],
  groupOf: (broker: BrokerPicture) => GroupOnBroker,
): Check {
  const check = { check: 'offsets', subject: `${group} in ${topic}` };
  for (const broker of brokers) {
    const { committed } = groupOf(broker);
    if (!isKnown(committed)) return notKnown(check, committed);
    if (!isKnown(broker.ends)) return notKnown(check, broker.ends);
  }
  const all = brokers.flatMap(broker => valueIn(groupOf(broker).committed) ?? []);
  const without = all.filter(offset => offset === undefined).length;
  const details = brokers.map(broker => {
    const ends = valueIn(broker.ends) ?? [];
    const each = (valueIn(groupOf(broker).committed) ?? []).map(
      (offset, queue) => `${offset ?? '-'}/${ends[queue] ?? '?'}`,
    );
    return `${broker.broker.name}: ${each.join(' ')}`;
  });
  const found = { ...check, details };
  const backlog = backlogOf(brokers, groupOf);
  if (all.length === 0 || without === all.length) {
    return { ...found, verdict: 'ok', finding: 'none yet: it has not consumed here' };
  }
  if (without === 0) return { ...found, verdict: 'ok', finding: `backlog ${backlog}` };
  return {
    ...found,
    verdict: 'warn',
    finding: `backlog ${backlog}; none on ${without} of ${plural(all.length, 'queue')}: those are new, or were never polled`,
    remedies: [
      'the agent sets them when a consumer with it starts; the baseline takes these messages as well until then',
    ],
  };
}
