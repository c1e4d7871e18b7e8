/**
 * @grpc/grpc-js 1.x, client and server, all four kinds of calls.
 *
 * Outbound: every call, whatever its kind, is made by `ChannelImplementation.prototype.createCall` in the flow of the
 * caller, beneath the application's interceptors and above retries. It may be started later, and is sent from whichever
 * flow finds the connection ready. What comes back comes from the connection, which calls share: it is brought back into
 * the caller's scope. A call by a name that has a route is sent by another channel (channel-routes.ts).
 *
 * Inbound: the server runs on node:http2, whose streams are handled within their tag, interceptors and handlers of the
 * application with them.
 */
import type { Exports, Instrumentation } from '../../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { settledHeaders } from '../../propagation/settled-headers';
import { patchHttp2 } from '../node-http2';
import { type Call, type CallArguments, follow } from './calls';
import { createChannelRoutes } from './channel-routes';

/** The service of RocketMQ's own client, rocketmq-client-nodejs. */
const ROCKETMQ = '/apache.rocketmq.';

export const grpcJs: Instrumentation = {
  module: '@grpc/grpc-js',
  versions: '>=1.0.0 <2',
  files: {
    // 1.0 to 1.14: createCall(method, deadline, host, parentCall, propagateFlags)
    'build/src/channel.js': (exports: Exports, agent) => {
      const routeCall = createChannelRoutes(exports, agent);
      wrapMethod<(this: object, ...args: CallArguments) => Call>(
        exports.ChannelImplementation.prototype,
        'createCall',
        original =>
          function createCall(this: object, ...args) {
            const call = original.apply(this, args);
            // Messages carry their tag themselves; the calls that bring them are nobody's.
            if (String(args[0]).startsWith(ROCKETMQ)) return call;
            agent.guard('following a gRPC call', undefined, () => {
              routeCall(this, call, args);
              follow(call, agent);
            });
            return call;
          },
      );
    },
    // 1.0 to 1.14: makes the headers object that a call's stream is requested with.
    'build/src/metadata.js': ({ Metadata }: Exports) =>
      wrapMethod<(this: unknown) => object>(
        Metadata.prototype,
        'toHttp2Headers',
        original =>
          function toHttp2Headers(this: unknown) {
            const headers = original.call(this);
            settledHeaders.add(headers);
            return headers;
          },
      ),
    // 1.11 to 1.14: it may be given connections that no server accepted (`createConnectionInjector`). Others show that
    // node:http2 is loaded when they are made or accepted.
    'build/src/server.js': ({ Server }: Exports, agent) => {
      if (typeof Server.prototype.createHttp2Server !== 'function') return;
      wrapMethod<AnyFunction>(
        Server.prototype,
        'createHttp2Server',
        original =>
          function createHttp2Server(this: unknown, ...args: unknown[]) {
            agent.guard('the hook of node:http2', undefined, () => patchHttp2(agent));
            return original.apply(this, args);
          },
      );
    },
  },
};
