/**
 * @grpc/grpc-js 1.x, client and server, all four kinds of calls.
 *
 * Outbound: every call, whatever its kind, is made by `ChannelImplementation.prototype.createCall` in the flow of the
 * caller, beneath the application's interceptors and above retries. It may be started later, and is sent from whichever
 * flow finds the connection ready. What comes back comes from the connection, which calls share: it is brought back into
 * the caller's scope.
 *
 * Inbound: the server runs on node:http2, whose streams are handled within their tag, interceptors and handlers of the
 * application with them.
 */
import type { Agent } from '../agent/agent';
import type { Exports, Instrumentation } from '../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import { changeMetadata, type Metadata } from '../propagation/grpc-metadata';
import { settledHeaders } from '../propagation/settled-headers';
import { patchHttp2 } from './node-http2';

/** What `createCall` returns: `Http2CallStream` (1.0 to 1.7), `ResolvingCall` (since 1.8). */
interface Call {
  start(metadata: Metadata, listener: Listener): void;
  sendMessageWithContext(context: WriteContext, message: unknown): void;
}
interface Listener {
  onReceiveMetadata(metadata: unknown): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: unknown): void;
}
interface WriteContext {
  /** Called when the message was written. */
  readonly callback?: (...args: unknown[]) => void;
}

/** The service of RocketMQ's own client, rocketmq-client-nodejs. */
const ROCKETMQ = '/apache.rocketmq.';

export const grpcJs: Instrumentation = {
  module: '@grpc/grpc-js',
  versions: '>=1.0.0 <2',
  files: {
    // 1.0 to 1.14: createCall(method, deadline, host, parentCall, propagateFlags)
    'build/src/channel.js': ({ ChannelImplementation }: Exports, agent) =>
      wrapMethod<(this: unknown, ...args: unknown[]) => Call>(
        ChannelImplementation.prototype,
        'createCall',
        original =>
          function createCall(this: unknown, ...args) {
            const call = original.apply(this, args);
            // Messages carry their tag themselves; the calls that bring them are nobody's.
            if (String(args[0]).startsWith(ROCKETMQ)) return call;
            agent.guard('following a gRPC call', undefined, () => follow(call, agent));
            return call;
          },
      ),
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

/** Gives a call the tag and the scope of the current flow. `call` is the library's own, made for this one call. */
function follow(call: Call, agent: Agent): void {
  const { context, guard, headers } = agent;
  const changes = headers.changes(context.outgoingTag());
  const isScoped = context.wasUsed();
  if (changes.length === 0 && !isScoped) return;

  const { start, sendMessageWithContext } = call;
  const scope = context.scope();
  const withinScope = <A extends unknown[]>(fn: (...args: A) => void) => {
    return (...args: A) => context.runInScope(scope, () => fn(...args));
  };
  call.start = (metadata, listener) => {
    const changed = guard('writing the tag of a gRPC call', metadata, () => changeMetadata(metadata, changes));
    if (!isScoped) return start.call(call, changed, listener);
    return start.call(call, changed, {
      onReceiveMetadata: withinScope(received => listener.onReceiveMetadata(received)),
      onReceiveMessage: withinScope(message => listener.onReceiveMessage(message)),
      onReceiveStatus: withinScope(status => listener.onReceiveStatus(status)),
    });
  };
  if (!isScoped) return;
  call.sendMessageWithContext = (written, message) => {
    const { callback } = written;
    const next = callback === undefined ? written : { ...written, callback: withinScope(callback) };
    return sendMessageWithContext.call(call, next, message);
  };
}
