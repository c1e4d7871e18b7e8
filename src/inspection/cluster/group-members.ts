import type { FilterExpression } from '../../rocketmq/plan/filter-expression';

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
