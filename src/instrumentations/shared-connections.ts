/**
 * Connections that requests share: those of clients of databases, caches, brokers. What comes over one is handled in the
 * context of whoever made it. So it is made outside of any tag: with callbacks, which do not go back to their caller, a later
 * request without a tag would go on with the tag of the first one.
 *
 * Those of node:http are left alone: Node.js brings each answer back to its request.
 *
 * Hooks, Node.js 18.19 to 26: `net.Socket.prototype.connect`, also of TLS sockets, whose handle is there before.
 */
import type { Socket } from 'node:net';
import type { CoreInstrumentation } from '../agent/instrumentation';
import { privateMark } from '../foreign-objects/private-mark';
import { makeConnections } from '../loader/made-connections';

/** The handle of a socket, as of every asynchronous operation of Node.js. */
interface Handle {
  /** Gives it the present context. */
  asyncReset?(resource: object): void;
}

/** Those that were made outside of the tag of their maker. */
const outside = privateMark<true>();
let forRequest = 0;

/** True for a connection that was made outside of the tag of its maker: what it tells a request is to be brought back. */
export function isMadeOutside(socket: unknown): boolean {
  return typeof socket === 'object' && socket !== null && outside.get(socket) === true;
}

/** Runs `connect`, in which a connection is made for one request of node:http. */
export function connectForRequest<T>(connect: () => T): T {
  forRequest++;
  try {
    return connect();
  } finally {
    forRequest--;
  }
}

export const sharedConnections: CoreInstrumentation = {
  module: 'node:net',
  patch({ context, guard }) {
    makeConnections((socket, connect) => {
      if (forRequest > 0 || context.scope()?.tag === undefined) return connect();
      return context.runInScope(undefined, () => {
        guard('a connection outside of any tag', undefined, () => {
          outside.set(socket, true);
          forgetMaker(socket);
        });
        return connect();
      });
    });
  },
};

/** Of a TLS socket, which has its handle since it was made. */
function forgetMaker(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null };
  handle?.asyncReset?.({});
}
