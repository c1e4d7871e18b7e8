/** The group of a canary in which it alone consumes, beside the one that it shares with stand-ins. */
import type { OwnPlace } from '../plan/division';
import type { Clock } from '../remoting/clock';
import { brokerNamed } from './broker';
import type { BrokerAdministration } from './broker-administration';
import { prepareCanaryGroup } from './canary-group';
import { offsetsOnEveryQueue } from './canary-offsets';

export interface OwnGroup {
  readonly administration: BrokerAdministration;
  /** The group that the canary shares with stand-ins, which is ready. */
  readonly sharedGroup: string;
  readonly ownGroup: string;
  /** Where it has to be, by topic. */
  readonly places: ReadonlyMap<string, OwnPlace>;
  readonly clock?: Clock | undefined;
}

/**
 * Makes the own group of a canary ready, before the canary consumes in it: with the settings of the shared group, and at a
 * place from which on it passes over nothing that the shared group leaves to it.
 *
 * @throws CanaryGroupError, BrokerAdministrationError, RemotingError
 */
export async function prepareOwnGroup({
  administration,
  sharedGroup,
  ownGroup,
  places,
  clock,
}: OwnGroup): Promise<void> {
  await prepareCanaryGroup({
    administration,
    baselineGroup: sharedGroup,
    canaryGroup: ownGroup,
    topics: [...places.keys()],
    // Of a topic in which it was in use, a queue without an offset is a new one.
    formerUse: topic => (places.get(topic) === 'where the shared group is' ? undefined : 'in use'),
    ...(clock && { clock }),
  });
  const moved = [...places].filter(([, place]) => place !== 'as it is');
  await Promise.all(moved.map(([topic, place]) => move({ administration, sharedGroup, ownGroup }, topic, place)));
}

async function move(
  { administration, sharedGroup, ownGroup }: Pick<OwnGroup, 'administration' | 'sharedGroup' | 'ownGroup'>,
  topic: string,
  place: OwnPlace,
): Promise<void> {
  const [brokers, shared, own] = await Promise.all([
    administration.brokersOfCluster([topic]),
    offsetsOnEveryQueue({ administration, canaryGroup: sharedGroup }, topic),
    offsetsOnEveryQueue({ administration, canaryGroup: ownGroup }, topic),
  ]);
  for (const [queue, offset] of shared ?? []) {
    const before = own?.get(queue);
    if (before === offset || (place === 'not behind the shared group' && before !== undefined && before < offset))
      continue;
    const [broker = '', queueId] = queue.split(/:(?=\d+$)/);
    await administration.commitOffset(brokerNamed(brokers, broker), ownGroup, topic, Number(queueId), offset);
  }
}
