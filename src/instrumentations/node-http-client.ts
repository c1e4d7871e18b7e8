/**
 * node:http and node:https clients, outbound: `http.request`, `http.get`, `https.request`, `https.get` and what is built
 * on them. One place sees the headers of each, in whatever form they were given (object, array, set one by one, sent
 * early for `Expect`): `ClientRequest.prototype._storeHeader`, which writes the header block, Node.js 18.19 to 26.
 *
 * The tag is the one of the flow that made the request, not of the one that happens to flush it: it is taken in the
 * constructor, which asks each request for its header `expect`, or has it store a list of headers. What comes after may be
 * held back: an agent of the application adds a request to its queue later, a connection comes by a callback, a body is sent
 * by somebody else. Agents and sockets get the request in the scope of that flow, too, for its answer comes in theirs.
 */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Agent } from '../agent/agent';
import type { CoreInstrumentation } from '../agent/instrumentation';
import type { Scope } from '../context/active-tag';
import { keepInScope } from '../context/emitter-scope';
import { privateMark } from '../foreign-objects/private-mark';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import { changeHeaderList, type HeaderChange, joined } from '../propagation/http-headers';
import { type Address, hostHeader } from '../routing/address';
import type { Routing } from '../routing/routing';
import { type ConnectOptions, type Request, renameHost } from './node-http-request';
import { addRouted, holdSocket, type RoutedOptions } from './node-http-routes';
import { connectForRequest, isMadeOutside } from './shared-connections';

/** The flow that made a request. */
interface Maker {
  /** What its calls carry. Undefined: no tag. */
  readonly tag: string | undefined;
  readonly scope: Scope | undefined;
}
// In each bundle: there is one that patches node:http.
const makers = privateMark<Maker>();
const UNTAGGED: Maker = { tag: undefined, scope: undefined };

export const nodeHttpClient: CoreInstrumentation = {
  module: 'node:http (client)',
  patch(agent) {
    const { Agent, ClientRequest } = require('node:http') as typeof import('node:http');
    const { context, guard, routing } = agent;
    // Here without `guard`, whose closures would be a part of what each request costs.
    const makerOf = createMakerOf(agent);

    wrapMethod<AnyFunction>(
      ClientRequest.prototype,
      'getHeader',
      (_original, find) =>
        function getHeader(this: Request, name: unknown) {
          makerOf(this);
          return find().call(this, name);
        },
    );
    patchAgent(Agent.prototype, agent, makerOf);
    wrapMethod<AnyFunction>(
      ClientRequest.prototype,
      'onSocket',
      original =>
        function onSocket(this: Request, ...args: unknown[]) {
          const { tag, scope } = makerOf(this);
          if (tag !== undefined && routing.mayAim(tag)) {
            const deliver = () => context.runInScope(scope, () => original.apply(this, args));
            if (holdSocket(this, args[0], args[1], deliver)) return undefined;
          }
          // From an agent that connects by itself: errors of the connection are those of the request.
          if (isMadeOutside(args[0])) keepInScope(context, scope, this);
          if (context.scope() === scope) return original.apply(this, args);
          return context.runInScope(scope, () => original.apply(this, args));
        },
    );
    wrapMethod<AnyFunction>(
      ClientRequest.prototype,
      '_storeHeader',
      original =>
        function _storeHeader(this: Request, firstLine: string, list: unknown, ...rest: unknown[]) {
          let changed = list;
          const { tag } = makerOf(this);
          try {
            const changes = agent.headers.changes(tag);
            // To a proxy, which opens a tunnel: what goes through it carries the tag.
            if (changes.length > 0 && this.method !== 'CONNECT') changed = changeHeaders(this, list, changes);
          } catch (error) {
            guard.report('writing the tag of an HTTP call', error);
          }
          return original.call(this, firstLine, changed, ...rest);
        },
    );
  },
};

