/** The consumers of this process, for people who look into it. Keeps none alive. */

import type { ConsumerPlan } from './consumer-plan';
import type { TagReport } from './hand-over/hand-over';
import type { FilterExpression } from './plan/filter-expression';
import type { Subscription } from './plan/subscription';

/** A consumer of the application, before and after. */
export interface ConsumerReport {
  /** The client library. */
  readonly client: string;
  /** The group that the application named, and the one that the consumer joined. */
  readonly baselineGroup: string;
  readonly group: string;
  /** The environment whose messages alone it takes; undefined: a consumer of the baseline. */
  readonly tag: string | undefined;
  /** Where messages of other environments are left out. */
  readonly filterSide: 'broker' | 'client';
  readonly topics: readonly {
    readonly topic: string;
    /** As the application wrote it, and as the broker is asked now. */
    readonly asked: FilterExpression;
    readonly filter: FilterExpression;
  }[];
  /** Of a consumer of the baseline: the canaries that it knows of. */
  readonly tags: readonly TagReport[];
  /** Of a canary's in auto mode, where name servers are known: whether it says to the baseline that it is there. */
  readonly isAnnounced?: boolean | undefined;
}

/** What hand-over knows of a consumer. */
export type HandOverReport = Pick<ConsumerReport, 'tags' | 'isAnnounced'>;

export interface ConsumerRegister {
  /** Made, and not closed. */
  add(plan: ConsumerPlan, client: string): void;
  subscribed(plan: ConsumerPlan, subscriptions: readonly Subscription[]): void;
  unsubscribed(plan: ConsumerPlan, topic: string): void;
  /** Closed: it is shown no longer, unless it is prepared again. */
  left(plan: ConsumerPlan): void;
  prepared(plan: ConsumerPlan): void;
  read(handOverOf: (plan: ConsumerPlan) => HandOverReport): readonly ConsumerReport[];
}

interface Entry {
  readonly client: string;
  readonly filters: Map<string, FilterExpression>;
  isClosed: boolean;
}

export function consumerRegister(): ConsumerRegister {
  const entries = new WeakMap<ConsumerPlan, Entry>();
  let plans: WeakRef<ConsumerPlan>[] = [];

  return {
    add(plan, client) {
      plans = plans.filter(one => one.deref() !== undefined);
      plans.push(new WeakRef(plan));
      entries.set(plan, { client, filters: new Map(), isClosed: false });
    },
    subscribed(plan, subscriptions) {
      for (const { topic, filter } of subscriptions) entries.get(plan)?.filters.set(topic, filter);
    },
    unsubscribed: (plan, topic) => void entries.get(plan)?.filters.delete(topic),
    left(plan) {
      const entry = entries.get(plan);
      if (entry !== undefined) entry.isClosed = true;
    },
    prepared(plan) {
      const entry = entries.get(plan);
      if (entry !== undefined) entry.isClosed = false;
    },
    read: handOverOf =>
      plans.flatMap(reference => {
        const plan = reference.deref();
        const entry = plan && entries.get(plan);
        if (plan === undefined || entry === undefined || entry.isClosed) return [];
        const { baselineGroup, group, tag, side } = plan;
        const topics = [...entry.filters].map(([topic, asked]) => ({
          topic,
          asked,
          filter: plan.filter(asked, topic),
        }));
        return [{ client: entry.client, baselineGroup, group, tag, filterSide: side, topics, ...handOverOf(plan) }];
      }),
  };
}
