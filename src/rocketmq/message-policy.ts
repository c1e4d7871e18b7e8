/**
 * What an environment means for messages, with what has to be done about it on the brokers and said to people. Knows no
 * client library.
 */
import type { Settings } from '../config/settings';
import type { Log } from '../log';
import type { Counts } from '../telemetry/counts';
import type { BrokerAdministration } from './administration/broker-administration';
import { checkFilters, prepareGroup } from './administration/group-preparation';
import { AGAIN_AFTER_MS, latePreparations } from './administration/late-preparation';
import type { ClientConnection, ClientKind } from './consumer/client';
import { type ConsumerPlan, consumerPlan } from './consumer-plan';
import { type ConsumerReport, consumerRegister } from './consumer-register';
import { formerUseOf } from './hand-over/canary-marker';
import type { ClusterServers } from './hand-over/cluster';
import { createConsumerHandOvers, type HandOverMeans } from './hand-over/consumer-hand-overs';
import type { StandInMaker } from './hand-over/stand-in';
import type { Beginning, Subscription } from './plan/subscription';
import { SQL92_DISABLED } from './remoting/codes';
import { keepingAlive } from './remoting/keeping-alive';

/** `GRAY_MQ_FILTER_SIDE=broker` where the broker cannot: for the application, since its consumer must not start. */
export class FilterSideError extends Error {
  override readonly name = 'FilterSideError';
}

/** A consumer that would take the messages of every environment where it must not: it is not made. */
export class BlindConsumerError extends Error {
  override readonly name = 'BlindConsumerError';
}

export interface MessagePolicy {
  /**
   * The plan for a consumer that the application makes for `group`.
   * @param beginning where its client begins, if that is for the client to decide
   * @throws FilterSideError when the brokers are to filter and the client cannot ask them to
   * @throws BlindConsumerError when it must not take every message, and nobody can tell it which
   */
  plan(group: string, client: ClientKind, beginning?: Beginning): ConsumerPlan;
  /**
   * A consumer subscribes: says, at `info`, what was made of it; nothing of one that is left as it is. Of a stand-in it is
   * not called.
   */
  announce(plan: ConsumerPlan, subscriptions: readonly Subscription[]): void;
  /**
   * Before a consumer consumes `subscriptions` (as the application wrote them): sees to it that a canary's group is there,
   * with the settings and at the offsets of the baseline's, and that the brokers take the filters. Where the name servers
   * are unknown, nothing is done. Never rejects: what fails is said once.
   *
   * A canary's consumer may start once this has settled: the baseline's stand-ins are gone. In the baseline the filter is
   * then as it must be for the first poll; it changes later as canaries come and go.
   *
   * @param standIns how stand-ins for absent canaries are made beside this consumer; absent: it has none (broadcasts)
   */
  prepare(
    plan: ConsumerPlan,
    subscriptions: readonly Subscription[],
    connection: ClientConnection,
    standIns?: StandInMaker,
  ): Promise<void>;
  /** The application no longer subscribes to a topic. */
  unsubscribed(plan: ConsumerPlan, topic: string): void;
  /** The application begins to close the consumer; settles when its stand-ins have ended. Never rejects. */
  leaving(plan: ConsumerPlan): Promise<void>;
  /** The consumer is closed, or could not be started: its place is free. Never rejects. */
  left(plan: ConsumerPlan): Promise<void>;
  /** Says, in a canary, that a consumer was left as it is, which takes the messages of the baseline. */
  sayUnplanned(group: string): void;
  /** Says once that the brokers do not know the canary's group, and how to create it. */
  sayGroupIsMissing(plan: ConsumerPlan, endpoint: string): void;
  /**
   * What to do about an error of a consumer: `retry` when it will not come again, because the client filters from now
   * on; else it is the application's, and is explained once where there is something to say.
   */
  onError(plan: ConsumerPlan, error: unknown): 'retry' | 'pass';
  /** The consumers of the application that are not closed. */
  consumers(): readonly ConsumerReport[];
}

/** The brokers on which a canary's group is ready. */
type Ready = 'all' | 'some' | 'none';

