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
import type { CoreInstrumentation } from '../loader/instrumentation';
import { type AnyFunction, wrapMethod } from '../loader/wrap';
import { changeHeaderList, type HeaderChange, joined } from '../propagation/http-headers';

/** What requests carry, taken when they were made. Undefined: no tag. */
const TAG = Symbol('rocketmq-gray.tag');
type Tagged = ClientRequest & { [TAG]?: { readonly tag: string | undefined } };

const NO_TAG = { tag: undefined };

export const nodeHttpClient: CoreInstrumentation = {
  module: 'node:http (client)',
  patch(agent) {
    const { Agent, ClientRequest } = require('node:http') as typeof import('node:http');
    const { context, headers } = agent;

    const takeTag = (request: Tagged) => {
      if (request[TAG] !== undefined) return;
      const tag = context.outgoingTag();
      const value = tag === undefined ? NO_TAG : { tag };
      Object.defineProperty(request, TAG, { value, configurable: true, enumerable: false });
    };
    const taking = (original: AnyFunction, requestOf: (self: unknown, args: unknown[]) => unknown): AnyFunction =>
      function (this: unknown, ...args: unknown[]) {
        agent.guard('taking the tag of an HTTP call', undefined, () => takeTag(requestOf(this, args) as Tagged));
        return original.apply(this, args);
      };
    wrapMethod(Agent.prototype, 'addRequest', original => taking(original, (_self, args) => args[0]));
    wrapMethod(ClientRequest.prototype, 'onSocket', original => taking(original, self => self));

    wrapMethod(
      ClientRequest.prototype,
      '_storeHeader',
      original =>
        function (this: Tagged, firstLine: string, list: unknown, ...rest: unknown[]) {
          const changed = agent.guard('writing the tag of an HTTP call', list, () => {
            const taken = this[TAG];
            const changes = headers.changes(taken === undefined ? context.outgoingTag() : taken.tag);
            return changes.length === 0 ? list : changeHeaders(this, list, changes);
          });
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
