/** What a pull family knows of its members, of who waits for messages, and of messages that nobody has asked for yet. */

/** A consumer as far as it is polled. */
export interface PullMember<M> {
  /** @param invisible milliseconds that what it brings is hidden from others of the group */
  poll(max: number, invisible: number): Promise<readonly M[]>;
  /** Hides a message for that many milliseconds from now on. Rejects when it is too late. */
  renew(message: M, invisible: number): Promise<void>;
  /** Gives messages of one poll back to the group, in their order. Never rejects. */
  giveBack(messages: readonly M[]): Promise<void>;
  /** A poll of a stand-in failed. */
  onError?(error: unknown): void;
  /** Nobody has asked for this message yet. */
  onKept?(message: M): void;
}

export interface Family<M> {
  /** The application's own consumer. */
  readonly main: Member<M>;
  readonly members: Map<PullMember<M>, Member<M>>;
  /** In the order of their calls. */
  readonly waiters: Waiter<M>[];
  kept: Kept<M>[];
  /** Nobody asks any more; and then there is no connection any more either. */
  isClosing: boolean;
  isClosed: boolean;
}

export interface Member<M> {
  readonly consumer: PullMember<M>;
  readonly polls: Set<Poll<M>>;
  /** What is being given back. */
  readonly returns: Set<Promise<void>>;
  hasLeft: boolean;
  /** Told when a poll has ended. */
  onPollEnd?: () => void;
}

export interface Poll<M> {
  readonly member: Member<M>;
  readonly max: number;
  /** Whom it works for; undefined: that one was answered. */
  waiter: Waiter<M> | undefined;
}

/** A call of `receive()`. */
export interface Waiter<M> {
  readonly max: number;
  readonly invisible: number;
  readonly resolve: (messages: M[]) => void;
  readonly reject: (error: unknown) => void;
  /** What is kept is being made ready for it. */
  isAnswered: boolean;
  /** What its poll of the main consumer ended with meanwhile. */
  mainEnd?: () => void;
}

export interface Kept<M> {
  readonly member: Member<M>;
  readonly message: M;
  /** When others of the group may get it. */
  hiddenUntil: number;
  timer: NodeJS.Timeout | undefined;
  renewals: number;
  /** It is being hidden anew. Never rejects. */
  renewing: Promise<void> | undefined;
}

export function memberOf<M>(consumer: PullMember<M>): Member<M> {
  return { consumer, polls: new Set(), returns: new Set(), hasLeft: false };
}
