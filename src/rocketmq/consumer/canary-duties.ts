/** What is done for a consumer of a canary: its group is made ready, and the baseline is told that it is there. */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';
import type { Arrival } from '../hand-over/canary-arrival';
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import type { CanaryPart } from './canary-part';
import type { ClientConnection } from './client';
import type { Duties, Reach } from './duties';
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
  /** What it does about what it subscribes to. */
  readonly part: CanaryPart;
  readonly log: Pick<Log, 'say'>;
}

export function canaryDuties(options: CanaryDutiesOptions): Duties {
  const { group, tag, sharesQueues, isAuto, serversOf, ready, arrive, part, log } = options;
  let arrival: Promise<Arrival> | undefined;
  let isOver = () => false;
  let servers: ClusterServers | undefined;
  let standIns: () => StandInMaker | undefined = () => undefined;

  /** Also where a broker is away: on the others the baseline's stand-ins make room. */
  const arriveFor = async (subscriptions: readonly Subscription[], known: ClusterServers): Promise<void> => {
    if (!isAuto || subscriptions.length === 0) return;
    const consume = await part.divide(subscriptions, known, standIns);
    if (isOver()) return;
    const added = subscriptions.map(({ topic }) => topic);
    if (arrival === undefined) {
      arrival = arrive(added, known);
      await arrival;
    } else {
      await (await arrival).roomIn(added);
    }
    if (!isOver()) await consume();
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
    if (isNew) void arriveFor(subscriptions, servers);
    return where === 'all';
  });

  return {
    async prepare(subscriptions, connection, reach: Reach, isClosed) {
      const known = serversOf(connection);
      if (known === undefined) return;
      servers = known;
      isOver = isClosed;
      standIns = () => reach.standIns?.();
      const where = await ready(subscriptions, known);
      if (isOver()) return;
      if (where === 'all') for (const { topic } of subscriptions) late.forgetTopic(topic);
      else if (subscriptions.length > 0) late.add(subscriptions);
      // What has no group with offsets is not said to be there: nothing would be left to it from the right place on.
      if (where !== 'none') await arriveFor(subscriptions, known);
    },
    unsubscribed(topic) {
      late.forgetTopic(topic);
      part.unsubscribed(topic);
    },
    async leave() {
      late.stop();
      const left = part.leave();
      // Stand-ins may come while it drains: what it still handles it acknowledges itself.
      if (sharesQueues) await withdraw();
      await left;
    },
    async end() {
      await withdraw();
      await part.ended();
    },
    report() {
      if (arrival !== undefined) return { tags: [], isAnnounced: true };
      return isAuto && late.isWaiting() ? { tags: [], isAnnounced: false } : { tags: [] };
    },
  };
}
