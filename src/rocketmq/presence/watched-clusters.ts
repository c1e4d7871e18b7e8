/** The clusters that host the topics of this process's consumers, and a link to each of their brokers. */

import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { type BrokerAdministration, brokerAdministration } from '../administration/broker-administration';
import type { Runtime } from '../remoting/runtime';
import { type BrokerLink, brokerLink } from './broker-link';
import { type WatchedBroker, type WatchedBrokers, watchedBrokers } from './watched-brokers';

export interface WatchedCluster {
  readonly brokers: WatchedBrokers;
  /** When somebody asked for it last. */
  usedAt: number;
}

export interface WatchedClusters {
  /** Undefined where no name server is given. */
  of(topics: readonly string[]): WatchedCluster | undefined;
  linkTo(address: string): BrokerLink;
  links(): Iterable<BrokerLink>;
  close(): void;
}

export interface WatchedClustersOptions {
  readonly namesrv: string | undefined;
  readonly credentials: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
  /** Addresses of servers that are none of the brokers. */
  readonly proxies: ReadonlySet<string>;
  /** Whether something is announced on a cluster. */
  isInUse(cluster: WatchedCluster): boolean;
  /** Called after each answer of a name server about a cluster. */
  onBrokers(cluster: WatchedCluster, brokers: readonly WatchedBroker[]): void;
}

/** A cluster that nobody asked about for so long is not looked up any more. */
const UNUSED_MS = 300_000;

export function watchedClusters(runtime: Runtime, options: WatchedClustersOptions): WatchedClusters {
  const { namesrv, credentials, tls, proxies, isInUse, onBrokers } = options;
  const { clock } = runtime;
  let administration: BrokerAdministration | undefined;
  /** By address. */
  const links = new Map<string, BrokerLink>();
  /** By topics. */
  const clusters = new Map<string, WatchedCluster>();

  /** Links and clusters of no use end. */
  async function onAnswer(key: string, cluster: WatchedCluster, brokers: readonly WatchedBroker[]): Promise<void> {
    if (!isInUse(cluster) && clock.now() - cluster.usedAt > UNUSED_MS) {
      clusters.delete(key);
      cluster.brokers.close();
    }
    onBrokers(cluster, brokers);
    const all = await Promise.all([...clusters.values()].map(each => each.brokers.current()));
    const addresses = new Set(all.flat().map(({ address }) => address));
    for (const [address, link] of links) {
      if (proxies.has(address) || addresses.has(address)) continue;
      links.delete(address);
      link.close();
    }
  }

  return {
    of(topics) {
      if (namesrv === undefined) return undefined;
      administration ??= brokerAdministration({ namesrv, credentials, tls, runtime });
      const key = [...new Set(topics)].sort().join(' ');
      let cluster = clusters.get(key);
      if (cluster === undefined) {
        const created: WatchedCluster = {
          brokers: watchedBrokers(administration, clock, topics, brokers => void onAnswer(key, created, brokers)),
          usedAt: 0,
        };
        cluster = created;
        clusters.set(key, cluster);
      }
      cluster.usedAt = clock.now();
      return cluster;
    },
    linkTo(address) {
      let link = links.get(address);
      if (link === undefined) {
        const onUnreachable = () => {
          for (const { brokers } of clusters.values()) brokers.doubt();
        };
        link = brokerLink(address, runtime, { credentials, tls, onUnreachable });
        links.set(address, link);
      }
      return link;
    },
    links: () => links.values(),
    close() {
      for (const { brokers } of clusters.values()) brokers.close();
      for (const link of links.values()) link.close();
      administration?.close();
      clusters.clear();
      links.clear();
    },
  };
}
