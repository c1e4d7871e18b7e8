/** What a cluster knows of one message, and of the groups that it is for. What it means is said in message-fate.ts. */

import type { Broker } from '../../rocketmq/administration/broker';
import type { GroupSettings } from '../../rocketmq/administration/groups';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import type { Answer } from '../cluster/answer';
import type { GroupMembers } from '../cluster/group-members';
import type { StoredMessage } from '../cluster/stored-message';

/** A message, and the broker that has it. */
export interface FoundMessage {
  readonly broker: Broker;
  readonly message: StoredMessage;
}

/** One group of an environment that may consume a message. */
export interface LanePicture {
  readonly group: string;
  readonly baselineGroup: string;
  /** Undefined: the baseline's. */
  readonly tag: string | undefined;
  /** The canary's own group: what its baseline does not subscribe to. */
  readonly isOwn: boolean;
  /** A canary's group of copies: what is of the baseline, and untagged. */
  readonly isCopies: boolean;
  /** Undefined: the broker has no such group. */
  readonly settings: Answer<GroupSettings | undefined>;
  readonly members: Answer<GroupMembers>;
  /** The group's offset in the message's queue; undefined: it has none. */
  readonly committed: Answer<number | undefined>;
  /** What was put back for the group, the newest first. */
  readonly retries: Answer<readonly Retry[]>;
  /** It is in the group's dead letter queue. */
  readonly dead: Answer<FoundMessage | undefined>;
  /** Processes that announce that they are the canary, or stand in for it; of the baseline's group: its own. */
  readonly announced: Answer<readonly AnnouncedProcess[]>;
  /** What is written down of the message's tag in the baseline's group. */
  readonly marker: Answer<Marker | undefined>;
}

export interface Retry {
  readonly at: FoundMessage;
  /** Ms since 1970, when it is given out again; undefined: it is among the group's retries. */
  readonly dueAt: number | undefined;
  /** Whether the group has taken it from its retries; undefined: not known. */
  readonly isTaken: boolean | undefined;
}

export interface MessagePicture {
  readonly found: FoundMessage;
  /** The tag that it carries. */
  readonly tag: string | undefined;
  /** Of each baseline's group its own first. */
  readonly lanes: readonly LanePicture[];
}

export interface MessageSearch {
  /** Ms since 1970. */
  readonly at: number;
  /** Messages that were found, the newest first. */
  readonly pictures: readonly MessagePicture[];
  /** Who could not be asked, and why. */
  readonly problems: readonly string[];
  /** Whether a broker answered. */
  readonly isReached: boolean;
}
