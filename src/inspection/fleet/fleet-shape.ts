/** A fleet as its brokers know it: environments, who is there, who takes which messages, what waits. */
import type { Phase } from '../../rocketmq/hand-over/hand-over';
import type { Member } from '../cluster/group-members';
import type { Problem } from '../problems/check';
import type { GroupState } from '../problems/group-state';

/** The shape that `rocketmq-gray status --json` prints. What is not known is null. */
export interface Fleet {
  /** ms since 1970 */
  readonly at: number;
  readonly namesrv: string;
  readonly brokers: readonly {
    readonly name: string;
    readonly cluster: string;
    readonly address: string | null;
    readonly release: string | null;
    /** Why it is not known what it knows; null: it answers. */
    readonly problem: string | null;
  }[];
  /** Those that were asked who is connected. */
  readonly proxies: readonly {
    readonly address: string;
    /** null: it answers. */
    readonly problem: string | null;
  }[];
  /** The baseline first, then by tag. */
  readonly environments: readonly Environment[];
  /** By the baseline's group, its own first, then by tag. */
  readonly groups: readonly Group[];
  readonly topics: readonly {
    readonly topic: string;
    /** Of all environments, mean of the last minute. */
    readonly putPerSecond: number | null;
  }[];
  /** What is wrong, the worst first: what `doctor` would say of it, too. */
  readonly problems: readonly Problem[];
  /** What could not be asked, a line each. */
  readonly unanswered: readonly string[];
  /** What brokers of this release cannot tell. */
  readonly notes: readonly string[];
}

/** Whether anybody answered who knows of the fleet. */
export function isReached({ brokers }: Fleet): boolean {
  return brokers.some(({ problem }) => problem === null);
}

export interface Environment {
  /** null: the baseline. */
  readonly tag: string | null;
  /** Processes with the agent that announce themselves: those of auto mode. */
  readonly instances: readonly Instance[];
  /** Of the baseline, in this canary's groups. */
  readonly standIns: number;
  /** Without those that are folded, here and in all sums. */
  readonly groups: number;
  /** Of what its groups take, which part stand-ins take: 0 to 1; null: nothing is taken, or it is not known. */
  readonly standInShare: number | null;
  readonly retries: number | null;
  readonly deadLetters: number | null;
  /** Messages that wait in its groups. */
  readonly backlog: number | null;
  /** Messages a second that its groups take, mean of the last minute. */
  readonly takenPerSecond: number | null;
}

export interface Instance {
  readonly host: string;
  readonly pid: number;
  /** Of the agent. */
  readonly version: string | null;
  /** The first digits of the document with its settings; null: it announces none. */
  readonly settings: string | null;
  /** The groups in which its consumers are. */
  readonly groups: readonly string[];
  /** Of a baseline's: the canaries' groups in which it stands in. */
  readonly standsInFor: readonly string[];
}

/** Who consumes in a group; `stand-ins`: baseline processes in a canary's. */
export type TakenBy = 'consumers' | 'stand-ins' | 'both' | 'nobody' | 'unknown';

export interface Group {
  readonly group: string;
  readonly baselineGroup: string;
  readonly tag: string | null;
  readonly takenBy: TakenBy;
  /** How many are connected; processes that announce themselves, where nobody says who is connected. */
  readonly consumers: number;
  readonly standIns: number;
  readonly members: readonly Member[];
  /** Of a canary's: how many of its processes also get copies of the baseline's messages, in a group of their own (GRAY_MQ_ALSO). */
  readonly copies: number;
  /** Of a canary's: a canary announces itself. Else its consumers have another agent or none, or are in another mode than auto. */
  readonly isAnnounced: boolean | null;
  /** What the name servers have written down of a canary's group. */
  readonly phase: Phase | null;
  /** When that was; of `managed`: when a message or a canary of it was there last. ms since 1970 */
  readonly markedAt: number | null;
  readonly isDeclared: boolean;
  readonly topics: readonly TopicFlow[];
  /** Of its topics and its retries. */
  readonly backlog: number | null;
  /** Messages that wait in the group's retry topics. */
  readonly retries: number | null;
  /** Messages in its dead letter queue. */
  readonly deadLetters: number | null;
  /** `partly`: only on some brokers; null: not known. */
  readonly state: GroupState | null;
  /** Nobody has been in it for an hour: it is in no sum. */
  readonly isFolded: boolean;
  readonly takenPerSecond: number | null;
}

export interface TopicFlow {
  readonly topic: string;
  /** What the brokers filter by for the group; of members that disagree, what one of them said last. */
  readonly filter: string | null;
  /** It is what gRPC clients of a baseline told as they started: what they leave out since is not in it. */
  readonly isToldAtStart: boolean;
  /** null: not known, as where brokers leave the topic out of their statistics. */
  readonly backlog: number | null;
  /** What the brokers gave to the group, mean of the last minute. */
  readonly takenPerSecond: number | null;
}
