/**
 * node:http2, client and server, patched once it is loaded: loading it costs 5 to 15 ms, which processes without it do not
 * pay. None of its functions is called, which may be a stub of the application.
 *
 * Its classes are not exported. Every session is an emitter, and shows its class as it is made. That is waited for once
 * node:http2 is loaded and a connection was made or a server listens (`net.Socket.prototype.connect`, `net.Server.prototype.listen`,
 * also of TLS), since every session runs over one: however the module was loaded (`require`, `import`,
 * `process.getBuiltinModule`), and whoever took which of its functions out of it. Where it is loaded after the server listens,
 * a connection that is accepted tells (channel `net.server.socket`). Its own session is made by then: over plain TCP, the one
 * after it is the first to be seen. A session over something else in a process without any connection before is not seen.
 */
import type { Agent } from '../../agent/agent';
import type { CoreInstrumentation } from '../../agent/instrumentation';
import { onAcceptedConnection } from '../../loader/accepted-connections';
import { onListeningServer } from '../../loader/listening-servers';
import { onMadeConnection } from '../../loader/made-connections';
import { onMadeEmitter } from '../../loader/made-emitters';

export const nodeHttp2: CoreInstrumentation = {
  module: 'node:http2',
  patch(agent) {
    // Modules of Node.js in the order in which they were loaded.
    const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
    let seen = 0;
    let isFound = false;
    const look = () => {
      while (!isFound && seen < moduleLoadList.length) isFound = moduleLoadList[seen++] === 'NativeModule http2';
      if (isFound) patchHttp2(agent);
    };

    const lookOnce = () => {
      if (!isFound) agent.guard('the hook of node:http2', undefined, look);
    };
    onMadeConnection(lookOnce);
    onListeningServer(lookOnce);
    onAcceptedConnection((socket, stop) => {
      agent.guard('the hook of node:http2', undefined, () => {
        if (!isFound) look();
        if (isFound && patchSecureServer(socket?.server, agent)) stop();
      });
    });
  },
};

let isWaiting = false;

/** Patches the classes of sessions as the first of each is made. For when node:http2 is loaded. */
export function patchHttp2(agent: Agent): void {
  if (isWaiting) return;
  isWaiting = true;
  const patches = new Map<string, (prototype: object) => void>([
    [
      'ClientHttp2Session',
      prototype => (require('./client') as typeof import('./client')).patchClientSession(prototype, agent),
    ],
    [
      'ServerHttp2Session',
      prototype => (require('./server') as typeof import('./server')).patchServerSession(prototype, agent),
    ],
  ]);
  onMadeEmitter(emitter => {
    // What every session has, and hardly anything else.
    if (!('goaway' in emitter)) return false;
    agent.guard('the hook of node:http2', undefined, () => {
      const prototype = Object.getPrototypeOf(emitter) as object;
      const { name } = prototype.constructor;
      patches.get(name)?.(prototype);
      patches.delete(name);
    });
    return patches.size === 0;
  });
}

/** Requests over HTTP/1 to a server with `allowHTTP1`. @returns true when that class is patched */
function patchSecureServer(server: object | undefined, agent: Agent): boolean {
  // Of the plain class, or one that the application derived from it.
  for (let at = server; at !== undefined && at !== null; at = Object.getPrototypeOf(at) as object) {
    if (!Object.hasOwn(at, 'updateSettings')) continue;
    if (at.constructor.name !== 'Http2SecureServer') return false;
    const { patchServer } = require('../node-http-server') as typeof import('../node-http-server');
    patchServer(at, agent);
    return true;
  }
  return false;
}
