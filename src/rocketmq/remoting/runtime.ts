/** What hand-over and presence stand on: the clock, the network and the name of the process, as it has them. Simulations bring their own. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock } from './clock';
import { type RemotingConnection, type RemotingConnectionOptions, remotingConnection } from './connection';
import { type SilentServers, silentServers } from './silent-servers';

/** @param address `host:port` */
export type Connect = (address: string, options?: RemotingConnectionOptions) => RemotingConnection;

export interface Runtime {
  readonly clock: Clock;
  readonly connect: Connect;
  readonly silent: SilentServers;
  readonly self: ProcessName;
}

export interface ProcessName {
  readonly host: string;
  readonly pid: number;
  /** Hexadecimal. Tells it from others of the same host and id, such as those of containers. */
  readonly unique: string;
}

export const systemRuntime: Runtime = {
  clock: systemClock,
  connect: remotingConnection,
  silent: silentServers(systemClock),
  self: { host: hostname(), pid: process.pid, unique: randomBytes(6).toString('hex') },
};
