/**
 * undici 5 to 8, outbound: every way to make a request (`request`, `fetch`, `stream`, `pipeline`, a `Client`, `Pool` or
 * `Agent`) comes through `DispatcherBase.prototype.dispatch`.
 *
 * A bounded `Pool` keeps requests waiting and dispatches them again later, on the flow of whichever request made room;
 * redirects and retries are dispatched from the socket. So the tag is taken when a handler is first seen with its options,
 * and kept while undici passes the two on.
 */
import type { Agent } from '../../agent';
import type { Exports, Instrumentation, Patch } from '../../loader/instrumentation';
import { overlay } from '../../loader/overlay';
import { wrapMethod } from '../../loader/wrap';
import { changeHeaders, type HeaderChange } from '../../propagation/http-headers';
import { type Aimed, createAim, type Dispatcher } from './aim';

interface DispatchOptions {
  readonly headers?: unknown;
  readonly origin?: unknown;
}
/** What a handler was dispatched with: the tag, and the options that went on. */
interface Dispatched {
  readonly tag: string | undefined;
  readonly options: DispatchOptions;
  /** Where it came first: undici passes a request on to other dispatchers, an application starts the next one here. */
  readonly dispatcher: unknown;
}
/** What becomes of a call. */
interface Outgoing {
  readonly options: DispatchOptions;
  /** Set when another dispatcher sends it. */
  readonly dispatcher?: Dispatcher;
  /** Set when it is not sent. */
  readonly error?: Error;
}
/** A request's handler: `onResponseError` since undici 7, `onError` before and beside it. */
interface Handler {
  onResponseError?(controller: null, error: Error): void;
  onError?(error: Error): void;
}

/** Handlers of undici's own that dispatch the same request once more. */
const AGAIN: ReadonlySet<string> = new Set(['RedirectHandler', 'RetryHandler']);
type Dispatch = (this: unknown, options: DispatchOptions, handler: object) => unknown;

const patchModule: Patch = (DispatcherBase: Exports, agent) => patchDispatcher(DispatcherBase.prototype, agent);

export const undici: Instrumentation = {
  module: 'undici',
  versions: '>=5.0.0 <9',
  files: {
    'lib/dispatcher-base.js': patchModule, // 5.x
    'lib/dispatcher/dispatcher-base.js': patchModule, // 6.x to 8.x
  },
};

/** Patches a prototype whose `dispatch(options, handler)` starts requests, once. */
export function patchDispatcher(prototype: object, agent: Agent): void {
  const { context, headers } = agent;
  const dispatched = new WeakMap<object, Dispatched>();
  const aim = createAim(agent);

  const prepare = (dispatcher: unknown, options: DispatchOptions, handler: object): Outgoing => {
    // The library has the better error for what is not an object.
    if (!isObject(options) || !isObject(handler)) return { options };
    const before = dispatched.get(handler);
    // Applications may use a handler, or an options object, for several requests; undici's own handlers dispatch again
    // with other options.
    const isPassedOn = before !== undefined && before.options === options && before.dispatcher !== dispatcher;
    if (isPassedOn) return { options };
    const isAgain = before !== undefined && AGAIN.has(handler.constructor?.name);
    const tag = isAgain ? before.tag : context.outgoingTag();

    const aimed = aim.of(dispatcher as object, options.origin, tag);
    if (aimed instanceof Error) return { options, error: aimed };
    const changes = aimed === undefined ? headers.changes(tag) : [...headers.changes(tag), hostOf(aimed)];
    const next =
      changes.length === 0
        ? options
        : changed(options, {
            headers: changeHeaders(listed(options.headers), changes),
            ...(aimed !== undefined && { origin: aimed.origin }),
          });
    dispatched.set(handler, { tag, options: next, dispatcher });
    return aimed === undefined
      ? { options: next }
      : { options: next, dispatcher: aim.dispatcherFor(dispatcher as Dispatcher, aimed.origin) };
  };

  wrapMethod<Dispatch>(
    prototype,
    'dispatch',
    original =>
      function dispatch(this: unknown, options, handler) {
        const outgoing = agent.guard('an undici call', { options } as Outgoing, () => prepare(this, options, handler));
        if (outgoing.error !== undefined) return fail(handler, outgoing.error);
        if (outgoing.dispatcher !== undefined && outgoing.dispatcher !== this) {
          return outgoing.dispatcher.dispatch(outgoing.options, handler);
        }
        return original.call(this, outgoing.options, handler);
      },
  );
}

/** The `Host` that an application sets of its own is another instance's, unless it names none. */
function hostOf({ host, formerHost }: Aimed): HeaderChange {
  return { name: 'host', change: existing => (existing === formerHost ? host : existing) };
}

/** As a call that could not be connected; true: the dispatcher takes more. */
function fail(handler: Handler, error: Error): boolean {
  queueMicrotask(() => {
    if (typeof handler.onResponseError === 'function') handler.onResponseError(null, error);
    else handler.onError?.(error);
  });
  return true;
}

function changed(options: DispatchOptions, changes: DispatchOptions): DispatchOptions {
  const prototype: unknown = Object.getPrototypeOf(options);
  if (prototype === Object.prototype || prototype === null) return { ...options, ...changes };
  return overlay(options, { ...changes });
}

/** What undici takes besides a flat array and an object: an iterable of pairs. */
function listed(headers: unknown): unknown {
  if (!isObject(headers) || Array.isArray(headers) || !(Symbol.iterator in headers)) return headers;
  const flat: unknown[] = [];
  for (const [name, value] of headers as Iterable<[unknown, unknown]>) flat.push(name, value);
  return flat;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
