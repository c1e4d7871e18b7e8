/** What is done for a consumer of a canary: its group is made ready, and the baseline is told that it is there. */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';
import type { Arrival } from '../hand-over/canary-arrival';
import type { Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import type { ClientConnection } from './client';
import type { Duties } from './duties';
import type { Ready } from './group-readiness';
import { latePreparation } from './late-preparation';

export interface CanaryDutiesOptions {
  readonly group: string;
  readonly tag: string;
  /** See {@link ClientKind.sharesQueues}. */
  readonly sharesQueues: boolean;
  /** Whether the baseline heeds what it is told: it is in auto mode. */
  readonly isAuto: boolean;
  serversOf(connection: ClientConnection): ClusterServers | undefined;
  /** Makes the group ready: on which brokers it is. Never rejects. */
  ready(subscriptions: readonly Subscription[], servers: ClusterServers): Promise<Ready>;
  /** Tells that it is there; settles when it may start. Never rejects. */
  arrive(topics: readonly string[], servers: ClusterServers): Promise<Arrival>;
  readonly log: Pick<Log, 'say'>;
}

export function canaryDuties(options: CanaryDutiesOptions): Duties {
  const { group, tag, sharesQueues, isAuto, serversOf, ready, arrive, log } = options;
  let arrival: Promise<Arrival> | undefined;
  let isOver = () => false;
  let servers: ClusterServers | undefined;

  /** Also where a broker is away: on the others the baseline's stand-ins make room. */
  const arriveOnce = async (subscriptions: readonly Subscription[], known: ClusterServers): Promise<void> => {
    if (!isAuto || subscriptions.length === 0 || arrival !== undefined) return;
    arrival = arrive(
      subscriptions.map(({ topic }) => topic),
      known,
    );
    await arrival;
  };
  const withdraw = async (): Promise<void> => {
    const withdrawn = arrival;
    arrival = undefined;
    await (await withdrawn)?.leave();
  };

  /** Once more, for a consumer that has started without. */
  const late = latePreparation(async subscriptions => {
    if (servers === undefined) return true;
    const where = await ready(subscriptions, servers);
    if (isOver()) return true;
    const isNew = where !== 'none' && isAuto && arrival === undefined;
    const told = isNew ? `: the baseline is told that ${tag} is there` : '';
    const now = where === 'all' ? 'now' : 'on some brokers';
    if (where === 'all' || isNew) log.say(groupLines.readyNow, { group, where: now, told });
    if (isNew) void arriveOnce(subscriptions, servers);
    return where === 'all';
  });

  return {
    async prepare(subscriptions, connection, _reach, isClosed) {
      const known = serversOf(connection);
      if (known === undefined) return;
      servers = known;
      isOver = isClosed;
      const where = await ready(subscriptions, known);
      if (isOver()) return;
      if (where === 'all') for (const { topic } of subscriptions) late.forgetTopic(topic);
      else if (subscriptions.length > 0) late.add(subscriptions);
      // What has no group with offsets is not said to be there: nothing would be left to it from the right place on.
      if (where !== 'none') await arriveOnce(subscriptions, known);
    },
    unsubscribed: late.forgetTopic,
    async leave() {
      late.stop();
      // Stand-ins may come while it drains: what it still handles it acknowledges itself.
      if (sharesQueues) await withdraw();
    },
    end: withdraw,
    report() {
      if (arrival !== undefined) return { tags: [], isAnnounced: true };
      return isAuto && late.isWaiting() ? { tags: [], isAnnounced: false } : { tags: [] };
    },
  };
}
