/** What is done for a consumer of a canary: its group is made ready, and the baseline is told that it is there. */
import type { Arrival } from '../hand-over/canary-arrival';
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import type { ClientConnection } from './client';
import type { Duties, Reach } from './duties';
import type { Ready } from './group-readiness';
import { latePreparation } from './late-preparation';
import type { OwnPart } from './own-part';

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
  /**
   * Writes down what it subscribes to, and divides that among its two groups, where another consumer can be made beside it.
   * Never rejects.
   *
   * @returns those of the subscriptions of which a part is in its own group
   */
  divide(
    subscriptions: readonly Subscription[],
    canDivide: () => boolean,
    servers: ClusterServers,
  ): Promise<readonly Subscription[]>;
  /** It no longer subscribes to a topic, or ends. */
  forget(topic: string): void;
  /** Its consumer in its own group. */
  readonly ownPart: OwnPart;
  info(line: string): void;
}

export function canaryDuties(options: CanaryDutiesOptions): Duties {
  const { group, tag, sharesQueues, isAuto, serversOf, ready, arrive, divide, forget, ownPart, info } = options;
  let arrival: Promise<Arrival> | undefined;
  let isOver = () => false;
  let servers: ClusterServers | undefined;
  let standIns: () => StandInMaker | undefined = () => undefined;
  const topics = new Set<string>();

  /** Also where a broker is away: on the others the baseline's stand-ins make room. */
  const arriveFor = async (subscriptions: readonly Subscription[], known: ClusterServers): Promise<void> => {
    if (!isAuto || subscriptions.length === 0) return;
    for (const { topic } of subscriptions) topics.add(topic);
    // Asked only where it is needed: a pull consumer beside which others may be made receives in another way.
    const divided = await divide(subscriptions, () => standIns() !== undefined, known);
    if (isOver()) return;
    const added = subscriptions.map(({ topic }) => topic);
    if (arrival === undefined) {
      arrival = arrive(added, known);
      await arrival;
    } else {
      await (await arrival).roomIn(added);
    }
    const maker = divided.length > 0 ? standIns() : undefined;
    if (maker !== undefined && !isOver()) ownPart.consume(divided, maker);
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
    if (where === 'all' || isNew) info(`${group} is ready ${where === 'all' ? 'now' : 'on some brokers'}${told}`);
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
      topics.delete(topic);
      ownPart.unsubscribed(topic);
      forget(topic);
    },
    async leave() {
      late.stop();
      const left = ownPart.leave();
      // Stand-ins may come while it drains: what it still handles it acknowledges itself.
      if (sharesQueues) await withdraw();
      await left;
    },
    async end() {
      for (const topic of topics) forget(topic);
      await withdraw();
      await ownPart.closed();
    },
    report() {
      if (arrival !== undefined) return { tags: [], isAnnounced: true };
      return isAuto && late.isWaiting() ? { tags: [], isAnnounced: false } : { tags: [] };
    },
  };
}
