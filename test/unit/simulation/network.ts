/** The network between simulated processes and servers: answers are late, get lost, and connections break, as it is told. */
import type { Clock } from '../../../src/rocketmq/remoting/clock';
import {
  type RemotingConnection,
  RemotingConnectionError,
  type RemotingConnectionOptions,
  type RemotingResponse,
  RemotingTimeoutError,
} from '../../../src/rocketmq/remoting/connection';
import type { ProcessName, Runtime } from '../../../src/rocketmq/remoting/runtime';
import { type SilentServers, silentServers } from '../../../src/rocketmq/remoting/silent-servers';
import type { Command, Session, SimulatedServer } from './servers';
import type { VirtualTime } from './time';

/**
 * What becomes of one command. `late`: its answer takes long, perhaps longer than anybody waits. `lost`: it never arrives.
 * `unanswered`: it is carried out, and nobody hears of it. `dropped`: the connection breaks before it arrives. `cut`: it is
 * carried out, and the connection breaks.
 */
export type Fault = 'late' | 'lost' | 'unanswered' | 'dropped' | 'cut';

export class Network {
  /** Of the next commands, whoever sends them. */
  readonly faults: Fault[] = [];

  constructor(
    readonly time: VirtualTime,
    readonly random: () => number,
    private readonly servers: Map<string, SimulatedServer>,
  ) {}

  /** Connections that have ended while their servers could not be told. */
  private readonly unheard: (() => void)[] = [];

  /** A server hears of it now, or when it can be reached again. */
  dropSession({ unreachable }: SimulatedProcess, address: string, session: Session): void {
    const drop = () => this.serverAt(address).dropSession(session);
    if (unreachable.has(address)) this.unheard.push(drop);
    else drop();
  }

  /** Those that ever were. */
  readonly processes: SimulatedProcess[] = [];

  /** Every process reaches every server again. */
  heal(): void {
    for (const { unreachable } of this.processes) unreachable.clear();
    for (const drop of this.unheard.splice(0)) drop();
  }

  add(server: SimulatedServer): void {
    this.servers.set(server.address, server);
  }

  serverAt(address: string): SimulatedServer {
    const server = this.servers.get(address);
    if (server === undefined) throw new Error(`no server at ${address}`);
    return server;
  }

  latency(): number {
    return 1 + this.random() * 30;
  }
}

/** A process as far as time and network know it. */
export class SimulatedProcess implements Runtime {
  isAlive = true;
  /** How far somebody has set its system's clock, ms. */
  clockOffset = 0;
  /** Its threads stand still until then. */
  frozenUntil = 0;
  /** Servers that it cannot reach, nor they it. */
  readonly unreachable = new Set<string>();
  /** It dies when so many more commands were sent: before the last of them arrives, or after it was carried out. */
  death: { commands: number; readonly isAfter: boolean } | undefined;
  private readonly connections = new Set<SimulatedConnection>();
  readonly clock: Clock;
  readonly silent: SilentServers;
  readonly self: ProcessName;

  constructor(readonly network: Network) {
    const { time } = network;
    network.processes.push(this);
    this.clock = {
      now: () => time.now,
      systemTime: () => Math.round(1_700_000_000_000 + time.now + this.clockOffset),
      sleep: ms => new Promise(resolve => this.after(ms, resolve)),
      after: (ms, work) => this.after(ms, work),
      every: (ms, work) => this.every(ms, work),
    };
    this.silent = silentServers(this.clock);
    const pid = network.processes.length;
    // Some share a host.
    this.self = { host: `host-${pid % 3}`, pid, unique: Math.floor(network.random() * 2 ** 32).toString(16) };
  }

  readonly connect = (address: string, options: RemotingConnectionOptions = {}): RemotingConnection => {
    const connection = new SimulatedConnection(address, this, options);
    this.connections.add(connection);
    return connection;
  };

  /** Does something in this process, once it is not frozen; something else if it is dead by then. */
  run(work: () => void, otherwise = () => {}): void {
    const { time } = this.network;
    if (!this.isAlive) otherwise();
    else if (this.frozenUntil > time.now) time.after(this.frozenUntil - time.now, () => this.run(work, otherwise));
    else work();
  }

