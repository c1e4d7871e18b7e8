/** What is done for a consumer of a canary: its group is made ready, and the baseline is told that it is there. */
import { groupLines } from '../../lines/groups';
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import type { StandInMaker } from '../hand-over/stand-in';
import type { Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import { type CanaryPlaceOptions, canaryPlace } from './canary-place';
import type { ClientConnection } from './client';
import type { Copies } from './copies';
import type { Duties, Reach } from './duties';
import type { Ready } from './group-readiness';
import { latePreparation } from './late-preparation';

export interface CanaryDutiesOptions extends Omit<CanaryPlaceOptions, 'standIns' | 'isOver'> {
  readonly group: string;
  readonly tag: string;
  /** See {@link ClientKind.sharesQueues}. */
  readonly sharesQueues: boolean;
  /** Whether the baseline heeds what it is told: it is in auto mode. */
  readonly isAuto: boolean;
  serversOf(connection: ClientConnection): ClusterServers | undefined;
  /** Makes the group ready: on which brokers it is. Never rejects. */
  ready(subscriptions: readonly Subscription[], servers: ClusterServers): Promise<Ready>;
  /** Of the baseline's messages; absent: it gets none. */
  readonly copies?: Copies | undefined;
  readonly log: Pick<Log, 'say'>;
}

export function canaryDuties(options: CanaryDutiesOptions): Duties {
  const { group, tag, sharesQueues, isAuto, serversOf, ready, part, copies, log } = options;
  let isOver = () => false;
  let servers: ClusterServers | undefined;
  let standIns: () => StandInMaker | undefined = () => undefined;
  const place = canaryPlace({ ...options, standIns: () => standIns(), isOver: () => isOver() });

  /** Also where a broker is away: on the others the baseline's stand-ins make room. */
  const arriveFor = async (subscriptions: readonly Subscription[], known: ClusterServers): Promise<void> => {
    if (isAuto && subscriptions.length > 0) await place.take(subscriptions, known);
  };

  /** Once more, for a consumer that has started without. */
  const late = latePreparation(async subscriptions => {
    if (servers === undefined) return true;
    const where = await ready(subscriptions, servers);
    if (isOver()) return true;
    const isNew = where !== 'none' && isAuto && !place.isAnnounced;
    const told = isNew ? `: the baseline is told that ${tag} is there` : '';
    const now = where === 'all' ? 'now' : 'on some brokers';
    if (where === 'all' || isNew) log.say(groupLines.readyNow, { group, where: now, told });
    if (isNew) void arriveFor(subscriptions, servers);
    return where === 'all';
  });

  return {
    async prepare(subscriptions, connection, reach: Reach, isClosed) {
      const known = serversOf(connection);
      if (known === undefined) {
        if (isAuto) log.say(handOverLines.nobodyToTell, { canaryGroup: group, tag });
        return;
      }
      servers = known;
      isOver = isClosed;
      standIns = () => reach.standIns?.();
      const where = await ready(subscriptions, known);
      if (isOver()) return;
      if (where === 'all') for (const { topic } of subscriptions) late.forgetTopic(topic);
      else if (subscriptions.length > 0) late.add(subscriptions);
      // What has no group with offsets is not said to be there: nothing would be left to it from the right place on.
      if (where !== 'none') await arriveFor(subscriptions, known);
      if (!isOver()) copies?.consume(subscriptions, known, reach.standIns?.());
    },
    // Its messages are its own, whatever the settings of tags say.
    tagsSettled() {},
    unsubscribed(topic) {
      late.forgetTopic(topic);
      part.unsubscribed(topic);
      copies?.unsubscribed(topic);
    },
    async leave() {
      late.stop();
      const left = Promise.all([part.leave(), copies?.leave()]);
      // Stand-ins may come while it drains: what it still handles it acknowledges itself.
      if (sharesQueues) await place.giveUp();
      await left;
    },
    async end() {
      await place.giveUp();
      await part.ended();
      await copies?.ended();
    },
    report() {
      const its = { tags: [], ...(copies && { copies: { group: copies.group, isThere: copies.isThere() } }) };
      if (place.isAnnounced) return { ...its, isAnnounced: true };
      return isAuto && late.isWaiting() ? { ...its, isAnnounced: false } : its;
    },
  };
}
