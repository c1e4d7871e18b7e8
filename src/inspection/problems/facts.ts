/** What is known of a baseline's group and its canaries, whoever asked for it. */
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import type { Answer, NoAnswer } from '../cluster/answer';
import type { DeadLetters } from '../cluster/dead-letters';
import type { Member } from '../cluster/group-members';
import type { OldestWaiting } from '../cluster/waiting-message';
import type { GroupState } from './group-state';

export interface GroupFacts {
  readonly group: string;
  /** Undefined: not known. */
  readonly state: GroupState | undefined;
  readonly members: readonly Member[];
  /** By topic, what brokers filter by: of members that disagree, what they said last; brokers may differ. */
  readonly filters: ReadonlyMap<string, readonly FilterExpression[]>;
  /** Why there may be other members; undefined: all are known. */
  readonly unseen: NoAnswer | undefined;
  /** Whether who announces himself counts, since not all members are known. */
  readonly isHeard: boolean;
  /** By topic, messages of all environments that lie before the group; null: not known. */
  readonly backlog: ReadonlyMap<string, number | null>;
  /** Undefined: nobody was asked. */
  readonly deadLetters: Answer<DeadLetters> | undefined;
  /** The oldest message that waits for the group and that its filter selects. */
  readonly oldest: OldestWaiting | undefined;
}

export interface CanaryFacts extends GroupFacts {
  readonly tag: string;
  readonly marker: Marker | undefined;
}

/** What cannot be read off a cluster: settings that all processes of the fleet are taken to have. */
export interface AssumedSettings {
  /** Name of the message property. */
  readonly key: string;
  readonly baselineMode: 'auto' | 'all' | 'none';
  /** Tags that the baseline never takes. */
  readonly ignoredTags: readonly string[];
  /** Clients skip what is not theirs: what they told the brokers says nothing of that. */
  readonly isFilteredInClient: boolean;
}

export interface FamilyFacts {
  /** Ms since 1970. */
  readonly at: number;
  /** As people would write it in a command. */
  readonly namesrv: string;
  readonly baseline: GroupFacts;
  readonly canaries: readonly CanaryFacts[];
  /** Processes that announce something of these groups. */
  readonly announced: Answer<readonly AnnouncedProcess[]>;
  /** Only these are looked at; undefined: all. */
  readonly topics: readonly string[] | undefined;
  readonly assumed: AssumedSettings;
}
