/** What holds of the baseline's group and of a canary's alike, on the brokers of a cluster. */
import type { GroupSettings } from '../../rocketmq/administration/groups';
import { createGroupCommand } from '../../rocketmq/administration/mqadmin-command';
import { isKnown, valueIn } from '../cluster/answer';
import type { Check, Looked } from './check';
import type { BrokerPicture, GroupOnBroker } from './doctor-picture';

export function isMissing({ settings }: GroupOnBroker): boolean {
  return isKnown(settings) && settings.value === undefined;
}

/** Where a command has to be carried out: in the whole cluster, where the same holds for each of its brokers. */
export function placeOfCommand(
  { broker }: BrokerPicture,
  all: readonly BrokerPicture[],
  isMeant: (picture: BrokerPicture) => boolean,
): { cluster: string } | { address: string } {
  const { cluster, address = `<master of ${broker.name}>` } = broker;
  return all.filter(other => other.broker.cluster === cluster).every(isMeant) ? { cluster } : { address };
}

/** A group that must not consume. */
export function closedGroup(
  check: Looked,
  settings: GroupSettings,
  namesrv: string,
  address: string,
): Check | undefined {
  if (settings.consumeEnable !== false) return undefined;
  const command = createGroupCommand(namesrv, { address }, settings.groupName, { ...settings, consumeEnable: true });
  return { ...check, verdict: 'fail', finding: 'must not consume (consumeEnable=false)', remedies: [command] };
}

/** Messages of all environments between a group's offsets and the ends of the queues; what has no offset counts for none. */
export function backlogOf(
  brokers: readonly BrokerPicture[],
  groupOf: (broker: BrokerPicture) => GroupOnBroker,
): number {
  let backlog = 0;
  for (const broker of brokers) {
    const ends = valueIn(broker.ends) ?? [];
    for (const [queue, offset] of (valueIn(groupOf(broker).committed) ?? []).entries()) {
      if (offset !== undefined) backlog += Math.max(0, (ends[queue] ?? offset) - offset);
    }
  }
  return backlog;
}
