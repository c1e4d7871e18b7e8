/** What a consumer needs on the brokers before it consumes: its group, and brokers that take its filters. */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';
import type { FilterExpression } from '../plan/filter-expression';
import type { Beginning, Subscription } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import type { BrokerAdministration } from './broker-administration';
import type { CanaryGroup } from './canary-group';
import { type CanaryGroupError, hintOf, type PreparedGroup } from './canary-group-error';
import type { MissingGroup } from './missing-group';
import { pausedHint } from './paused-group';

/** A consumer, as its group has to be made for it. */
export interface GroupMember {
  readonly baselineGroup: string;
  readonly group: string;
  readonly beginning: Beginning | undefined;
}

/** A consumer, as its filters are checked. */
export interface FilteringConsumer {
  readonly group: string;
  readonly side: 'broker' | 'client';
  /** See {@link ConsumerPlan.needsVersion5}. */
  readonly needsVersion5: boolean;
  filterToCheck(written: FilterExpression): FilterExpression;
}

/** Why brokers do not filter. */
export interface FilterObstacle {
  readonly reason: string;
  /** They could, were they told to. */
  readonly isSwitchedOff: boolean;
}

/** Runs `work` with what talks to the brokers. Never rejects: what it fails with goes to `onFailure`. */
async function withAdministration<T, F>(
  servers: ClusterServers,
  onFailure: (problem: string, error: unknown) => F,
  work: (administration: BrokerAdministration) => Promise<T>,
): Promise<T | F> {
  // Loaded here: most processes never talk to a broker themselves.
  const { brokerAdministration } = require('./broker-administration') as typeof import('./broker-administration');
  const administration = brokerAdministration(servers);
  try {
    return await work(administration);
  } catch (error) {
    return onFailure(hintOf(error), error);
  } finally {
    administration.close();
  }
}

/**
 * Makes the canary's group ready: on all brokers, `partly`, or on none. `unreachable`: on none, since nobody answered, and
 * asking again at once would be in vain.
 */
export async function prepareGroup(
  { baselineGroup, group, beginning }: GroupMember,
  subscriptions: readonly Subscription[],
  servers: ClusterServers,
  formerUse: (administration: BrokerAdministration) => Promise<CanaryGroup['formerUse']>,
  log: Log,
): Promise<'ready' | 'partly' | 'refused' | 'unreachable'> {
  const onFailure = (problem: string, error: unknown) => {
    // Without a topic the cluster may not be known; the group is prepared again with the first subscription.
    if (subscriptions.length === 0) log.say(groupLines.notPreparedYet, { hint: problem });
    else log.say(groupLines.notPrepared, { group, hint: problem });
    const { created = [], used = [] } = (error as Partial<CanaryGroupError>).prepared ?? {};
    const failed = new Set((error as Partial<CanaryGroupError>).failures?.map(({ broker }) => broker.name));
    if ([...created, ...used].some(name => !failed.has(name))) return 'partly';
    const cause = (error as { cause?: unknown }).cause ?? error;
    return (cause as Error).name === 'BrokerAdministrationError' ? 'refused' : 'unreachable';
  };
  return withAdministration(servers, onFailure, async administration => {
    const { prepareCanaryGroup } = require('./canary-group') as typeof import('./canary-group');
    const prepared = await prepareCanaryGroup({
      administration,
      baselineGroup,
      canaryGroup: group,
      topics: subscriptions.map(({ topic }) => topic),
      beginning,
      formerUse: await formerUse(administration),
    });
    sayCreated({ baselineGroup, group }, prepared, log);
    const hint = pausedHint(group, servers.namesrv, prepared.paused);
    if (hint !== undefined) log.say(groupLines.paused, { group, hint });
    return 'ready' as const;
  });
}

function sayCreated(groups: Pick<GroupMember, 'baselineGroup' | 'group'>, prepared: PreparedGroup, log: Log): void {
  const { created, createdAlone, offsets: queues } = prepared;
  const others = created.filter(broker => !createdAlone.includes(broker));
  if (others.length > 0) log.say(groupLines.created, { ...groups, brokers: others.join(', '), queues });
  if (createdAlone.length > 0) log.say(groupLines.createdAlone, { ...groups, brokers: createdAlone.join(', ') });
}

/** Where a consumer's group does not exist; undefined: nowhere, or that is not known. */
export function lookForGroup(
  group: string,
  subscriptions: readonly Subscription[],
  servers: ClusterServers,
): Promise<MissingGroup | undefined> {
  const unknown = () => undefined;
  return withAdministration(servers, unknown, administration => {
    const { missingGroup } = require('./missing-group') as typeof import('./missing-group');
    return missingGroup(
      administration,
      group,
      subscriptions.map(({ topic }) => topic),
    );
  });
}

/**
 * What speaks against filtering on the brokers: the very filters that will be used are compiled by each of them.
 * Where that has to be known, that it is not known speaks against it too.
 */
export function checkFilters(
  consumer: FilteringConsumer,
  subscriptions: readonly Subscription[],
  servers: ClusterServers,
  log: Log,
): Promise<FilterObstacle | undefined> {
  if (consumer.side === 'client') return Promise.resolve(undefined);
  const say = (problem: string) => {
    log.say(groupLines.filterNotChecked, { group: consumer.group, problem });
    if (!consumer.needsVersion5) return undefined;
    return { reason: `it could not be asked what the brokers filter by (${problem})`, isSwitchedOff: false };
  };
  return withAdministration(servers, say, async administration => {
    const brokers = await administration.brokersOfCluster(subscriptions.map(({ topic }) => topic));
    // Of a broker that does not say, nothing is known; the others count.
    const { group, needsVersion5 } = consumer;
    const checks = brokers.flatMap(broker =>
      subscriptions.map(async ({ topic, filter }) => {
        const planned = consumer.filterToCheck(filter);
        try {
          const problem = await administration.filterProblem(broker, group, topic, planned, needsVersion5);
          if (problem?.kind === 'disabled') {
            return { reason: `${broker.name} has SQL92 filters switched off`, isSwitchedOff: true };
          }
          if (problem?.kind === 'outdated') {
            return { reason: `${broker.name} is older than 5.0, and cannot filter by baggage`, isSwitchedOff: false };
          }
          if (problem?.kind === 'malformed') {
            const refused = { broker: broker.name, group, topic, filter: planned.expression };
            log.say(groupLines.filterRefused, { ...refused, problem: problem.words });
          }
          return undefined;
        } catch (error) {
          return say((error as Error).message);
        }
      }),
    );
    return (await Promise.all(checks)).find(obstacle => obstacle !== undefined);
  });
}
