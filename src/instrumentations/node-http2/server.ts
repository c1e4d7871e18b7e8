/**
 * node:http2 servers, inbound: a stream is handled within its tag, with all of its later events. Sessions hand streams to
 * the application by the event `stream`, Node.js 18.19 to 26; the server's events `stream`, `request`, `checkContinue` …
 * are emitted from it.
 */
import type { Agent } from '../../agent/agent';
import { type Emit, emitWithin } from '../../context/emitter-scope';
import { wrapMethod } from '../../foreign-objects/wrap';
import { createRequestScope } from '../../propagation/inbound-request';

export function patchServerSession(prototype: object, agent: Agent): void {
  const { context } = agent;
  const scopeOf = createRequestScope(agent);
  wrapMethod<Emit>(
    prototype,
    'emit',
    (_original, find) =>
      function emit(this: unknown, event: string | symbol): boolean {
        if (event === 'stream') {
          // stream, headers, flags, raw headers
          const scope = scopeOf(arguments[4] as readonly string[] | undefined, arguments[1] as object);
          if (scope !== undefined) {
            if (context.hasOpenTelemetry()) return emitWithin(context, scope, find(), this, arguments);
            return context.runStorage(scope, Reflect.apply, find(), this, arguments) as boolean;
          }
        }
        return find().apply(this, arguments as unknown as Parameters<Emit>);
      },
  );
}
