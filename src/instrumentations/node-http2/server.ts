/**
 * node:http2 servers, inbound: a stream is handled within its tag, with all of its later events. Sessions hand streams to
 * the application by the event `stream`, Node.js 18.19 to 26; the server's events `stream`, `request`, `checkContinue` …
 * are emitted from it.
 */
import type { Agent } from '../../agent';
import type { Emit } from '../../context/emitter-scope';
import { wrapMethod } from '../../loader/wrap';
import { createRequestScope } from '../../propagation/inbound-request';

export function patchServerSession(prototype: object, agent: Agent): void {
  const { context } = agent;
  const scopeOf = createRequestScope(agent);
  wrapMethod<Emit>(
    prototype,
    'emit',
    original =>
      function emit(this: unknown, event: string | symbol, ...args: unknown[]): boolean {
        if (event !== 'stream') return original.call(this, event, ...args);
        // stream, headers, flags, raw headers
        const rawHeaders = args[3] as readonly string[] | undefined;
        const scope = scopeOf(rawHeaders, args[0] as object);
        if (scope === undefined) return original.call(this, event, ...args);
        return context.runInScope(scope, () => original.call(this, event, ...args));
      },
  );
}
