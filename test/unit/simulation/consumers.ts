/** Consumers of simulated processes: they poll, are given messages, and handle them. */

import type { FilterExpression } from '../../../src/rocketmq/plan/filter-expression';
import type { SimulatedProcess } from './network';
import type { Message, Queue } from './queues';
import type { Broker } from './servers';

/** Who consumes. */
export type Role = 'baseline' | 'stand-in' | 'canary';

export interface ConsumerOptions {
  readonly role: Role;
  readonly group: string;
  readonly topic: string;
  readonly clientId: string;
  /** As brokers show it. */
  readonly subscription: FilterExpression;
  /** As it is at the moment: each poll goes out with what it answers then. */
  filter(): (tag: string | undefined) => boolean;
  /** A message reached the client. */
  onMessage(message: Message): void;
  onHandled(message: Message): void;
}

/** How long a broker holds a poll, ms, and until a message that nobody acknowledged comes back to its group. */
const LONG_POLL_MS = 4_000;
const INVISIBLE_MS = 3_000;
const HANDLING_MS = 150;
/** Until brokers take a client for gone that crashed, ms. */
const UNNOTICED_MS = 2_000;
/** Until a client that could not poll tries again. */
const BACK_OFF_MS = 500;

export class SimulatedConsumer {
  isLeaving = false;
  private readonly polled = new Set<Queue>();
  private readonly ends = new Set<() => void>();

  constructor(
    readonly process: SimulatedProcess,
    private readonly brokers: readonly Broker[],
    private readonly proxy: Broker,
    readonly options: ConsumerOptions,
  ) {
    const { group, clientId, subscription } = options;
    for (const broker of [...brokers, proxy]) {
      const members = broker.members.get(group) ?? new Map<string, FilterExpression>();
      broker.members.set(group, members.set(clientId, subscription));
    }
    this.pollEach();
  }

  get isConsuming(): boolean {
    return this.process.isAlive && !this.isLeaving;
  }

  /** Brokers answer the polls that they hold; the next ones go out with the filter of then. */
  endPolls(): void {
    for (const end of [...this.ends]) end();
  }

  /** No further poll; what one under way brings is given back. */
  leave(): void {
    this.isLeaving = true;
    this.endPolls();
    this.forget();
  }

  /** Its process has died, which brokers notice after a while. */
  crash(): void {
    this.process.network.time.after(UNNOTICED_MS, () => this.forget());
  }

  private forget(): void {
    for (const { members } of [...this.brokers, this.proxy])
      members.get(this.options.group)?.delete(this.options.clientId);
  }

  /** One poll for each queue, also for those that come later. */
  private pollEach(): void {
    if (!this.isConsuming) return;
    const { topic, group } = this.options;
    for (const broker of this.brokers) {
      const queues = [...(broker.queues.get(topic) ?? []), ...(broker.queues.get(`%RETRY%${group}`) ?? [])];
      for (const queue of queues) if (!this.polled.has(queue)) this.poll(broker, queue);
    }
    this.process.after(BACK_OFF_MS, () => this.pollEach());
  }

  private poll(broker: Broker, queue: Queue): void {
    const { process, options } = this;
    const { network } = process;
    this.polled.add(queue);
    const takes = options.filter();
    const isRetry = queue !== undefined && (broker.queues.get(`%RETRY%${options.group}`) ?? []).includes(queue);
    network.time.after(network.latency(), () => {
      if (!broker.isUp || !process.isAlive || process.unreachable.has(broker.address)) return this.pollLater(queue);
      let end = () => {};
      const over = (message: Message | undefined) => {
        cancel();
        this.ends.delete(end);
        network.time.after(network.latency(), () => this.receive(broker, queue, message));
      };
      const cancel = network.time.after(LONG_POLL_MS, () => end());
      end = queue.poll({ group: options.group, admits: ({ tag }) => isRetry || takes(tag), answer: over });
      this.ends.add(end);
    });
  }

  private pollLater(queue: Queue): void {
    this.process.after(BACK_OFF_MS, () => this.polled.delete(queue));
  }

  private receive(broker: Broker, queue: Queue, message: Message | undefined): void {
    const { process, options } = this;
    const { time, random } = process.network;
    if (message === undefined) {
      this.next(broker, queue);
      return;
    }
    const comesBack = () => broker.retry(options.group, message);
    const comesBackLater = () => void time.after(INVISIBLE_MS, comesBack);
    process.run(() => {
      options.onMessage(message);
      // Given back to the group instead of being handled.
      if (this.isLeaving) return comesBack();
      time.after(random() * HANDLING_MS, () => process.run(() => options.onHandled(message), comesBackLater));
      this.next(broker, queue);
    }, comesBackLater);
  }

  private next(broker: Broker, queue: Queue): void {
    if (this.isConsuming) this.poll(broker, queue);
  }
}
