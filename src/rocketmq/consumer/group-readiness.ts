/** Makes the groups of a process's canaries ready, once for consumers that start at the same time. */
import type { Settings } from '../../config/settings';
import type { Log } from '../../log';
import type { BrokerAdministration } from '../administration/broker-administration';
import { type GroupMember, prepareGroup } from '../administration/group-preparation';
import { formerUseOf } from '../hand-over/canary-marker';
import type { Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import { AGAIN_AFTER_MS } from './late-preparation';

/** The brokers on which a canary's group is ready. */
export type Ready = 'all' | 'some' | 'none';

/** Never rejects: what fails is said once. */
export type GroupReadiness = (
  member: GroupMember,
  tag: string,
  subscriptions: readonly Subscription[],
  servers: ClusterServers,
) => Promise<Ready>;

const READY = { ready: 'all', partly: 'some', refused: 'none', unreachable: 'none' } as const;

export function groupReadiness({ mqBaseline }: Pick<Settings, 'mqBaseline'>, log: Log): GroupReadiness {
  /** Preparations under way, and for a while those that failed. */
  const preparations = new Map<string, Promise<Ready>>();

  return (member, tag, subscriptions, servers) => {
    const { baselineGroup, group } = member;
    const everywhere = [group, servers.namesrv].join(' ');
    const key = [everywhere, ...subscriptions.map(({ topic }) => topic)].join(' ');
    // Another consumer that starts at the same time waits for the same answer; a later one asks again.
    const underWay = preparations.get(everywhere) ?? preparations.get(key);
    if (underWay !== undefined) return underWay;
    const formerUse = async (administration: BrokerAdministration) =>
      mqBaseline === 'auto' ? formerUseOf(administration, baselineGroup, tag) : undefined;
    const preparation = prepareGroup(member, subscriptions, servers, formerUse, log).then(outcome => {
      preparations.delete(key);
      if (outcome === 'unreachable') {
        // Brokers that cannot be reached cost their time once, not with each subscription.
        preparations.set(everywhere, Promise.resolve('none'));
        setTimeout(() => preparations.delete(everywhere), AGAIN_AFTER_MS).unref();
      }
      return READY[outcome];
    });
    preparations.set(key, preparation);
    return preparation;
  };
}
