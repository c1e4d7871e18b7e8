/** The group of a canary in which it gets copies of the baseline's messages. */
import type { Clock } from '../remoting/clock';
import { brokerNamed } from './broker';
import type { BrokerAdministration } from './broker-administration';
import { prepareCanaryGroup } from './canary-group';
import { endOf } from './group-progress';

export interface CopiesGroup {
  readonly administration: BrokerAdministration;
  /** Whose settings it gets. */
  readonly baselineGroup: string;
  readonly copiesGroup: string;
  readonly topics: readonly string[];
  /** Nobody consumes in it. */
  readonly isUnused: boolean;
  readonly clock?: Clock | undefined;
}

/**
 * Makes it ready, before the canary consumes in it. Where nobody does, it begins at the ends of all queues, those of its retries
 * as well: copies of what was sent while no canary was there are kept for nobody.
 *
 * @throws CanaryGroupError, BrokerAdministrationError, RemotingError
 */
export async function prepareCopiesGroup(group: CopiesGroup): Promise<void> {
  const { administration, baselineGroup, copiesGroup: canaryGroup, topics, isUnused, clock } = group;
  await prepareCanaryGroup({
    administration,
    baselineGroup,
    canaryGroup,
    topics,
    startsAtEnd: true,
    ...(clock && { clock }),
  });
  if (!isUnused) return;
  const [brokers, ends] = await Promise.all([
    administration.brokersOfCluster(topics),
    endOf({ administration, canaryGroup, topics }),
  ]);
  const moved = ends.map(async ({ broker: name, topic, queueId, offset }) => {
    const broker = brokerNamed(brokers, name);
    const committed = await administration.committedOffset(broker, canaryGroup, topic, queueId);
    // Never back: another canary may begin at the same moment, and have consumed since the end was asked for.
    if ((committed ?? 0) >= offset) return;
    await administration.commitOffset(broker, canaryGroup, topic, queueId, offset);
  });
  await Promise.all(moved);
}
