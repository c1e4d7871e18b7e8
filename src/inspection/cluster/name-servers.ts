/** What name servers tell of a cluster, asked each by itself: they may disagree. */
import type { Broker } from '../../rocketmq/administration/broker';
import type { BrokerAdministration } from '../../rocketmq/administration/broker-administration';
import { allMarkers, MARKER_NAMESPACE } from '../../rocketmq/hand-over/canary-marker';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import { type GroupSubscriptions, writtenSubscriptions } from '../../rocketmq/hand-over/written-subscriptions';
import { nameServerList } from '../../rocketmq/remoting/address-server';
import { systemClock } from '../../rocketmq/remoting/clock';
import { type Answer, isKnown, type Settle, valueIn } from './answer';
import type { ClusterInspection } from './cluster-inspection';

export interface NameServerAnswer {
  /** `host:port`; the URL of an address server that does not tell any */
  readonly address: string;
  readonly brokers: Answer<readonly Broker[]>;
}

/** @param namesrv `host:port;host:port`, or the URL of an address server */
export async function askNameServers(
  namesrv: string,
  inspection: ClusterInspection,
  settle: Settle,
): Promise<NameServerAnswer[]> {
  const addresses = await settle(nameServerList(namesrv, systemClock)());
  if (!isKnown(addresses)) return [{ address: namesrv, brokers: addresses }];
  return Promise.all(
    addresses.value.map(async address => ({ address, brokers: await settle(inspection.brokersBy(address)) })),
  );
}

/** Every broker that is wanted and that a name server lists, once: by one that knows its address, if there is one. */
export function listedBrokers(
  nameServers: readonly NameServerAnswer[],
  isWanted: (broker: Broker) => boolean = () => true,
): Broker[] {
  const all = new Map<string, Broker>();
  for (const { brokers } of nameServers) {
    for (const broker of valueIn(brokers) ?? []) {
      if (isWanted(broker) && all.get(broker.name)?.address === undefined) all.set(broker.name, broker);
    }
  }
  return [...all.values()];
}

/** Whether a broker answers anything at all, and its release. */
export function askRelease(
  { address }: Broker,
  inspection: ClusterInspection,
  settle: Settle,
): Promise<Answer<string | undefined>> {
  return settle(
    address === undefined ? Promise.reject(new Error('no master is registered')) : inspection.release(address),
  );
}

/** By the baseline's group. @throws Error when no name server answers */
export async function markersByGroup(administration: BrokerAdministration): Promise<ReadonlyMap<string, Marker[]>> {
  const tables = await administration.keyValues(MARKER_NAMESPACE);
  if (tables.length === 0) throw new Error('no name server answered');
  return allMarkers(tables);
}

/** What the baseline and the canaries of a group subscribe to. @throws Error when no name server answers */
export async function subscriptionsOf(
  administration: BrokerAdministration,
  group: string,
): Promise<GroupSubscriptions> {
  const subscriptions = await writtenSubscriptions(administration).read(group);
  if (subscriptions === undefined) throw new Error('no name server answered');
  return subscriptions;
}
