/** Asks brokers who announced himself. */
import type { MemberServers } from './members';
import { whoIsThere } from './memory';
import type { WatchedBroker } from './watched-brokers';
import type { WatchedClusters } from './watched-clusters';

/** What is asked, and whom. */
export interface Asking extends Omit<MemberServers, 'brokers'> {
  readonly clusters: WatchedClusters;
}

export interface AnnouncementsSeen {
  /** Who is there by those that answer; when none does, by their last answers. */
  readonly names: ReadonlySet<string>;
  /** Somebody answered. */
  readonly isComplete: boolean;
  /** Those that let nobody look. */
  readonly refusing: readonly WatchedBroker[];
  readonly isRefused: boolean;
  readonly problem: string | undefined;
}

/** Asks the brokers of a cluster who announced himself in producer groups: replicas, where no master answers. */
export async function askForAnnouncements(
  { clusters, questions, clock }: Asking,
  topics: readonly string[],
  groups: readonly string[],
  pick: (clientIds: string[]) => readonly string[],
): Promise<AnnouncementsSeen> {
  const cluster = clusters.of(topics);
  const servers = (await cluster?.brokers.current()) ?? [];
  const masters = servers.filter(({ isReplica }) => !isReplica);
  const askEach = (brokers: readonly WatchedBroker[]) =>
    Promise.all(
      brokers.map(broker =>
        Promise.all(groups.map(group => questions.ask(broker, group, async link => pick(await link.producers(group))))),
      ),
    );
  const asked = await askEach(masters);
  const byMasters = asked.flat();
  const refusing = masters.filter((_, index) => asked[index]?.some(({ isRefused }) => isRefused));
  if (byMasters.some(({ answered, isRefused }) => !answered && !isRefused)) cluster?.brokers.doubt();
  const isSilent = refusing.length === 0 && !byMasters.some(({ answered }) => answered);
  const byReplicas = isSilent ? (await askEach(servers.filter(({ isReplica }) => isReplica))).flat() : [];
  const all = [...byMasters, ...byReplicas];
  const problem = all.find(({ problem }) => problem !== undefined)?.problem ?? cluster?.brokers.problem;
  return { ...whoIsThere(all, clock.now()), refusing, isRefused: refusing.length > 0, problem };
}
