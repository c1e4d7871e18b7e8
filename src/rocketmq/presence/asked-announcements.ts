/** Asks brokers who announced himself. */
import type { MemberServers } from './members';
import { type Memory, whoIsThere } from './memory';
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

/** Asks the brokers of a cluster who announced himself in producer groups: replicas, where no master is sure of it. */
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
  const isKnown = byMasters.some(({ answered, memory }) => answered && !isBelieved(memory));
  const replicas = servers.filter(({ isReplica }) => isReplica && refusing.length === 0 && !isKnown);
  const byReplicas = (await askEach(replicas)).flat();
  // That a master is away is no reason where a replica could tell.
  const all = [...byReplicas, ...byMasters];
  const problem = all.find(({ problem }) => problem !== undefined)?.problem ?? cluster?.brokers.problem;
  return { ...whoIsThere(all, clock.now()), refusing, isRefused: refusing.length > 0, problem };
}

/** A broker that has just come back does not know who ended meanwhile: some are there by what it said before. */
function isBelieved(memory: Memory | undefined): boolean {
  return memory?.isSettling === true && [...memory.seen.values()].some(seenAt => seenAt < memory.answeredAt);
}
