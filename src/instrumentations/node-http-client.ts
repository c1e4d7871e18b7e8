/**
 * node:http and node:https clients, outbound: `http.request`, `http.get`, `https.request`, `https.get` and what is built
 * on them. One place sees the headers of each, in whatever form they were given (object, array, set one by one, sent
 * early for `Expect`): `ClientRequest.prototype._storeHeader`, which writes the header block, Node.js 18.19 to 26.
 *
 * The tag is the one of the flow that made the request, not of the one that happens to flush it: it is taken when the
 * request meets its agent (`Agent.prototype.addRequest`, called from the constructor) or, without one, its socket
 * (`onSocket`; later where `createConnection` is asynchronous).
 */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { CoreInstrumentation } from '../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import { changeHeaderList, type HeaderChange, joined } from '../propagation/http-headers';
import { bracketed, hostHeader } from '../routing/address';
import type { Routing } from '../routing/routing';

/** What requests carry, taken when they were made. Undefined: no tag. */
const TAG = Symbol('rocketmq-gray.tag');
type Tagged = ClientRequest & {
  [TAG]?: { readonly tag: string | undefined };
  /** The header block, once it is composed: at once where headers were given as an array. */
  _header?: string | null;
  outputData?: { data: unknown }[];
  onSocket(socket: Socket, error?: Error): void;
};
/** What a request hands its agent: host and port as they will be connected to, made for this request. */
interface ConnectOptions {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly socketPath?: unknown;
}

const NO_TAG = { tag: undefined };

export const nodeHttpClient: CoreInstrumentation = {
  module: 'node:http (client)',
  patch(agent) {
    const { Agent, ClientRequest } = require('node:http') as typeof import('node:http');
    const { context, guard, headers, routing } = agent;

    // Here without `guard`, whose closures would be a part of what each request costs.
    const takeTag = (request: Tagged) => {
      if (request[TAG] !== undefined) return;
      const tag = context.outgoingTag();
      request[TAG] = tag === undefined ? NO_TAG : { tag };
    };
    wrapMethod<AnyFunction>(
      Agent.prototype,
      'addRequest',
      original =>
        function addRequest(this: { options?: ConnectOptions }, request: Tagged, options: unknown, ...rest: unknown[]) {
          let aimed: ConnectOptions | Error | undefined;
          try {
            takeTag(request);
            if (routing.hasCanaries() && !connectsElsewhere(this)) aimed = aim(request, options, routing);
          } catch (error) {
            guard.report('aiming an HTTP call', error);
          }
          // As a connection that could not be made.
          if (aimed instanceof Error) return request.onSocket(null as unknown as Socket, aimed);
          return original.call(this, request, aimed ?? options, ...rest);
        },
    );
    wrapMethod<AnyFunction>(
      ClientRequest.prototype,
      'onSocket',
      original =>
        function onSocket(this: Tagged, ...args: unknown[]) {
          try {
            takeTag(this);
          } catch (error) {
            guard.report('taking the tag of an HTTP call', error);
          }
          return original.apply(this, args);
        },
    );

    wrapMethod(
      ClientRequest.prototype,
      '_storeHeader',
      original =>
        function (this: Tagged, firstLine: string, list: unknown, ...rest: unknown[]) {
          let changed = list;
          try {
            const taken = this[TAG];
            const changes = headers.changes(taken === undefined ? context.outgoingTag() : taken.tag);
            if (changes.length > 0) changed = changeHeaders(this, list, changes);
          } catch (error) {
            guard.report('writing the tag of an HTTP call', error);
          }
          return original.call(this, firstLine, changed, ...rest);
        },
    );
  },
};

/** `list` is what `_storeHeader` gets: the caller's array, or the request's own table of headers (null when empty). */
function changeHeaders(request: ClientRequest, list: unknown, changes: readonly HeaderChange[]): unknown {
  if (Array.isArray(list)) return changeHeaderList(list, changes);
  for (const { name, change } of changes) {
    const current = request.getHeader(name);
    const existing = current === undefined ? undefined : joined([current].flat());
    const next = change(existing);
    if (next === existing && !Array.isArray(current)) continue;
    if (next === undefined) request.removeHeader(name);
    else request.setHeader(name, next);
  }
  return list ?? request.getHeaders();
}

/** An agent's own options win over those of a request: then it does not connect to the address of the call. */
function connectsElsewhere({ options }: { readonly options?: ConnectOptions }): boolean {
  return Boolean(options?.socketPath || options?.host || options?.port);
}

/** The options of a call that goes to another instance, with its `Host`; undefined: unchanged. */
function aim(request: Tagged, options: unknown, routing: Routing): ConnectOptions | Error | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const { host, port, socketPath } = options as ConnectOptions;
  // A path that is no path names the address once more: a request to a proxy.
  if (typeof host !== 'string' || socketPath || !request.path.startsWith('/')) return undefined;
  const target = routing.aim(host, Number(port), request[TAG]?.tag);
  if (target === undefined || target instanceof Error) return target;

  // A virtual host that the application named stays: it is the service's, not the instance's.
  const to = hostHeader(target);
  const [name, address] = [bracketed(host).toLowerCase(), `${bracketed(host)}:${port}`.toLowerCase()];
  const isFormer = (value: string) => [name, address].includes(value.toLowerCase());
  if (typeof request._header === 'string') {
    const header = request._header;
    request._header = header.replace(/(\r\nhost: *)([^\r]*)/i, (line, name, value) =>
      isFormer(value) ? name + to : line,
    );
    // With `Expect: 100-continue` it waits for the connection already.
    for (const output of request.outputData ?? []) if (output.data === header) output.data = request._header;
  } else if (isFormer(String(request.getHeader('host')))) {
    request.setHeader('Host', to);
  }
  request.host = target.host;
  return { ...options, host: target.host, hostname: target.host, port: target.port } as ConnectOptions;
}
