/** A client library, and how it reaches its brokers, as far as a session has to know. */
import type { Credentials } from '../../names/credentials';

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

/** Where a client finds its brokers. */
export interface ClientConnection {
  /** What the client connects to, for messages to people. */
  readonly endpoint: string;
  /** The client's own name servers, `host:port;host:port`, used where no setting names them. */
  readonly namesrv?: string | undefined;
  /** The client's own; the agent's commands are signed with them. Never printed. */
  readonly credentials?: Credentials | undefined;
}
