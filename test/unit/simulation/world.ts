/** Servers, a network, time, messages, and the consumers that take them. */
import type { Log } from '../../../src/log';
import { CANARY_SUFFIX, STAND_IN_SUFFIX } from '../../../src/rocketmq/presence/consumer-client-id';
import { recordedLog } from '../recorded-log';
import { type Role, SimulatedConsumer } from './consumers';
import { Network, type SimulatedProcess } from './network';
import type { Message } from './queues';
import { Broker, NameServer, type SimulatedServer } from './servers';
import { randomNumbers, VirtualTime } from './time';

export const TOPIC = 'TEST_MQ';
export const GROUP = 'group1';
export const KEY = 'gray_tag';
const NAME_SERVERS = ['ns1:9876', 'ns2:9876'];
/** The remoting endpoint of a proxy, which knows who is connected. */
export const PROXY = 'proxy:8080';
export const SERVERS = { namesrv: NAME_SERVERS.join(';'), credentials: undefined };

export interface Handling {
  readonly id: number;
  readonly tag: string | undefined;
  readonly by: Role;
}

export interface ConsumerOfWorld {
  readonly process: SimulatedProcess;
  readonly role: Role;
  readonly group: string;
  /** Of a canary and a stand-in. */
  readonly tag?: string;
  /** A canary that another agent made one: it announces nothing, and waits for nobody. */
  readonly isOther?: boolean;
  /** As it is at the moment: each poll goes out with what it answers then. */
  filter(): (tag: string | undefined) => boolean;
  /** A message with a tag reached it. */
  sighted(tag: string): void;
}

export class World {
  readonly time = new VirtualTime();
  readonly brokers = [new Broker('broker-a', 'broker-a:10911'), new Broker('broker-b', 'broker-b:10911')] as const;
  /** Those that the name servers list. */
  private readonly listed: Broker[] = [...this.brokers];
  readonly nameServers = NAME_SERVERS.map(address => new NameServer(address, this.listed));
  readonly proxy = new Broker('proxy', PROXY);
  readonly network: Network;
  readonly sent: Message[] = [];
  readonly handled: Handling[] = [];
  /** What the agent said, of all processes. */
  readonly lines: string[] = [];
  /** So many of the next stand-ins cannot be started. */
  standInFaults = 0;
  /** How often a canary began to consume beside a stand-in, or a stand-in beside a canary. */
  overlaps = 0;
  private readonly consumers: SimulatedConsumer[] = [];

  constructor(seed: number, mayAsk: boolean) {
    const all = [...this.brokers, ...this.nameServers, this.proxy];
    const servers = new Map(all.map(server => [server.address, server] as const));
    this.network = new Network(this.time, randomNumbers(seed), servers);
    for (const broker of this.brokers) {
      broker.mayAsk = mayAsk;
      broker.groups.set(GROUP, { groupName: GROUP });
      broker.addQueue(TOPIC, false).offsets.set(GROUP, 0);
    }
  }

  /** Everybody's clock goes ahead (ms) by so much that no poll of before is held any more; nothing else has happened meanwhile. */
  skip(ms: number): void {
    this.time.skip(ms);
    for (const consumer of this.consumers) consumer.endPolls();
  }

  consumer({ process, role, group, tag, isOther = false, filter, sighted }: ConsumerOfWorld): SimulatedConsumer {
    const other = { baseline: undefined, canary: 'stand-in', 'stand-in': 'canary' }[role];
    if (this.consuming(group).some(({ options }) => options.role === other)) this.overlaps++;
    const suffix = { baseline: '', canary: isOther ? '' : CANARY_SUFFIX, 'stand-in': STAND_IN_SUFFIX }[role];
    const clientId = `client-${this.consumers.length}${suffix}`;
    const condition = { type: 'SQL92' as const, expression: `${KEY} = '${tag}'` };
    const consumer = new SimulatedConsumer(process, this.brokers, this.proxy, {
      role,
      group,
      topic: TOPIC,
      clientId,
      subscription: tag === undefined ? { type: 'TAG', expression: '*' } : condition,
      filter,
      onMessage: ({ tag }) => void (tag !== undefined && sighted(tag)),
      onHandled: ({ id, tag }) => void this.handled.push({ id, tag, by: role }),
    });
    this.consumers.push(consumer);
    return consumer;
  }

  /** Those that consume in a group now. */
  consuming(group: string): SimulatedConsumer[] {
    return this.consumers.filter(({ isConsuming, options }) => isConsuming && options.group === group);
  }

  addBroker(broker: Broker): void {
    this.listed.push(broker);
    this.network.add(broker);
  }

  /** The name servers list it no longer. */
  removeBroker(broker: Broker): void {
    this.listed.splice(this.listed.indexOf(broker), 1);
  }

  /** A process dies. */
  kill(process: SimulatedProcess): void {
    process.die();
    for (const consumer of this.consumers) if (consumer.process === process) consumer.crash();
  }

  /** A server ends, and the connections of these processes with it. */
  takeDown(server: SimulatedServer, processes: readonly SimulatedProcess[]): void {
    server.goDown();
    for (const process of processes) process.lose(server.address);
  }

  send(tag: string | undefined, broker: number): void {
    const message = { id: this.sent.length, tag };
    this.sent.push(message);
    const queues = this.brokers[broker % this.brokers.length]?.queuesOf(TOPIC) ?? [];
    queues[message.id % queues.length]?.put(message);
  }

  unhandled(): Message[] {
    const handled = new Set(this.handled.map(({ id }) => id));
    return this.sent.filter(({ id }) => !handled.has(id));
  }

  /** Who handles a message of each tag that is sent now. */
  async takers(tags: readonly (string | undefined)[]): Promise<Role[][]> {
    const first = this.sent.length;
    for (const [broker, tag] of tags.entries()) this.send(tag, broker);
    const by = (index: number) => this.handled.filter(({ id }) => id === first + index).map(handling => handling.by);
    await this.until('each is handled', () => tags.every((_, index) => by(index).length > 0));
    // Somebody else might.
    await this.pass(500);
    return tags.map((_, index) => by(index).sort());
  }

  async pass(ms: number): Promise<void> {
    await this.time.pass(ms);
  }

  /** Lets time pass until `isSo`. @throws Error when it is not within a while */
  async until(what: string, isSo: () => boolean, limitMs = 60_000): Promise<void> {
    const end = this.time.now + limitMs;
    while (!isSo()) {
      if (this.time.now >= end) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
      await this.pass(250);
    }
  }

  /** Lets time pass until it has been so for a while. @throws Error when it never is */
  async untilStays(what: string, isSo: () => boolean, ms: number): Promise<void> {
    let since: number | undefined;
    const isLongSo = () => {
      since = isSo() ? (since ?? this.time.now) : undefined;
      return since !== undefined && this.time.now - since >= ms;
    };
    await this.until(what, isLongSo);
  }

  server(index: number): Broker | NameServer {
    const servers = [...this.brokers, ...this.nameServers];
    return servers[index % servers.length] as Broker | NameServer;
  }

  /** Somebody has written the tag down. */
  isMarked(tag: string): boolean {
    return this.nameServers.some(({ keyValues }) => keyValues.has(`${GROUP}_${tag}`));
  }

  /** The log of one process. */
  log(): Log {
    return recordedLog(this.lines);
  }
}
