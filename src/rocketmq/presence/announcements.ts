/** What this process announces on every broker of the clusters that host its topics, until it withdraws it or ends. */
import { VERSION } from '../../names/version';
import type { Clock } from '../remoting/clock';
import type { Runtime } from '../remoting/runtime';
import { announcerClientId } from './announcement-name';
import type { WatchedBroker } from './watched-brokers';
import type { WatchedCluster, WatchedClusters } from './watched-clusters';

export interface Announcement {
  /** What a broker says against it: without the right to be there, it is seen by nobody. */
  readonly refusal: string | undefined;
  /** Takes it back, when it is the last of its kind in this process. Bounded in time; never rejects. */
  withdraw(): Promise<void>;
}

export interface Announcements {
  /** The client id under which this process announces something. */
  clientIdFor(name: string): string;
  /** Resolves when every master that can be reached has taken it, after 3 s at the latest. Never rejects. */
  announce(producerGroup: string, name: string, topics: readonly string[]): Promise<Announcement>;
  isAnnouncedOn(cluster: WatchedCluster): boolean;
  /** What is announced on a cluster is announced on brokers that are new as well. */
  putOnNew(cluster: WatchedCluster, brokers: readonly WatchedBroker[]): void;
}

interface Announced {
  readonly clientId: string;
  readonly clusters: Set<WatchedCluster>;
  users: number;
}

const ANNOUNCE_MS = 3_000;
const WITHDRAW_MS = 3_000;

export function announcements(
  { clock, self }: Pick<Runtime, 'clock' | 'self'>,
  clusters: Pick<WatchedClusters, 'of' | 'linkTo' | 'links'>,
): Announcements {
  /** By producer group. */
  const announced = new Map<string, Announced>();
  const clientIdFor = (name: string) => announcerClientId({ ...self, name, version: VERSION }, self.unique);

  /** What each of the masters says against it. Nobody waits for replicas. */
  function putOn(
    brokers: readonly WatchedBroker[],
    producerGroup: string,
    clientId: string,
  ): Promise<(string | undefined)[]> {
    const puts = brokers.flatMap(({ address, isReplica }) => {
      const put = clusters.linkTo(address).announce(producerGroup, clientId);
      const said = put.catch(() => undefined);
      return isReplica ? [] : [said];
    });
    return Promise.all(puts);
  }

  async function withdraw(producerGroup: string, announcement: Announced): Promise<void> {
    announcement.users--;
    if (announcement.users > 0) return;
    announced.delete(producerGroup);
    const withdrawn = Promise.all([...clusters.links()].map(link => link.withdraw(producerGroup)));
    await within(clock, WITHDRAW_MS, withdrawn);
  }

  return {
    clientIdFor,
    async announce(producerGroup, name, topics) {
      const cluster = clusters.of(topics);
      if (cluster === undefined) return { refusal: undefined, withdraw: async () => {} };
      const announcement = announced.get(producerGroup) ?? {
        clientId: clientIdFor(name),
        clusters: new Set<WatchedCluster>(),
        users: 0,
      };
      announced.set(producerGroup, announcement);
      announcement.clusters.add(cluster);
      announcement.users++;
      const put = cluster.brokers
        .current()
        .then(brokers => (announced.has(producerGroup) ? putOn(brokers, producerGroup, announcement.clientId) : []));
      const refusals = (await within(clock, ANNOUNCE_MS, put)) ?? [];
      let isWithdrawn = false;
      return {
        refusal: refusals.find(refusal => refusal !== undefined),
        async withdraw() {
          if (isWithdrawn) return;
          isWithdrawn = true;
          await withdraw(producerGroup, announcement);
        },
      };
    },
    isAnnouncedOn: cluster => [...announced.values()].some(announcement => announcement.clusters.has(cluster)),
    putOnNew(cluster, brokers) {
      for (const [producerGroup, announcement] of announced) {
        if (announcement.clusters.has(cluster)) void putOn(brokers, producerGroup, announcement.clientId);
      }
    },
  };
}

/** What `work` resolves with; undefined when it takes longer. */
function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    work.then(resolve, reject).finally(cancel);
  });
}
