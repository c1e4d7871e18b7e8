/**
 * What an environment means for messages, with what has to be done about it on the brokers and said to people. Knows no
 * client library.
 */
import type { Settings } from '../config/settings';
import type { Log } from '../log';
import type { BrokerAdministration } from './broker-administration';
import { type ConsumerPlan, consumerPlan } from './consumer-plan';
import type { FilterExpression } from './filter-expression';

export interface Subscription {
  readonly topic: string;
  readonly filter: FilterExpression;
}

export interface MessagePolicy {
  /** The plan for a consumer that the application makes for `group`. */
  plan(group: string): ConsumerPlan;
  /** Says, at `info`, what was made of a consumer; nothing for one that is left as it is. */
  announce(plan: ConsumerPlan, subscriptions: readonly Subscription[]): void;
  /**
   * Before a consumer consumes `subscriptions` (as the application wrote them): sees to it that a canary's group is there,
   * with the settings and at the offsets of the baseline's, and that the brokers take the filters. Where the name servers
   * are unknown, nothing is done. Never rejects: what fails is said once.
   * @param endpoint where the client connects to, `host:port`.
   */
  prepare(plan: ConsumerPlan, subscriptions: readonly Subscription[], endpoint: string): Promise<void>;
  /** Says once that the brokers do not know the canary's group, and how to create it. */
  sayGroupIsMissing(plan: ConsumerPlan, endpoint: string): void;
  /** Says once what an error of a consumer means and what to do about it, for errors that are the environment's. */
  explain(error: unknown): void;
}

export function createMessagePolicy(settings: Settings, log: Log): MessagePolicy {
  const prepared = new Map<string, Promise<void>>();

  return {
    plan: group => consumerPlan(group, settings),

    announce(plan, subscriptions) {
      if (!plan.isFiltered) return;
      const group = plan.isCanary ? `${plan.baselineGroup} -> ${plan.group}` : plan.group;
      const filters = subscriptions.map(({ topic, filter }) => `${topic}: ${plan.filter(filter).expression}`);
      log.info([group, ...filters].join(', '));
    },

    prepare(plan, subscriptions, endpoint) {
      const { mqNamesrv } = settings;
      if (mqNamesrv === undefined || !plan.isFiltered || subscriptions.length === 0) return Promise.resolve();
      const key = [plan.group, endpoint, ...subscriptions.map(({ topic }) => topic)].join(' ');
      let preparation = prepared.get(key);
      if (preparation === undefined) {
        preparation = prepareOnBrokers(plan, subscriptions, mqNamesrv, log);
        prepared.set(key, preparation);
        // Another consumer that starts at the same time waits for the same answer; a later one asks again.
        void preparation.then(() => prepared.delete(key));
      }
      // The baseline's group is its own: only what is wrong with its filters is to be said, and nobody waits for that.
      return plan.isCanary ? preparation : Promise.resolve();
    },

    sayGroupIsMissing(plan, endpoint) {
      const command = `mqadmin updateSubGroup -n <name server> -c <cluster> -g ${plan.group}`;
      log.warnOnce(
        `group:${plan.group}`,
        settings.mqNamesrv === undefined
          ? `the RocketMQ at ${endpoint} has no consumer group ${plan.group}, so this canary receives nothing yet; create it (${command}), or set GRAY_MQ_NAMESRV and it is created for you`
          : `the RocketMQ at ${endpoint} has no consumer group ${plan.group}, so this canary receives nothing yet; create it: ${command}`,
      );
    },

    explain(error) {
      const text = error instanceof Error ? error.message : String(error);
      if (SQL92_DISABLED.test(text)) sayDisabled(log, 'the broker', text);
    },
  };
}

/** PullMessageProcessor and ClientManageProcessor, 4.5 to 5.5, with enablePropertyFilter=false. */
const SQL92_DISABLED = /does not support consumer to filter message by/;

function sayDisabled(log: Log, broker: string, words: string): void {
  log.warnOnce(
    'enablePropertyFilter',
    `${broker} has SQL92 filters switched off, which keep the environments apart: set enablePropertyFilter=true in its configuration and restart it (${words})`,
  );
}

async function prepareOnBrokers(
  plan: ConsumerPlan,
  subscriptions: readonly Subscription[],
  namesrv: string,
  log: Log,
): Promise<void> {
  // Loaded here: most processes never talk to a broker themselves.
  const { brokerAdministration } = require('./broker-administration') as typeof import('./broker-administration');
  const administration = brokerAdministration({ namesrv });
  // Connections to brokers keep no process alive, but a canary's application is waiting for this one.
  const alive = setInterval(() => {}, 60_000);
  if (!plan.isCanary) alive.unref();
  try {
    if (plan.isCanary) await prepareGroup(plan, subscriptions, administration, log);
    await checkFilters(plan, subscriptions, administration, log);
  } catch (error) {
    const hint = (error as { hint?: string }).hint ?? (error instanceof Error ? error.message : String(error));
    log.warnOnce(`prepare:${plan.group}`, hint);
  } finally {
    clearInterval(alive);
    administration.close();
  }
}

async function prepareGroup(
  plan: ConsumerPlan,
  subscriptions: readonly Subscription[],
  administration: BrokerAdministration,
  log: Log,
): Promise<void> {
  const { prepareCanaryGroup } = require('./canary-group') as typeof import('./canary-group');
  const { created, offsets } = await prepareCanaryGroup({
    administration,
    baselineGroup: plan.baselineGroup,
    canaryGroup: plan.group,
    topics: subscriptions.map(({ topic }) => topic),
  });
  if (created.length === 0) return;
  log.info(
    `${plan.group} created on ${created.join(', ')}: settings of ${plan.baselineGroup}, its offsets on ${offsets} queues`,
  );
}

/** The very filters that will be used, compiled by every broker. */
async function checkFilters(
  plan: ConsumerPlan,
  subscriptions: readonly Subscription[],
  administration: BrokerAdministration,
  log: Log,
): Promise<void> {
  const brokers = await administration.brokersOfCluster(subscriptions.map(({ topic }) => topic));
  const checks = brokers.flatMap(broker =>
    subscriptions.map(async ({ topic, filter }) => {
      const planned = plan.filter(filter);
      const problem = await administration.filterProblem(broker, plan.group, topic, planned);
      if (problem?.kind === 'disabled') sayDisabled(log, broker.name, problem.words);
      if (problem?.kind === 'malformed') {
        const line = `${broker.name} does not take the filter of ${plan.group} on ${topic}, ${planned.expression} (${problem.words})`;
        log.warnOnce(`filter:${plan.group}:${topic}`, line);
      }
    }),
  );
  await Promise.all(checks);
}
