/**
 * node:http2 clients, outbound: `ClientHttp2Session.prototype.request(headers, options)`, Node.js 18.19 to 26, is called
 * in the flow of the caller; events of the stream come from the session, which other flows share.
 *
 * Left alone: calls of libraries that run on node:http2 and settled the tag themselves, where the call was made.
 */
import type { Agent } from '../../agent/agent';
import { keepInScope } from '../../context/emitter-scope';
import { oncePerObject } from '../../foreign-objects/once-per-object';
import { isWrapped, wrapMethod } from '../../foreign-objects/wrap';
import { changeHeaders, type HeaderChange } from '../../propagation/http-headers';
import { settledHeaders } from '../../propagation/settled-headers';
import { isRocketmqCall, onRocketmqCall } from '../rocketmq-traffic';
import { createSessionRoutes } from './session-routes';
import type { Session } from './target-session';

type PseudoHeaders =
  | { readonly [name in ':path' | ':authority' | ':method' | ':protocol']?: unknown }
  | null
  | undefined;
type Request = (this: object, headers: unknown, ...rest: unknown[]) => object;

export function patchClientSession(prototype: object, agent: Agent): void {
  const { context, guard, routing, headers: propagation } = agent;
  const route = createSessionRoutes(prototype, agent);
  const isUndicis = oncePerObject(isOfUndici);
  const isSettled = (session: object, headers: unknown) =>
    (typeof headers === 'object' && headers !== null && (settledHeaders.has(headers) || opensTunnel(headers))) ||
    isUndicis(session);

  wrapMethod<Request>(
    prototype,
    'request',
    original =>
      function request(this: object, headers, ...rest) {
        const path = (headers as PseudoHeaders)?.[':path'];
        if (isRocketmqCall(path)) return watched(agent, original.call(this, headers, ...rest), path, headers);
        if (guard('looking at an HTTP/2 session', false, () => isSettled(this, headers))) {
          return original.call(this, headers, ...rest);
        }
        const tag = context.outgoingTag();
        const routed =
          tag !== undefined && routing.mayAim(tag)
            ? guard('routing an HTTP/2 call', undefined, () => route(this as Session, tag))
            : undefined;
        const changed = guard('writing the tag of an HTTP/2 call', headers, () => {
          const changes = [...propagation.changes(tag), ...(routed?.changes ?? [])];
          return changes.length === 0 ? headers : changeWithSymbols(headers, changes);
        });
        const stream = original.call(routed?.session ?? this, changed, ...rest);
        if (context.wasUsed()) {
          guard('following the events of an HTTP/2 call', undefined, () =>
            keepInScope(context, context.scope(), stream),
          );
        }
        return stream;
      },
  );
}

/** A call to a proxy: what goes through the tunnel carries the tag. */
function opensTunnel(headers: NonNullable<PseudoHeaders>): boolean {
  return headers[':method'] === 'CONNECT' && headers[':protocol'] === undefined;
}

/**
 * A call to RocketMQ's gRPC service carries nothing of ours: messages have their tag in their properties.
 *
 * @returns the stream, whose body is looked at as it is written
 */
function watched(agent: Agent, stream: object, path: string, headers: unknown): object {
  agent.guard('looking at a call to RocketMQ', undefined, () => {
    const address = String((headers as PseudoHeaders)?.[':authority']);
    onRocketmqCall(agent, path, address, look =>
      wrapMethod<(...args: unknown[]) => unknown>(
        stream,
        'write',
        write =>
          function (this: unknown, ...args) {
            const [chunk] = args;
            if (Buffer.isBuffer(chunk)) agent.guard('looking at a call to RocketMQ', undefined, () => look(chunk));
            return write.apply(this, args);
          },
      ),
    );
  });
  return stream;
}

/** Of a list, which newer versions of Node.js take, the symbols too: such as http2.sensitiveHeaders. */
function changeWithSymbols(headers: unknown, changes: readonly HeaderChange[]): unknown {
  const changed = changeHeaders(headers, changes);
  if (!Array.isArray(headers)) return changed;
  for (const symbol of Object.getOwnPropertySymbols(headers)) {
    const descriptor = Object.getOwnPropertyDescriptor(headers, symbol) as PropertyDescriptor;
    Object.defineProperty(changed, symbol, descriptor);
  }
  return changed;
}

/**
 * True for a session of undici 5 to 8, also the one in Node.js, whose calls got their tag where they were dispatched:
 * undici keeps its client on the session, under a symbol of that name (lib/core/symbols.js).
 */
function isOfUndici(session: object): boolean {
  const symbol = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'client');
  if (symbol === undefined) return false;
  const client = (session as Record<symbol, { readonly dispatch?: unknown } | undefined>)[symbol];
  return isWrapped(client?.dispatch);
}
