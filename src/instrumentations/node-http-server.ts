/**
 * node:http and node:https servers, inbound: a request is handled within its tag, with all of its later events.
 *
 * Hooks, Node.js 18.19 to 26: `http.Server.prototype.emit`; `https.Server.prototype.emit` once the first connection to
 * such a server shows that the module is loaded (channel `net.server.socket`): loading node:https costs about 8 ms, which
 * processes without it do not pay.
 */
import type { IncomingMessage } from 'node:http';
import type { Agent } from '../agent/agent';
import type { CoreInstrumentation } from '../agent/instrumentation';
import { type Emit, emitWithin } from '../context/emitter-scope';
import { wrapMethod } from '../foreign-objects/wrap';
import { onAcceptedConnection } from '../loader/accepted-connections';
import { createRequestScope } from '../propagation/inbound-request';

/** Server events that hand a request to the application, with the emitters that belong to that request alone. */
export const REQUEST_EVENTS: ReadonlySet<string | symbol> = new Set([
  'request',
  'checkContinue',
  'checkExpectation',
  'upgrade',
  'connect',
]);

export const nodeHttpServer: CoreInstrumentation = {
  module: 'node:http (server)',
  patch(agent) {
    const http = require('node:http') as typeof import('node:http');
    patchServer(http.Server.prototype, agent);

    onAcceptedConnection((socket, stop) => {
      const server = socket?.server;
      // A server that times requests out, and is not the plain one; no other look at it loads node:https.
      if (server === undefined || !('requestTimeout' in server) || server instanceof http.Server) return;
      agent.guard('the hook of node:https', undefined, () => {
        const https = require('node:https') as typeof import('node:https');
        if (!(server instanceof https.Server)) return;
        stop();
        patchServer(https.Server.prototype, agent);
      });
    });
  },
};

/** Patches the prototype of servers that take HTTP/1 requests, once. */
export function patchServer(prototype: object, agent: Agent): void {
  const { IncomingMessage, ServerResponse } = require('node:http') as typeof import('node:http');
  const { context } = agent;
  const scopeOf = createRequestScope(agent, [IncomingMessage.prototype, ServerResponse.prototype]);
  wrapMethod<Emit>(
    prototype,
    'emit',
    (_original, find) =>
      function emit(this: unknown, event: string | symbol): boolean {
        const request = arguments[1] as Partial<IncomingMessage> | undefined;
        // One over HTTP/2 comes within the tag of its stream.
        if (REQUEST_EVENTS.has(event) && request?.httpVersionMajor === 1) {
          // For an upgraded connection the second emitter is the socket itself: from here on it belongs to this request.
          const scope = scopeOf(request.rawHeaders, request, arguments[2] as object);
          if (scope !== undefined) {
            if (context.hasOpenTelemetry()) return emitWithin(context, scope, find(), this, arguments);
            return context.runStorage(scope, Reflect.apply, find(), this, arguments) as boolean;
          }
        }
        return find().apply(this, arguments as unknown as Parameters<Emit>);
      },
  );
}