export function createMessagePolicy(settings: Settings, log: Log, counts: Counts): MessagePolicy {
  /** Preparations under way, and for a while those that failed. */
  const preparations = new Map<string, Promise<Ready>>();
  const late = latePreparations();
  /** How often each consumer was closed: what is under way then is for nobody. */
  const closings = new WeakMap<ConsumerPlan, number>();
  const handOvers = createConsumerHandOvers(settings, log, counts.knowTag);
  const register = consumerRegister();

  /**
   * Another consumer that starts at the same time waits for the same answer; a later one asks again.
   *
   * @returns on which brokers the group is ready
   */
  const prepareOnce = (
    plan: ConsumerPlan,
    tag: string,
    subscriptions: readonly Subscription[],
    servers: ClusterServers,
  ): Promise<Ready> => {
    const key = [plan.group, servers.namesrv, ...subscriptions.map(({ topic }) => topic)].join(' ');
    const failed = [plan.group, servers.namesrv].join(' ');
    let preparation = preparations.get(failed) ?? preparations.get(key);
    if (preparation === undefined) {
      const formerUse = async (administration: BrokerAdministration) =>
        settings.mqBaseline === 'auto' ? formerUseOf(administration, plan.baselineGroup, tag) : undefined;
      preparation = prepareGroup(plan, subscriptions, servers, formerUse, log).then(outcome => {
        preparations.delete(key);
        if (outcome === 'unreachable') {
          // Brokers that cannot be reached cost their time once, not with each subscription.
          preparations.set(failed, Promise.resolve('none'));
          setTimeout(() => preparations.delete(failed), AGAIN_AFTER_MS).unref();
        }
        if (outcome === 'ready') return 'all';
        return outcome === 'partly' ? 'some' : 'none';
      });
      preparations.set(key, preparation);
    }
    return preparation;
  };

  /** The brokers do not filter for `plan`: the client does, if it may. */
  const onBrokerCannot = (plan: ConsumerPlan, reason: string): 'retry' | 'pass' => {
    if (settings.mqFilterSide === 'broker') {
      log.errorOnce(
        'filter-side',
        `${reason}, and GRAY_MQ_FILTER_SIDE=broker leaves it to the broker: set enablePropertyFilter=true in the broker's configuration and restart it, or GRAY_MQ_FILTER_SIDE=auto`,
      );
      return 'pass';
    }
    sayClientFilters(log, `${reason} (enablePropertyFilter=true in the broker's configuration changes that)`);
    if (plan.side === 'client') return 'pass';
    plan.filterInClient();
    return 'retry';
  };

  /** The settings, as they can be kept by consumers of `client`. */
  const settingsFor = (client: ClientKind, group: string): Settings => {
    if (settings.tag !== undefined || settings.mqBaseline !== 'auto' || client.canStandIn !== false) return settings;
    log.warnOnce(
      `stand-ins:${group}`,
      `${group}: beside a consumer of ${client.name} nobody can stand in for a canary: it takes the messages of every tag that is not in GRAY_MQ_IGNORE_TAGS, as with GRAY_MQ_BASELINE=all`,
    );
    return { ...settings, mqBaseline: 'all' };
  };

  /** @throws BlindConsumerError */
  const sayBlindness = (plan: ConsumerPlan, blindness: string): void => {
    if (!plan.isFiltered) {
      log.warnOnce(
        `blind:${plan.group}`,
        `${blindness}: consumers of ${plan.group} handle messages of canaries as if they had no tag`,
      );
      return;
    }
    const { baselineGroup, tag } = plan;
    const whose = tag === undefined ? 'messages are left to canaries' : `messages are those of ${tag}`;
    const problem = `${blindness}, so nobody can tell which ${whose}: the consumer of ${baselineGroup} is not made`;
    log.errorOnce(`blind:${plan.group}`, problem);
    throw new BlindConsumerError(`[rocketmq-gray] ${problem}`);
  };

  const close = (plan: ConsumerPlan) => {
    late.remove(plan);
    closings.set(plan, (closings.get(plan) ?? 0) + 1);
  };

  /** Tells whether the consumer was closed since. */
  const closedSince = (plan: ConsumerPlan): (() => boolean) => {
    const before = closings.get(plan);
    return () => closings.get(plan) !== before;
  };

  /** Once more, for a consumer that has started without. @returns whether its group is ready everywhere */
  const prepareLate = async (
    plan: ConsumerPlan,
    tag: string,
    subscriptions: readonly Subscription[],
    servers: ClusterServers,
    means: HandOverMeans,
  ): Promise<boolean> => {
    const isClosed = closedSince(plan);
    const ready = await prepareOnce(plan, tag, subscriptions, servers);
    if (isClosed()) return true;
    const isNew = ready !== 'none' && settings.mqBaseline === 'auto' && !handOvers.isAnnounced(plan);
    const told = isNew ? `: the baseline is told that ${tag} is there` : '';
    if (ready === 'all' || isNew)
      log.info(`${plan.group} is ready ${ready === 'all' ? 'now' : 'on some brokers'}${told}`);
    if (isNew) void handOvers.prepare(plan, subscriptions, means);
    return ready === 'all';
  };

  const prepare: MessagePolicy['prepare'] = async (plan, subscriptions, connection, standIns) => {
    const { tag } = plan;
    const isClosed = closedSince(plan);
    const namesrv = settings.mqNamesrv ?? connection.namesrv;
    const servers = namesrv === undefined ? undefined : { namesrv, credentials: connection.credentials };
    const means = { servers, connection, standIns };
    if (servers !== undefined) {
      // Only the client's own errors wait for this: filters can change while a consumer runs.
      if (subscriptions.length > 0) {
        void checkFilters(plan, subscriptions, servers, log).then(reason => {
          if (reason !== undefined) onBrokerCannot(plan, reason);
        });
      }
      if (tag !== undefined) {
        const ready = await prepareOnce(plan, tag, subscriptions, servers);
        if (isClosed()) return;
        if (ready === 'all') for (const { topic } of subscriptions) late.forgetTopic(plan, topic);
        else if (subscriptions.length > 0)
          late.add(plan, subscriptions, all => prepareLate(plan, tag, all, servers, means));
        // What has no group with offsets is not said to be there: nothing would be left to it from the right place on.
        if (ready === 'none') return;
      }
    }
    if (settings.mqBaseline === 'auto') await handOvers.prepare(plan, subscriptions, means);
  };

  return {
    plan(group, client, beginning) {
      const side = settings.mqFilterSide === 'client' ? 'client' : 'broker';
      const plan = consumerPlan(group, settingsFor(client, group), {
        side,
        sharesQueues: client.sharesQueues,
        beginning,
      });
      register.add(plan, client.name);
      if (client.blindness !== undefined) sayBlindness(plan, client.blindness);
      if (!plan.isFiltered) return plan;
      if (plan.side === 'client') sayClientFilters(log, 'GRAY_MQ_FILTER_SIDE=client');
      if (plan.side === 'client' || client.knowsSql92) return plan;
      const reason = `consumers of ${client.name} know no SQL92 filters`;
      if (settings.mqFilterSide === 'broker') {
        throw new FilterSideError(`[rocketmq-gray] ${reason}: GRAY_MQ_FILTER_SIDE must be client or auto, not broker`);
      }
      plan.filterInClient();
      sayClientFilters(log, reason);
      return plan;
    },

    announce(plan, subscriptions) {
      register.subscribed(plan, subscriptions);
      if (!plan.isFiltered) return;
      const group = plan.tag !== undefined ? `${plan.baselineGroup} -> ${plan.group}` : plan.group;
      const skips = plan.side === 'client' ? ' (other environments are skipped in the client)' : '';
      const filters = subscriptions.map(
        ({ topic, filter }) => `${topic}: ${plan.filter(filter, topic).expression}${skips}`,
      );
      log.info([group, ...filters].join(', '));
    },

    async prepare(plan, subscriptions, connection, standIns) {
      register.prepared(plan);
      if (plan.isFiltered) await keepingAlive(() => prepare(plan, subscriptions, connection, standIns));
    },
    unsubscribed(plan, topic) {
      register.unsubscribed(plan, topic);
      late.forgetTopic(plan, topic);
      handOvers.unsubscribed(plan, topic);
    },
    leaving(plan) {
      close(plan);
      return keepingAlive(() => handOvers.leaving(plan));
    },
    left(plan) {
      close(plan);
      register.left(plan);
      return keepingAlive(() => handOvers.left(plan));
    },
    consumers: () =>
      register.read(plan => {
        const tags = handOvers.tags(plan);
        if (handOvers.isAnnounced(plan)) return { tags, isAnnounced: true };
        return settings.mqBaseline === 'auto' && late.isWaiting(plan) ? { tags, isAnnounced: false } : { tags };
      }),

    sayUnplanned(group) {
      if (settings.tag === undefined) return;
      log.error(
        `a consumer of this canary could not be changed: it joins the baseline's group ${group} and takes its messages`,
      );
    },

    sayGroupIsMissing(plan, endpoint) {
      const missing = `the RocketMQ at ${endpoint} has no consumer group ${plan.group}, and this canary's consumer does not start until it has`;
      const command = `mqadmin updateSubGroup -n '<name server>' -c '<cluster>' -g ${plan.group}`;
      log.warnOnce(
        `group:${plan.group}`,
        settings.mqNamesrv === undefined
          ? `${missing}: set GRAY_MQ_NAMESRV and the agent creates it, or create it: ${command}`
          : missing,
      );
    },

    onError(plan, error) {
      const text = error instanceof Error ? error.message : String(error);
      return SQL92_DISABLED.test(text) ? onBrokerCannot(plan, 'a broker has SQL92 filters switched off') : 'pass';
    },
  };
}

function sayClientFilters(log: Log, reason: string): void {
  log.warnOnce(
    'filter-side',
    `messages are told apart in the client, so every environment receives all messages and skips those of the others: ${reason}`,
  );
}
