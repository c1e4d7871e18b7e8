/** What the sides of a hand-over ask a cluster for: administration, who is there, what is written down. */
import { type BrokerAdministration, brokerAdministration } from '../administration/broker-administration';
import { type Presence, sharedPresence } from '../presence/presence';
import type { ClusterServers } from '../remoting/cluster-servers';
import { type Runtime, systemRuntime } from '../remoting/runtime';
import { type CanaryMarkers, canaryMarkers } from './canary-marker';
import { type WrittenSubscriptions, writtenSubscriptions } from './written-subscriptions';

export interface Cluster {
  readonly administration: BrokerAdministration;
  readonly presence: Presence;
  readonly markers: CanaryMarkers;
  readonly subscriptions: WrittenSubscriptions;
  /** The clock and the network that it is asked by. */
  readonly runtime: Runtime;
  /** What is announced ends with the last user of the same servers. */
  close(): void;
}

export type { ClusterServers };

export function openCluster(servers: ClusterServers, runtime: Runtime = systemRuntime): Cluster {
  const administration = brokerAdministration({ ...servers, runtime });
  const presence = sharedPresence(servers, runtime);
  const markers = canaryMarkers(administration, runtime.clock);
  const subscriptions = writtenSubscriptions(administration, runtime.clock);
  return {
    administration,
    presence,
    markers,
    subscriptions,
    runtime,
    close() {
      markers.close();
      subscriptions.close();
      presence.close();
      administration.close();
    },
  };
}
