/**
 * Copies of untagged messages for a canary's consumer (`GRAY_MQ_ALSO=baseline`): a consumer beside it, in a group of their own.
 * The baseline's group knows nothing of it.
 */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';
import { hintOf } from '../administration/canary-group-error';
import { prepareCopiesGroup } from '../administration/copies-group';
import type { Cluster } from '../hand-over/cluster';
import type { OwnIntake } from '../hand-over/intake';
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { Announcement } from '../presence/presence';
import { type Clock, systemClock } from '../remoting/clock';
import type { ClusterServers } from '../remoting/cluster-servers';
import { ownPart } from './own-part';

export interface CopiesOptions {
  readonly intake: OwnIntake;
  readonly tag: string;
  open(servers: ClusterServers): Cluster;
  /** Told why it can get none, whatever becomes of the cluster. */
  refuse(problem: string): void;
  readonly log: Pick<Log, 'say'>;
  readonly clock?: Pick<Clock, 'after'>;
}

export interface Copies {
  readonly group: string;
  /** Gets copies of these as well, from now on. */
  consume(subscriptions: readonly Subscription[], servers: ClusterServers, makers: StandInMaker | undefined): void;
  unsubscribed(topic: string): void;
  /** Its consumer polls no more. Never rejects. */
  leave(): Promise<void>;
  /** Nothing of it is left, after {@link leave}. Never rejects. */
  ended(): Promise<void>;
  /** Whether it gets some. */
  isThere(): boolean;
}

const NOBODY_BESIDE =
  'no second consumer can be made beside it (it broadcasts, has no listener, or its class overrides methods of the library)';

export function copiesPart({ intake, tag, open, refuse, log, clock = systemClock }: CopiesOptions): Copies {
  const taking = intake.copies();
  const { group: copiesGroup, baselineGroup } = taking;
  const { group: canaryGroup } = intake;
  const announcements = new Map<string, Announcement>();
  let cluster: Cluster | undefined;

  const prepare = async (asked: readonly string[]): Promise<void> => {
    const topics = asked.filter(topic => !announcements.has(topic));
    if (cluster === undefined || topics.length === 0) return;
    const { administration, presence, runtime } = cluster;
    const isUsed = await presence.hasCopies({ canaryGroup, copiesGroup }, topics);
    if (isUsed === undefined) throw new Error('no broker says whether another canary gets copies already');
    const group = { administration, baselineGroup, copiesGroup, topics, isUnused: !isUsed, clock: runtime.clock };
    await prepareCopiesGroup(group);
    log.say(groupLines.copiesBegin, { copiesGroup, where: isUsed ? 'where others of its canary are' : 'now' });
    for (const topic of topics) announcements.set(topic, await presence.announceCopies(canaryGroup, tag, [topic]));
  };
  const say = (error: unknown) => log.say(groupLines.copiesNotStarted, { copiesGroup, problem: hintOf(error) });
  const part = ownPart(() => taking, say, clock, prepare);

  return {
    group: copiesGroup,
    consume(subscriptions, servers, makers) {
      if (subscriptions.length === 0) return;
      if (makers === undefined) return refuse(NOBODY_BESIDE);
      cluster ??= open(servers);
      part.consume(subscriptions, makers);
    },
    unsubscribed(topic) {
      part.unsubscribed(topic);
      const announcement = announcements.get(topic);
      announcements.delete(topic);
      void announcement?.withdraw();
    },
    leave: part.leave,
    async ended() {
      await part.closed();
      await Promise.all([...announcements.values()].map(({ withdraw }) => withdraw()));
      announcements.clear();
      cluster?.close();
      cluster = undefined;
    },
    isThere: () => announcements.size > 0,
  };
}
