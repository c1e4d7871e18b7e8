import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** The part of a net.Socket that is looked at. */
interface AcceptedSocket {
  readonly server?: object;
}

/**
 * Shows each connection that a server of this process accepts, until `stop` is called: what was loaded by then has not
 * handled a request yet (channel `net.server.socket`).
 */
export function onAcceptedConnection(look: (socket: AcceptedSocket | undefined, stop: () => void) => void): void {
  const onConnection = (message: unknown) => look((message as { socket?: AcceptedSocket }).socket, stop);
  // Not at once: on Node.js 18 a channel that loses its last subscriber while it publishes throws.
  const stop = () => void setImmediate(() => unsubscribe('net.server.socket', onConnection));
  subscribe('net.server.socket', onConnection);
}