/** Where an agent connects to for a request. */
function patchAgent(prototype: object, agent: Agent, makerOf: (request: object) => Maker): void {
  const { context, guard, routing } = agent;
  wrapMethod<AnyFunction>(
    prototype,
    'addRequest',
    original =>
      function addRequest(this: { options?: ConnectOptions }, request: Request, options: unknown, ...rest: unknown[]) {
        let aimed: ConnectOptions | Error | undefined;
        let routed: RoutedOptions | undefined;
        const { tag, scope } = makerOf(request);
        try {
          if (routing.mayAim(tag) && !connectsElsewhere(this)) {
            aimed = aim(request, options, tag, routing);
            if (aimed === undefined) routed = routeOf(request, options, tag, routing);
          }
        } catch (error) {
          guard.report('aiming an HTTP call', error);
        }
        // As a connection that could not be made.
        if (aimed instanceof Error) return request.onSocket(null as unknown as Socket, aimed);
        if (routed !== undefined) {
          const add = (to: ConnectOptions) =>
            context.runInScope(scope, () => original.call(this, request, to, ...rest));
          return addRouted(request, options as ConnectOptions, routed, add);
        }
        if (context.scope() === scope) return original.call(this, request, aimed ?? options, ...rest);
        return context.runInScope(scope, () => original.call(this, request, aimed ?? options, ...rest));
      },
  );
  wrapMethod<AnyFunction>(
    prototype,
    'createSocket',
    original =>
      function createSocket(this: unknown, ...args: unknown[]) {
        return connectForRequest(() => original.apply(this, args));
      },
  );
}

/** Who made a request: the present flow, where it is asked about the first time. */
function createMakerOf({ context, guard }: Agent): (request: object) => Maker {
  return request => {
    try {
      const known = makers.get(request);
      if (known !== undefined) return known;
      const tag = context.outgoingTag();
      const scope = context.scope();
      const maker = tag === undefined && scope === undefined ? UNTAGGED : { tag, scope };
      makers.set(request, maker);
      return maker;
    } catch (error) {
      guard.report('taking the tag of an HTTP call', error);
    }
    return UNTAGGED;
  };
}

/** `list` is what `_storeHeader` gets: the caller's array, or the request's own table of headers (null when empty). */
function changeHeaders(request: ClientRequest, list: unknown, changes: readonly HeaderChange[]): unknown {
  if (Array.isArray(list)) return changeHeaderList(list, changes);
  for (const { name, change } of changes) {
    const current = request.getHeader(name);
    const existing = current === undefined ? undefined : joined([current].flat());
    const next = change(existing);
    if (next === existing && !Array.isArray(current)) continue;
    if (next === undefined) request.removeHeader(name);
    else request.setHeader(existing === undefined ? name : spelled(request, name), next);
  }
  return list ?? request.getHeaders();
}

/** A header's name, as the application spells it. */
function spelled(request: ClientRequest, name: string): string {
  return request.getRawHeaderNames().find(raw => raw.toLowerCase() === name) ?? name;
}

/** An agent's own options win over those of a request: then it does not connect to the address of the call. */
function connectsElsewhere({ options }: { readonly options?: ConnectOptions }): boolean {
  return Boolean(options?.socketPath || options?.host || options?.port);
}

/** The options of a call that goes to another instance, with its `Host`; undefined: unchanged. */
function aim(
  request: Request,
  options: unknown,
  tag: string | undefined,
  routing: Routing,
): ConnectOptions | Error | undefined {
  const called = addressOf(request, options);
  if (called === undefined || !routing.hasCanaries()) return undefined;
  const target = routing.aim(called.host, called.port, tag);
  if (target === undefined || target instanceof Error) return target;
  renameHost(request, called, hostHeader(target));
  request.host = target.host;
  return { ...(options as object), host: target.host, hostname: target.host, port: target.port } as ConnectOptions;
}

function routeOf(
  request: Request,
  options: unknown,
  tag: string | undefined,
  routing: Routing,
): RoutedOptions | undefined {
  const called = addressOf(request, options);
  const found = called && routing.route(called.host, called.port, tag);
  return found && { called, found };
}

/** The address that a call is made to; undefined: it is none of our business. */
function addressOf(request: Request, options: unknown): Address | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const { host, port, socketPath } = options as ConnectOptions;
  // A path that is no path names the address once more: a request to a proxy.
  if (typeof host !== 'string' || socketPath || !request.path.startsWith('/')) return undefined;
  return { host, port: Number(port) };
}
