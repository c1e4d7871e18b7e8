/** The broker of the small world: one topic, its groups, and consumers whose polls are sent and answered later. */
import { type FilterExpression, tagsOf } from '../../../src/rocketmq/plan/filter-expression';

export const QUEUES = 2;

export interface Message {
  readonly id: number;
  readonly tag: string | undefined;
  /** What subscriptions ask for by tags. */
  readonly word: string;
  /** Sent while a canary and its stand-ins share the whole group: the baseline has not written down what it subscribes to. */
  readonly isUndivided: boolean;
}

/** What somebody subscribes to of the topic; null: not to the topic. */
export type Asked = string | null;

export const filterOf = (expression: string): FilterExpression => ({ type: 'TAG', expression });

export function selects(expression: Asked, word: string): boolean {
  if (expression === null) return false;
  return tagsOf(expression)?.includes(word) ?? true;
}

/** Where a group stands: an offset for each queue that has one, and what was taken and not acknowledged. */
export class Group {
  readonly offsets: (number | undefined)[] = Array.from({ length: QUEUES }, () => undefined);
  readonly retries: Message[] = [];
}

/** Who handled a message. */
export interface Handling {
  readonly id: number;
  readonly tag: string | undefined;
  readonly by: 'baseline' | 'stand-in' | 'canary';
}

export type Admits = (message: Message) => boolean;

interface Poll {
  readonly queue: number;
  readonly admits: Admits;
}

export class Consumer {
  readonly polls: Poll[] = [];
  /** Taken, being handled. */
  readonly held: Message[] = [];
  isLeaving = false;
  isGone = false;

  constructor(
    readonly group: Group,
    readonly by: Handling['by'],
    readonly filter: () => Admits,
    readonly onMessage: (tag: string) => void = () => {},
  ) {}
}

export class Broker {
  readonly sent: Message[] = [];
  readonly handled: Handling[] = [];
  /** Gray messages that a main consumer took although it left them out, and the like. */
  readonly violations: string[] = [];
  /** Of a canary's messages, by a stand-in. */
  readonly passedOver: Message[] = [];
  /** No fault any more: whatever is handled is handled with success. */
  isCalm = false;
  private readonly queues: Message[][] = Array.from({ length: QUEUES }, () => []);
  private readonly groups = new Map<string, Group>();
  /** Polls of consumers that are gone, which are still held. */
  private readonly left: { readonly consumer: Consumer; readonly poll: Poll }[] = [];

  /** @param asked what the baseline and its stand-ins subscribe to */
  constructor(private readonly asked: string) {}

  group(name: string): Group {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new Group();
      this.groups.set(name, group);
    }
    return group;
  }

  /** Where the queues end. */
  ends(): number[] {
    return this.queues.map(({ length }) => length);
  }

  send(message: Message, queue: number): void {
    this.sent.push(message);
    (this.queues[queue] as Message[]).push(message);
  }

  /** Its polls are over, and what it held comes back to its group. */
  release(consumer: Consumer): void {
    consumer.isGone = true;
    consumer.polls.length = 0;
    consumer.group.retries.push(...consumer.held.splice(0));
  }

  /** The same of one whose polls stay. */
  abandon(consumer: Consumer): void {
    this.left.push(...consumer.polls.map(poll => ({ consumer, poll })));
    this.release(consumer);
  }

  /** All polls that somebody left behind. */
  answerLeft(): void {
    for (const { consumer, poll } of this.left.splice(0)) this.answer(consumer, poll);
  }

  answerAll(consumer: Consumer): void {
    for (const poll of [...consumer.polls]) this.answer(consumer, poll);
  }

  /** What can happen to a consumer next, and to what others left behind. */
  steps(consumer: Consumer): (() => void)[] {
    const steps: (() => void)[] = [];
    for (let queue = 0; queue < QUEUES; queue++) {
      if (!consumer.isLeaving && !consumer.polls.some(poll => poll.queue === queue)) {
        steps.push(() => consumer.polls.push({ queue, admits: consumer.filter() }));
      }
    }
    for (const poll of consumer.polls) steps.push(() => this.answer(consumer, poll));
    for (const held of this.left) {
      steps.push(() => {
        if (remove(this.left, held)) this.answer(held.consumer, held.poll);
      });
    }
    if (consumer.held.length > 0) {
      steps.push(() => {
        const message = consumer.held.shift();
        if (message) this.handled.push({ id: message.id, tag: message.tag, by: consumer.by });
      });
      if (!this.isCalm) steps.push(() => consumer.group.retries.push(...consumer.held.splice(0, 1)));
    }
    return steps;
  }

  private answer(consumer: Consumer, poll: Poll): void {
    if (!remove(consumer.polls, poll) && !consumer.isGone) return;
    const { group } = consumer;
    const taken = group.retries.shift() ?? this.take(group, poll);
    if (taken === undefined) return;
    // Nobody got it: it comes again.
    if (consumer.isGone) return void group.retries.push(taken);
    if (consumer.by === 'stand-in' && !selects(this.asked, taken.word)) {
      // It is asked for no such message: what comes again of them is passed over.
      this.passedOver.push(taken);
      return;
    }
    if (taken.tag !== undefined) consumer.onMessage(taken.tag);
    // Given back to the group instead of being handled.
    if (consumer.isLeaving) group.retries.push(taken);
    else consumer.held.push(taken);
    if (consumer.by !== 'baseline' && taken.tag === undefined) this.violations.push(`${consumer.by} got ${taken.id}`);
  }

  private take(group: Group, { queue, admits }: Poll): Message | undefined {
    const messages = this.queues[queue] as Message[];
    let offset = group.offsets[queue] ?? messages.length;
    let taken: Message | undefined;
    while (taken === undefined && offset < messages.length) {
      const message = messages[offset++] as Message;
      if (admits(message)) taken = message;
    }
    group.offsets[queue] = offset;
    return taken;
  }
}

export function remove<T>(list: T[], item: T): boolean {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
  return index >= 0;
}
