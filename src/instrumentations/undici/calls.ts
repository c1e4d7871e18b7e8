/**
 * The tag of a call, taken once and kept with its options.
 *
 * undici dispatches a request several times: from an agent to a pool to a client, later from a queue, and once more after
 * a redirect or a failure; then on the flow of whoever made room or opened the socket. Each of these passes the options
 * on or copies them by spreading, which takes a property of ours along.
 */
import type { Agent } from '../../agent/agent';
import { overlay } from '../../foreign-objects/overlay';
import { shallowCopy } from '../../foreign-objects/shallow-copy';
import type { AnyClass } from '../../foreign-objects/wrap';
import { changeHeaderEntries, changeHeaders, type HeaderChange } from '../../propagation/http-headers';

/** On the options of a call whose tag was taken; enumerable, for copies to have it. */
const CALL = Symbol('rocketmq-gray.call');

export interface Call {
  /** The outgoing tag of the flow that made the call. */
  readonly tag: string | undefined;
  /** The headers that carry it. Others in their place, as after a redirect, get it anew. */
  readonly headers: unknown;
  /** Set once it was decided where it goes. */
  readonly aimed?: Aimed | undefined;
  /** Set below a `MockAgent`, which answers for the address that was asked for. */
  readonly isMocked?: true | undefined;
}
/** Where a call goes, and which dispatcher decided it. */
export interface Aimed {
  readonly by: object;
  readonly origin: string;
}
export interface DispatchOptions {
  readonly headers?: unknown;
  readonly origin?: unknown;
  readonly method?: unknown;
  readonly upgrade?: unknown;
  readonly [CALL]?: Call;
}
type OwnOptions = { -readonly [K in keyof DispatchOptions]: DispatchOptions[K] };

/** Prototypes of handlers of undici's own that dispatch a request once more, from options of their own. */
const again = new WeakSet<object>();
/** As {@link Call.headers}: no headers carry the tag yet. */
const NONE_YET = Symbol();
const NOTHING: readonly HeaderChange[] = [];

/** What was decided about a call besides its tag. */
export interface Decision {
  readonly aimed?: Aimed;
  /** Set when that is elsewhere: what becomes of its headers. */
  readonly changes?: readonly HeaderChange[];
  readonly isMocked?: true;
}

export interface Calls {
  /** True: no call has anything to carry, and none can get it wrongly. */
  isIdle(): boolean;
  /** The tag of what is being dispatched with these options: that of the call, or of this flow if it is a new one. */
  tagOf(options: DispatchOptions): string | undefined;
  /** The options to go on with: a copy that keeps what was taken and decided, with headers that carry it. */
  take(options: DispatchOptions, decision?: Decision): DispatchOptions;
}

/** @param takesIterables whether the dispatchers know headers that are iterated as pairs: 6 to 8 do, 5 takes lists and objects */
export function createCalls({ context, headers, routing }: Agent, takesIterables = true): Calls {
  const tagOf = (options: DispatchOptions) => {
    const before = callOf(options);
    return before === undefined ? context.outgoingTag() : before.tag;
  };
  return {
    isIdle: () =>
      !context.wasUsed() &&
      !routing.hasCanaries() &&
      context.outgoingTag() === undefined &&
      headers.changes(undefined).length === 0,
    tagOf,
    take(options, decision) {
      // The library has the better error for what is not an object.
      if (!isObject(options)) return options;
      const before = callOf(options);
      const isCarried = before !== undefined && before.headers === options.headers;
      if (isCarried && decision === undefined) return options;
      const tag = tagOf(options);
      const own = copyOf(options);
      let changes = isCarried || opensTunnel(options) ? NOTHING : headers.changes(tag);
      if (decision?.changes !== undefined) {
        changes = [...changes, ...decision.changes];
        own.origin = decision.aimed?.origin;
      }
      if (changes.length > 0) own.headers = changed(options.headers, changes, takesIterables);
      const aimed = decision?.aimed ?? before?.aimed;
      own[CALL] = { tag, headers: own.headers, aimed, isMocked: decision?.isMocked ?? before?.isMocked };
      return own;
    },
  };
}

/** A call to a proxy: what goes through the tunnel carries the tag. */
function opensTunnel({ method, upgrade }: DispatchOptions): boolean {
  return method === 'CONNECT' && !upgrade;
}

export function callOf(options: DispatchOptions): Call | undefined {
  return options[CALL];
}

/** `Handler` is a class of undici's own whose instances dispatch again. Not known by its name, which bundlers shorten. */
export function dispatchesAgain(Handler: AnyClass): void {
  again.add(Handler.prototype);
}

/** Lets a handler that dispatches again do so with the tag of the call that it was made for. */
export function remember(handler: object, tag: string | undefined): void {
  const prototype: unknown = Object.getPrototypeOf(handler);
  if (!isObject(prototype) || !again.has(prototype)) return;
  // A copy that the handler made for itself.
  const { opts } = handler as { opts?: unknown };
  if (isObject(opts) && callOf(opts) === undefined) Object.assign(opts, { [CALL]: { tag, headers: NONE_YET } });
}

/** For more to be added. Options of a class keep what they inherit. */
function copyOf(options: DispatchOptions): OwnOptions {
  const prototype: unknown = Object.getPrototypeOf(options);
  return prototype === Object.prototype || prototype === null ? shallowCopy(options) : overlay(options, {});
}

function changed(headers: unknown, changes: readonly HeaderChange[], takesIterables: boolean): unknown {
  if (!isObject(headers) || Array.isArray(headers) || !(Symbol.iterator in headers))
    return changeHeaders(headers, changes);
  const entries = changeHeaderEntries(headers as Iterable<unknown>, changes);
  return takesIterables ? entries : [...entries].flat();
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
