/**
 * Requests that a server is asked for, rather than handing them out: `for await (const [req, res] of on(server, 'request'))`,
 * `const [req, res] = await once(server, 'request')`, also of node:http2. Who waits goes on in its own flow, which it has had
 * since before the request came. So its flow enters the scope of a request as it takes that out of the list of arguments, and
 * leaves it when it asks for the next one.
 *
 * Hooks, Node.js 18.19 to 26: `on` and `once` of node:events.
 */
import { EventEmitter } from 'node:events';
import type { Agent } from '../agent/agent';
import type { CoreInstrumentation } from '../agent/instrumentation';
import type { Scope } from '../context/active-tag';
import { scopeOf } from '../context/emitter-scope';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import { REQUEST_EVENTS } from './node-http-server';

type Ask<T> = (this: unknown, emitter: object, event: string | symbol, ...rest: unknown[]) => T;
/** What `on` returns. */
interface Asked {
  next(...args: unknown[]): Promise<{ value?: unknown }>;
  return(...args: unknown[]): Promise<unknown>;
}

export const awaitedRequests: CoreInstrumentation = {
  module: 'node:events',
  patch(agent) {
    const functions = EventEmitter as unknown as object;
    wrapMethod<Ask<Promise<unknown[]>>>(
      functions,
      'once',
      original =>
        function once(this: unknown, emitter, event, ...rest) {
          if (!handsOutRequests(emitter, event)) return original.call(this, emitter, event, ...rest);
          const { leave, entering } = createTaking(agent, emitter);
          leave();
          return original.call(this, emitter, event, ...rest).then(entering);
        },
    );
    wrapMethod<Ask<Asked>>(
      functions,
      'on',
      original =>
        function on(this: unknown, emitter, event, ...rest) {
          const asked = original.call(this, emitter, event, ...rest);
          if (handsOutRequests(emitter, event))
            agent.guard('awaited requests', undefined, () => follow(asked, emitter, agent));
          return asked;
        },
    );
  },
};

function follow(asked: Asked, emitter: object, agent: Agent): void {
  const { leave, entering } = createTaking(agent, emitter);
  wrapMethod<AnyFunction>(
    asked,
    'next',
    original =>
      function next(this: unknown, ...args: unknown[]) {
        leave();
        return original.apply(this, args).then((result: { value?: unknown }) => {
          entering(result.value);
          return result;
        });
      },
  );
  wrapMethod<AnyFunction>(
    asked,
    'return',
    original =>
      function (this: unknown, ...args: unknown[]) {
        leave();
        return original.apply(this, args);
      },
  );
}

/** A server, or a session of node:http2. Others have events of these names too. */
function handsOutRequests(emitter: unknown, event: string | symbol): boolean {
  if (typeof emitter !== 'object' || emitter === null || !('emit' in emitter)) return false;
  if (event === 'stream') return 'listen' in emitter || 'remoteSettings' in emitter;
  return REQUEST_EVENTS.has(event) && 'listen' in emitter;
}

function createTaking({ context, guard }: Agent, source: object) {
  // Node.js <= 22: what awaits from here on has a flow of its own.
  guard('awaited requests', undefined, () => context.enableFlows());
  const taker = {};
  return {
    /** Leaves the request that this flow took before. */
    leave: () =>
      guard('awaited requests', undefined, () => {
        const taken = context.scope()?.taken;
        if (taken?.source === source) context.enter(taken.outer);
      }),
    /** Has the flow that takes the list of arguments apart enter the scope of the request. */
    entering<T>(args: T): T {
      guard('awaited requests', undefined, () => {
        const scope = scopeOfRequest(args);
        if (scope === undefined) return;
        Object.defineProperty(args, Symbol.iterator, {
          configurable: true,
          writable: true,
          enumerable: false,
          value: function values(this: unknown[]) {
            guard('awaited requests', undefined, () => {
              const present = context.scope();
              const outer = present?.taken?.source === source ? present.taken.outer : present;
              context.enter({ tag: scope.tag, taken: { outer, taker, source } });
            });
            return Array.prototype.values.call(this);
          },
        });
      });
      return args;
    },
  };
}

/** @param args of the event: a request, or a stream */
function scopeOfRequest(args: unknown): Scope | undefined {
  const [request] = Array.isArray(args) ? (args as unknown[]) : [];
  if (typeof request !== 'object' || request === null) return undefined;
  const { stream } = request as { stream?: unknown };
  // A request over HTTP/2 has the scope of its stream.
  return scopeOf(request) ?? (typeof stream === 'object' && stream !== null ? scopeOf(stream) : undefined);
}
