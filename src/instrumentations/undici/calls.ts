/**
 * The tag of a call, taken once and kept with its options.
 *
 * undici dispatches a request several times: from an agent to a pool to a client, later from a queue, and once more after
 * a redirect or a failure; then on the flow of whoever made room or opened the socket. Each of these passes the options
 * on or copies them by spreading, which takes a property of ours along.
 */
import type { Agent } from '../../agent';
import { overlay } from '../../loader/overlay';
import { changeHeaders, type HeaderChange } from '../../propagation/http-headers';

/** On the options of a call whose tag was taken; enumerable, for copies to have it. */
const CALL = Symbol('rocketmq-gray.call');

export interface Call {
  /** The outgoing tag of the flow that made the call. */
  readonly tag: string | undefined;
  /** The headers that carry it. Others in their place, as after a redirect, get it anew. */
  readonly headers: unknown;
  /** Set once it was decided where it goes: who did, and the address. */
  readonly aimed?: { readonly by: object; readonly origin: string };
  /** Set below a `MockAgent`, which answers for the address that was asked for. */
  readonly isMocked?: true;
}
export interface DispatchOptions {
  readonly headers?: unknown;
  readonly origin?: unknown;
  readonly [CALL]?: Call;
}

/** Handlers of undici's own that dispatch a request once more, from options of their own. */
const AGAIN: ReadonlySet<string> = new Set(['RedirectHandler', 'RetryHandler']);
/** As {@link Call.headers}: no headers carry the tag yet. */
const NONE_YET = Symbol();

export interface Calls {
  /** True: no call has anything to carry, and none can get it wrongly. */
  isIdle(): boolean;
  /** The tag of what is being dispatched with these options: that of the call, or of this flow if it is a new one. */
  tagOf(options: DispatchOptions): string | undefined;
  /** The options to go on with: of a call whose tag is taken, with headers that carry it. */
  take(options: DispatchOptions, isMocked?: true): DispatchOptions;
}

export function createCalls({ context, headers, routing }: Agent): Calls {
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
    take(options, isMocked) {
      // The library has the better error for what is not an object.
      if (!isObject(options)) return options;
      const before = callOf(options);
      if (before?.headers === options.headers && before !== undefined && !isMocked) return options;
      const tag = tagOf(options);
      const changes = headers.changes(tag);
      const carrying = changes.length === 0 ? options.headers : changeHeaders(listed(options.headers), changes);
      return changed(options, {
        ...(changes.length > 0 && { headers: carrying }),
        [CALL]: { ...before, tag, headers: carrying, ...(isMocked && { isMocked }) },
      });
    },
  };
}

export function callOf(options: DispatchOptions): Call | undefined {
  return options[CALL];
}

/** A copy of a call's options that go to `origin`, as `by` decided, with the headers changed accordingly. */
export function aimedCall(
  options: DispatchOptions,
  call: Call,
  aimed: { readonly by: object; readonly origin: string },
  changes?: readonly HeaderChange[],
): DispatchOptions {
  if (changes === undefined) return changed(options, { [CALL]: { ...call, aimed } });
  const headers = changeHeaders(listed(options.headers), changes);
  return changed(options, { origin: aimed.origin, headers, [CALL]: { ...call, headers, aimed } });
}

/** Lets a handler that dispatches again do so with the tag of the call that it was made for. */
export function remember(handler: object, tag: string | undefined): void {
  if (!AGAIN.has(handler.constructor?.name)) return;
  // A copy that the handler made for itself.
  const { opts } = handler as { opts?: unknown };
  if (isObject(opts) && callOf(opts) === undefined) Object.assign(opts, { [CALL]: { tag, headers: NONE_YET } });
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
