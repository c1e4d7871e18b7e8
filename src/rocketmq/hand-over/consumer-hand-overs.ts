/** The hand-overs of all consumers of a process: each begins, ends and begins anew with its consumer. */
import type { Settings } from '../../config/settings';
import type { Log } from '../../log';
import type { ClientConnection } from '../consumer/client';
import type { ConsumerPlan } from '../consumer-plan';
import type { Subscription } from '../plan/subscription';
import type { BaselineHandOver } from './baseline-hand-over';
import type { Arrival } from './canary-arrival';
import type { ClusterServers } from './cluster';
import type { TagReport } from './hand-over';
import type { HandOverSource } from './source';
import type { StandInMaker } from './stand-in';

export interface HandOverMeans {
  /** Undefined: no name server is known. */
  readonly servers: ClusterServers | undefined;
  readonly connection: ClientConnection;
  /** Absent for consumers that have no stand-ins. */
  readonly standIns?: StandInMaker | undefined;
}

export interface ConsumerHandOvers {
  /** See {@link MessagePolicy.prepare}; a canary's group is ready. Never rejects. */
  prepare(plan: ConsumerPlan, subscriptions: readonly Subscription[], means: HandOverMeans): Promise<void>;
  unsubscribed(plan: ConsumerPlan, topic: string): void;
  /** See {@link MessagePolicy.leaving}. */
  leaving(plan: ConsumerPlan): Promise<void>;
  /** See {@link MessagePolicy.left}. */
  left(plan: ConsumerPlan): Promise<void>;
  /** Every tag that a consumer of the baseline knows something of. */
  tags(plan: ConsumerPlan): readonly TagReport[];
  /** Of a canary's consumer: whether it says that it is there. */
  isAnnounced(plan: ConsumerPlan): boolean;
}

/** @param onTag told of each tag that is managed or stood in for */
export function createConsumerHandOvers(settings: Settings, log: Log, onTag: (tag: string) => void): ConsumerHandOvers {
  /** Of canaries. */
  const arrivals = new WeakMap<ConsumerPlan, Promise<Arrival>>();
  /** Of the baseline. */
  const handOvers = new WeakMap<ConsumerPlan, BaselineHandOver>();

  const arriveOnce = async (
    plan: ConsumerPlan,
    tag: string,
    subscriptions: readonly Subscription[],
    servers: ClusterServers,
  ): Promise<void> => {
    if (arrivals.has(plan)) return;
    const { arrive } = require('./canary-arrival') as typeof import('./canary-arrival');
    const { baselineGroup, group } = plan;
    const topics = subscriptions.map(({ topic }) => topic);
    const arrival = arrive({ baselineGroup, group, tag }, topics, servers, log);
    arrivals.set(plan, arrival);
    await arrival;
  };

  const leave = async (plan: ConsumerPlan): Promise<void> => {
    const arrival = arrivals.get(plan);
    arrivals.delete(plan);
    await (await arrival)?.leave();
  };

  const begin = (plan: ConsumerPlan, source: HandOverSource, standIns: StandInMaker): BaselineHandOver => {
    const { baselineHandOver } = require('./baseline-hand-over') as typeof import('./baseline-hand-over');
    const { mqTags: declared, mqIgnoreTags: ignored } = settings;
    const handOver = baselineHandOver({ plan, source, standIns, declared, ignored, log, onTag });
    handOvers.set(plan, handOver);
    return handOver;
  };

  /** Where it is known from who is there; undefined: from nowhere, and it is said so. */
  const sourceOf = (plan: ConsumerPlan, { servers, connection }: HandOverMeans): HandOverSource | undefined => {
    if (servers !== undefined) {
      const { brokerSource } = require('./broker-source') as typeof import('./broker-source');
      return brokerSource(plan, servers, log);
    }
    // Only clients of a proxy have one, and it knows only what it is asked for.
    if (!plan.sharesQueues || settings.mqTags.length === 0) {
      log.warnOnce(
        `servers:${plan.group}`,
        `${plan.group}: no name server is known (GRAY_MQ_NAMESRV), so nobody can say which canaries are there: the baseline takes the messages of every tag that is not in GRAY_MQ_IGNORE_TAGS, as with GRAY_MQ_BASELINE=all`,
      );
      return undefined;
    }
    const { proxyOf, proxySource } = require('./proxy-source') as typeof import('./proxy-source');
    const proxy = settings.mqProxyRemoting ?? proxyOf(connection.endpoint);
    log.warnOnce(
      `servers:${plan.group}`,
      `${plan.group}: no name server is known (GRAY_MQ_NAMESRV): the proxy at ${proxy} is asked who is there, which it knows of a crash after two minutes, and of tags in GRAY_MQ_TAGS only; after each start the baseline takes their messages as well for some 40 s`,
    );
    return proxySource(plan, { proxyRemoting: proxy, credentials: connection.credentials });
  };

  return {
    async prepare(plan, subscriptions, means) {
      if (subscriptions.length === 0) return;
      if (plan.tag !== undefined) {
        // Also where a broker is away: on the others its stand-ins make room.
        if (means.servers !== undefined) await arriveOnce(plan, plan.tag, subscriptions, means.servers);
        return;
      }
      if (means.standIns === undefined) return;
      let handOver = handOvers.get(plan);
      if (handOver === undefined) {
        const source = sourceOf(plan, means);
        if (source === undefined) return;
        handOver = begin(plan, source, means.standIns);
      }
      await handOver.subscribe(subscriptions);
    },
    tags: plan => handOvers.get(plan)?.tags() ?? [],
    isAnnounced: plan => arrivals.has(plan),
    unsubscribed: (plan, topic) => handOvers.get(plan)?.unsubscribe(topic),
    async leaving(plan) {
      // Stand-ins may come while it drains: what it still handles it acknowledges itself.
      if (plan.sharesQueues) await leave(plan);
      await handOvers.get(plan)?.close();
    },
    async left(plan) {
      await leave(plan);
      const handOver = handOvers.get(plan);
      // Started once more, it begins anew.
      handOvers.delete(plan);
      await handOver?.close();
      handOver?.forget();
    },
  };
}