  after(ms: number, work: () => void): () => void {
    let isCancelled = false;
    const cancel = this.network.time.after(ms, () =>
      this.run(() => {
        if (!isCancelled) work();
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  private every(ms: number, work: () => void): () => void {
    let cancel = () => {};
    const again = () => {
      cancel = this.after(ms, () => {
        again();
        work();
      });
    };
    again();
    return () => cancel();
  }

  /** Servers hear at once that its connections have ended. */
  die(): void {
    this.isAlive = false;
    for (const connection of this.connections) connection.endWithProcess();
  }

  /** A server has ended: each connection to it breaks. */
  lose(address: string): void {
    for (const connection of this.connections) if (connection.address === address) connection.lose();
  }
}

interface Pending {
  resolve(response: RemotingResponse): void;
  reject(error: Error): void;
}

/** One socket's life. */
interface Link {
  readonly session: Session;
  readonly pending: Set<Pending>;
  readonly opened: Promise<void>;
  heardAt: number;
}

class SimulatedConnection implements RemotingConnection {
  private link: Link | undefined;

  constructor(
    readonly address: string,
    private readonly process: SimulatedProcess,
    private readonly options: RemotingConnectionOptions,
  ) {}

  request(
    code: number,
    fields: Readonly<Record<string, string>> = {},
    body: Buffer = Buffer.alloc(0),
    timeoutMs = 3_000,
  ): Promise<RemotingResponse> {
    return new Promise((resolve, reject) => {
      const { process } = this;
      this.link ??= this.open();
      const { link } = this;
      const sentAt = process.clock.now();
      const done = (settle: () => void) => {
        cancel();
        link.pending.delete(pending);
        settle();
      };
      const cancel = process.after(timeoutMs, () => {
        link.pending.delete(pending);
        reject(new RemotingTimeoutError(this.address, code, `no answer within ${timeoutMs} ms`));
        if (link.heardAt < sentAt) this.end(link, 'no sign of life', true);
      });
      const pending: Pending = {
        resolve: response => done(() => resolve(response)),
        reject: error => done(() => reject(error)),
      };
      link.pending.add(pending);
      void link.opened.then(() => this.send(link, pending, { code, fields, body }));
    });
  }

  close(): void {
    if (this.link) this.end(this.link, 'closed on this side', false);
  }

  lose(): void {
    const { link, process } = this;
    if (link) process.after(process.network.latency(), () => this.end(link, 'connection lost', true));
  }

  endWithProcess(): void {
    const { link, process, address } = this;
    this.link = undefined;
    if (link) process.network.dropSession(process, address, link.session);
  }

  private open(): Link {
    const { process, address, options } = this;
    const { network } = process;
    const opened = new Promise<void>(resolve => {
      process.after(network.latency(), () => {
        if (this.link !== link || process.unreachable.has(address)) return;
        if (!network.serverAt(address).isUp) return this.end(link, 'connection refused', true);
        options.onOpen?.();
        resolve();
      });
    });
    const link: Link = { session: {}, pending: new Set(), opened, heardAt: 0 };
    return link;
  }

  private end(link: Link, problem: string, isLost: boolean): void {
    if (this.link !== link) return;
    this.link = undefined;
    const { process, address } = this;
    process.network.dropSession(process, address, link.session);
    if (isLost) this.options.onLost?.();
    for (const pending of [...link.pending]) pending.reject(new RemotingConnectionError(address, 0, problem));
  }

  private send(link: Link, pending: Pending, command: Command): void {
    const { process } = this;
    const { network } = process;
    const fault = network.faults.shift();
    if (fault === 'lost') return;
    if (process.death && process.death.commands-- === 0) {
      if (process.death.isAfter) network.time.after(network.latency(), () => this.arrive(link, command));
      process.die();
      return;
    }
    if (fault === 'dropped') {
      this.lose();
      return;
    }
    network.time.after(network.latency(), () => {
      const answer = this.arrive(link, command);
      if (answer === undefined || fault === 'unanswered') return;
      if (fault === 'cut') return this.lose();
      const delay = fault === 'late' ? 300 + network.random() * 4_000 : network.latency();
      process.after(delay, () => {
        if (this.link !== link || process.unreachable.has(this.address)) return;
        link.heardAt = process.clock.now();
        pending.resolve(answer);
      });
    });
  }

  /** A command of a process that died meanwhile is carried out all the same. */
  private arrive(link: Link, command: Command): RemotingResponse | undefined {
    const { process, address } = this;
    const server = process.network.serverAt(address);
    if (!server.isUp || process.unreachable.has(address)) return undefined;
    const answer = server.answer(command, link.session);
    if (!process.isAlive || this.link !== link) server.dropSession(link.session);
    return answer;
  }
}
