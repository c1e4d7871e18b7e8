import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { type Answer, valueIn } from './answer';

/** A client that is connected in a consumer group. */
export interface Member {
  readonly clientId: string;
  /** `host:port`, where it is connected from. */
  readonly address: string;
  readonly language: string;
  readonly isStandIn: boolean;
}

/** Who is connected in a consumer group. */
export interface GroupMembers {
  readonly members: readonly Member[];
  /** By topic: the filter that the broker has for the group, of whichever member said it last. */
  readonly filters: Readonly<Record<string, FilterExpression>>;
  readonly isBroadcast: boolean;
}

/**
 * Whether a client tells its subscription as it starts and not when that changes: those of gRPC, whose ids are like
 * `vm@22758@0@mwxcanvt`. Those of the remoting protocol tell it with each heartbeat.
 */
export function tellsAtStartOnly({ clientId }: Member): boolean {
  return /^[^@]+@\d+@\d+@[0-9a-z]+/.test(clientId);
}

/**
 * Whether nobody in the group subscribes to a topic that brokers know of none: they know the subscription of whoever said it
 * last, so of several members it is not that of all.
 */
export function isAllTold(members: readonly Member[]): boolean {
  return members.length === 1 && !members.some(tellsAtStartOnly);
}

/** Of `host:port`, as servers write addresses. */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^.*\//, '');
}

/** The members of a group by all who were asked, each of them once: clients are connected to several brokers. */
export function membersIn(answers: readonly Answer<GroupMembers>[]): {
  readonly members: readonly Member[];
  /** By topic, what brokers filter by, each once. */
  readonly filters: ReadonlyMap<string, readonly FilterExpression[]>;
} {
  const members = new Map<string, Member>();
  const filters = new Map<string, FilterExpression[]>();
  for (const answer of answers) {
    for (const member of valueIn(answer)?.members ?? []) members.set(member.clientId, member);
    for (const [topic, filter] of Object.entries(valueIn(answer)?.filters ?? {})) {
      const all = filters.get(topic) ?? [];
      filters.set(topic, all);
      if (!all.some(({ type, expression }) => type === filter.type && expression === filter.expression))
        all.push(filter);
    }
  }
  return { members: [...members.values()], filters };
}
