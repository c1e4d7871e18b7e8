/**
 * What an environment means for messages, with what has to be done about it on the brokers and said to people. Knows no
 * client library.
 */
import type { Settings } from '../config/settings';
import type { Log } from '../log';
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
   * Sees to it that a canary's group is there, with the settings and at the offsets of the baseline's, before it
   * consumes `topics`. Where the name servers are unknown, nothing is done. Never rejects: what fails is said once.
   * @param endpoint where the client connects to, `host:port`; for messages to people.
   */
  prepareGroup(plan: ConsumerPlan, topics: readonly string[], endpoint: string): Promise<void>;
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

    prepareGroup(plan, topics, endpoint) {
      const { mqNamesrv } = settings;
      if (mqNamesrv === undefined || topics.length === 0) return Promise.resolve();
      const key = [plan.group, endpoint, ...topics].join(' ');
      let preparation = prepared.get(key);
      if (preparation === undefined) {
        preparation = prepare(plan, topics, mqNamesrv, log);
        prepared.set(key, preparation);
        // Another consumer that starts at the same time waits for the same answer; a later one asks again.
        void preparation.then(() => prepared.delete(key));
      }
      return preparation;
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
      if (!NO_SQL92.test(text)) return;
      log.warnOnce(
        'SQL92',
        'the broker refuses SQL92 filters, so consumers with one receive nothing: set enablePropertyFilter=true in the broker configuration and restart the broker',
      );
    },
  };
}

/** The words of brokers 4.5 to 5.5 with enablePropertyFilter=false. */
const NO_SQL92 = /does not support consumer to filter message by SQL92/i;

async function prepare(plan: ConsumerPlan, topics: readonly string[], namesrv: string, log: Log): Promise<void> {
  // Connections to brokers keep no process alive, but the application is waiting for this one.
  const alive = setInterval(() => {}, 60_000);
  try {
    // Loaded here: a baseline process never talks to a broker itself.
    const { brokerAdministration } = require('./broker-administration') as typeof import('./broker-administration');
    const { prepareCanaryGroup } = require('./canary-group') as typeof import('./canary-group');
    const administration = brokerAdministration({ namesrv });
    try {
      const { created, offsets } = await prepareCanaryGroup({
        administration,
        baselineGroup: plan.baselineGroup,
        canaryGroup: plan.group,
        topics,
      });
      if (created.length > 0) {
        log.info(
          `${plan.group} created on ${created.join(', ')}: settings of ${plan.baselineGroup}, its offsets on ${offsets} queues`,
        );
      }
    } finally {
      administration.close();
    }
  } catch (error) {
    const hint = (error as { hint?: string }).hint ?? (error instanceof Error ? error.message : String(error));
    log.warnOnce(`prepare:${plan.group}`, hint);
  } finally {
    clearInterval(alive);
  }
}
