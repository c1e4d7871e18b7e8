/** Messages in queues, and polls that wait for them. */

export interface Message {
  readonly id: number;
  readonly tag: string | undefined;
}

/** A request to receive, which waits at the broker for a message. */
export interface Poll {
  readonly group: string;
  readonly admits: (message: Message) => boolean;
  /** Called once, with a message that the group has then passed, or without one. */
  readonly answer: (message: Message | undefined) => void;
}

export class Queue {
  readonly messages: Message[] = [];
  /** By group: where it goes on. */
  readonly offsets = new Map<string, number>();
  /** Nobody is given anything of it. */
  isStuck = false;
  private readonly waiting = new Set<Poll>();

  /** @param isYoung a group without an offset begins at its first message; else at its end */
  constructor(readonly isYoung: boolean) {}

  put(message: Message): void {
    this.messages.push(message);
    for (const poll of [...this.waiting]) this.serve(poll);
  }

  /** @returns ends it, without a message */
  poll(poll: Poll): () => void {
    this.waiting.add(poll);
    this.serve(poll);
    return () => {
      if (this.waiting.delete(poll)) poll.answer(undefined);
    };
  }

  private serve(poll: Poll): void {
    if (this.isStuck) return;
    const { messages, offsets } = this;
    let offset = offsets.get(poll.group) ?? (this.isYoung ? 0 : messages.length);
    let found: Message | undefined;
    // What its filter does not match is passed over for good.
    while (found === undefined && offset < messages.length) {
      const message = messages[offset++] as Message;
      if (poll.admits(message)) found = message;
    }
    offsets.set(poll.group, offset);
    if (found === undefined) return;
    this.waiting.delete(poll);
    poll.answer(found);
  }
}
