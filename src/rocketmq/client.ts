/** A client library, and what an application does with it, as far as the policy has to know. */
import type { FilterExpression } from './filter-expression';
import type { Credentials } from './remoting/signature';

/** What an application subscribes to, as it wrote it. */
export interface Subscription {
  readonly topic: string;
  readonly filter: FilterExpression;
}

export interface ClientKind {
  /** Its name, for messages to people. */
  readonly name: string;
  /** False when its consumers know no SQL92: messages can only be told apart in the client. */
  readonly knowsSql92: boolean;
  /**
   * True when the members of a group poll the same queues (POP), and polling alone moves the group's offset; false when
   * each queue belongs to one member, which commits what it has handled.
   */
  readonly sharesQueues: boolean;
  /**
   * False when nobody can stand in for a canary beside a consumer of the application: the client offers no way to make a
   * second one that leaves when it has to. Default: true.
   */
  readonly canStandIn?: false;
  /** Set when its consumers do not show which environment a message is of, and its brokers are not asked to filter: why. */
  readonly blindness?: string;
}

/**
 * Where a consumer's client begins a queue on which its group has no offset: at the first message, or at the first one since
 * a time (ms since 1970).
 */
export type Beginning = 'first' | { readonly since: number };

/** Where a client finds its brokers. */
export interface ClientConnection {
  /** What the client connects to, for messages to people. */
  readonly endpoint: string;
  /** The client's own name servers, `host:port;host:port`, used where no setting names them. */
  readonly namesrv?: string | undefined;
  /** The client's own; the agent's commands are signed with them. Never printed. */
  readonly credentials?: Credentials | undefined;
}
