/** A canary's consumer takes its place: what it subscribes to is divided and written down, and it announces itself. */
import type { Arrival } from '../hand-over/canary-arrival';
import type { Cluster } from '../hand-over/cluster';
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import type { CanaryPart } from './canary-part';

export interface CanaryPlaceOptions {
  open(servers: ClusterServers): Cluster;
  /** Tells that it is there; settles when it may start. Never rejects. */
  arrive(topics: readonly string[], cluster: Cluster): Promise<Arrival>;
  /** What it does about what it subscribes to. */
  readonly part: CanaryPart;
  standIns(): StandInMaker | undefined;
  /** Whether the application has closed its consumer. */
  isOver(): boolean;
}

export interface CanaryPlace {
  readonly isAnnounced: boolean;
  /** For these subscriptions as well. Settles when it may consume them. Never rejects. */
  take(subscriptions: readonly Subscription[], servers: ClusterServers): Promise<void>;
  /** It is there no longer. Never rejects. */
  giveUp(): Promise<void>;
}

export function canaryPlace({ open, arrive, part, standIns, isOver }: CanaryPlaceOptions): CanaryPlace {
  let arrival: Promise<Arrival> | undefined;
  /** Open until the consumer has left: a name server that is away gets what is written down later. */
  let cluster: Cluster | undefined;
  let divisions = 0;

  const closeIfUnused = (): void => {
    if (divisions > 0 || arrival !== undefined) return;
    cluster?.close();
    cluster = undefined;
  };

  return {
    get isAnnounced() {
      return arrival !== undefined;
    },
    async take(subscriptions, servers) {
      cluster ??= open(servers);
      divisions++;
      const consume = await part.divide(subscriptions, cluster, standIns);
      divisions--;
      if (isOver()) {
        closeIfUnused();
        return;
      }
      const topics = subscriptions.map(({ topic }) => topic);
      if (arrival === undefined) {
        arrival = arrive(topics, cluster);
        await arrival;
      } else {
        await (await arrival).roomIn(topics);
      }
      if (!isOver()) await consume();
    },
    async giveUp() {
      const withdrawn = arrival;
      arrival = undefined;
      await (await withdrawn)?.leave();
      closeIfUnused();
    },
  };
}
