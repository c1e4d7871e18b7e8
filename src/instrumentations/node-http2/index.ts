/**
 * node:http2, client and server, patched once it is loaded and before its first session: loading it costs 5 to 15 ms,
 * which processes without it do not pay.
 *
 * Every session runs over a connection that was made or accepted, and each of those comes by here
 * (`net.Socket.prototype.connect`, also of TLS sockets; channel `net.server.socket`): however the module was loaded
 * (`require`, `import`, `process.getBuiltinModule`), and whoever took which of its functions out of it. A session over
 * something else in a process without any connection before is not seen.
 */
import type { Http2Session } from 'node:http2';
import type { Agent } from '../../agent/agent';
import type { CoreInstrumentation } from '../../agent/instrumentation';
import { onAcceptedConnection } from '../../loader/accepted-connections';
import { onMadeConnection } from '../../loader/made-connections';

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

    onMadeConnection(() => {
      if (!isFound) agent.guard('the hook of node:http2', undefined, look);
    });
    onAcceptedConnection((_socket, stop) => {
      agent.guard('the hook of node:http2', undefined, look);
      if (isFound) stop();
    });
  },
};

let isPatched = false;

/** Patches node:http2, once. Loads it: for when it is loaded. */
export function patchHttp2(agent: Agent): void {
  if (isPatched) return;
  isPatched = true;
  const http2 = require('node:http2') as typeof import('node:http2');
  const { patchClientSession } = require('./client') as typeof import('./client');
  const { patchServerSession } = require('./server') as typeof import('./server');
  const { patchServer } = require('../node-http-server') as typeof import('../node-http-server');

  // The classes of sessions are not exported: theirs are the prototypes of sessions that lead nowhere.
  const client = http2.connect('http://localhost', { createConnection: nowhere });
  patchClientSession(prototypeOf(client), agent);
  const server = http2.createServer();
  server.once('session', session => patchServerSession(prototypeOf(session), agent));
  server.emit('connection', nowhere());
  // Requests over HTTP/1 to a server with `allowHTTP1`.
  patchServer(Object.getPrototypeOf(http2.createSecureServer()) as object, agent);
}

function nowhere() {
  const { Duplex } = require('node:stream') as typeof import('node:stream');
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

function prototypeOf(session: Http2Session): object {
  session.on('error', () => {});
  session.destroy();
  return Object.getPrototypeOf(session) as object;
}
