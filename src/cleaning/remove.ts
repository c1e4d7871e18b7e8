/** Removes what a canary left behind on brokers and name servers, in an order in which a canary that comes meanwhile loses nothing. */
import { errorText } from '../foreign-objects/error-text';
import { deadLetterTopic } from '../inspection/cluster/dead-letters';
import type { Broker } from '../rocketmq/administration/broker';
import { type BrokerAdministration, brokerAdministration } from '../rocketmq/administration/broker-administration';
import { queuesOf } from '../rocketmq/administration/canary-offsets';
import { retryTopics } from '../rocketmq/administration/group-progress';
import { type Removal, removal } from '../rocketmq/administration/removal';
import type { ServersOptions } from '../rocketmq/administration/servers';
import { canaryMarkers, MARKER_NAMESPACE } from '../rocketmq/hand-over/canary-marker';
import { canaryKey, SUBSCRIPTIONS_NAMESPACE } from '../rocketmq/hand-over/written-subscriptions';
import { copiesGroup, ownGroup } from '../rocketmq/plan/group-name';
import type { Leftover } from './leftovers';

export interface Cleaner {
  /**
   * Removes one. Never rejects.
   *
   * @returns what was removed, and why the rest was not
   */
  remove(leftover: Leftover): Promise<Removed>;
  close(): void;
}

export interface Removed {
  readonly what: readonly string[];
  readonly problems: readonly string[];
}

export function cleaner(options: ServersOptions): Cleaner {
  const administration = brokerAdministration(options);
  const removes = removal(options);
  const work: Work = { administration, removes };
  return {
    async remove(leftover) {
      const what: string[] = [];
      try {
        await removeAll(work, leftover, what);
        return { what, problems: [] };
      } catch (error) {
        return { what, problems: [errorText(error)] };
      }
    },
    close() {
      administration.close();
      removes.close();
    },
  };
}

interface Work {
  readonly administration: BrokerAdministration;
  readonly removes: Removal;
}

/** @param what told of each thing that was removed */
async function removeAll(work: Work, leftover: Leftover, what: string[]): Promise<void> {
  const { administration, removes } = work;
  const { baselineGroup, tag, group, topics } = leftover;
  const brokers = await administration.brokersOfCluster(topics);
  const groups = [group, ownGroup(baselineGroup, tag), copiesGroup(baselineGroup, tag)];
  // A canary may have come since it was looked.
  for (const broker of brokers) {
    for (const its of groups) await refuseMembers(removes, broker, its);
  }
  // Whoever comes from now on begins where the baseline stands, whatever is left of the group's offsets.
  const markers = canaryMarkers(administration);
  const isWritten = await markers.write(baselineGroup, { tag, phase: 'retired', at: Date.now() });
  markers.close();
  if (!isWritten) throw new Error('no name server takes it that the tag is given up');
  for (const its of groups) await removeGroup(work, its, brokers, topics, what);
  const isForgotten = await hasNoOffsets(work, groups, brokers, topics);
  // Of brokers that keep a group's offsets (before 4.9), the marker says that they are of former days.
  if (!isForgotten) return;
  await administration.deleteKeyValue(SUBSCRIPTIONS_NAMESPACE, canaryKey(baselineGroup, tag));
  if ((await administration.deleteKeyValue(MARKER_NAMESPACE, group)) > 0) what.push('its marker');
}

async function refuseMembers(removes: Removal, broker: Broker, group: string): Promise<void> {
  const members = await removes.membersOf(broker, group);
  if (members.length > 0) throw new Error(`${members[0]} has joined ${group}`);
}

async function removeGroup(
  { administration, removes }: Work,
  group: string,
  brokers: readonly Broker[],
  topics: readonly string[],
  what: string[],
): Promise<void> {
  const there: string[] = [];
  for (const broker of brokers) {
    if ((await administration.groupSettings(broker, group)) === undefined) continue;
    await removes.removeGroup(broker, group);
    there.push(broker.name);
  }
  if (there.length === 0) return;
  what.push(`${group} on ${there.join(', ')}`);
  for (const topic of [...retryTopics(group, topics), deadLetterTopic(group)]) {
    if ((await administration.queuesOf(topic)).length === 0) continue;
    for (const broker of brokers) await removes.removeTopic(broker, topic);
    await removes.forgetTopic(topic);
    what.push(topic);
  }
}

async function hasNoOffsets(
  { administration }: Work,
  groups: readonly string[],
  brokers: readonly Broker[],
  topics: readonly string[],
): Promise<boolean> {
  const queues = await queuesOf({ administration, topics });
  const offsets = queues.flatMap(({ broker: name, topic, queueId }) => {
    const broker = brokers.find(one => one.name === name);
    return broker === undefined
      ? []
      : groups.map(group => administration.committedOffset(broker, group, topic, queueId));
  });
  return (await Promise.all(offsets)).every(offset => offset === undefined);
}
