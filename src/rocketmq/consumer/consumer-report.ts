/** What is told of a consumer of the application to people who look into the process. */
import type { TagReport } from '../hand-over/hand-over';
import type { FilterExpression } from '../plan/filter-expression';

/** A consumer of the application, before and after. */
export interface ConsumerReport extends DutiesReport {
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
}

/** What is known of it beside its client. */
export interface DutiesReport {
  /** Of a consumer of the baseline: the canaries that it knows of. */
  readonly tags: readonly TagReport[];
  /** Of a canary's in auto mode, where name servers are known: whether it says to the baseline that it is there. */
  readonly isAnnounced?: boolean | undefined;
  /** Of a canary's that gets copies of the baseline's messages: the group that they are in, and whether it gets them by now. */
  readonly copies?: { readonly group: string; readonly isThere: boolean } | undefined;
}
