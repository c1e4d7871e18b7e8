/** What hand-over and presence stand on: the clock and the network, as this process has them. Simulations bring their own. */
import { type Clock, systemClock } from './clock';
import { type RemotingConnection, type RemotingConnectionOptions, remotingConnection } from './connection';
import { type SilentServers, silentServers } from './silent-servers';

/** @param address `host:port` */
export type Connect = (address: string, options?: RemotingConnectionOptions) => RemotingConnection;

export interface Runtime {
  readonly clock: Clock;
  readonly connect: Connect;
  readonly silent: SilentServers;
}

export const systemRuntime: Runtime = {
  clock: systemClock,
  connect: remotingConnection,
  silent: silentServers(systemClock),
};
