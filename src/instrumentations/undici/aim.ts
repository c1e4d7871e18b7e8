/** Calls to an instance of another environment, sent to one of their own: what undici, 5 to 8, needs for it. */
import type { Agent } from '../../agent';
import { type AnyFunction, wrapMethod } from '../../loader/wrap';
import { oncePerObject } from '../../once-per-object';
import { hostHeader } from '../../routing/service-directory';

/** A `Client`, `Pool` or `Agent`. */
export interface Dispatcher {
  dispatch(options: object, handler: object): unknown;
  close(): Promise<void>;
  destroy(error?: unknown): Promise<void>;
}

/** Where a call goes instead, as `http://10.0.0.7:8080`, with the `Host` of before and after. */
export interface Aimed {
  readonly origin: string;
  readonly host: string;
  readonly formerHost: string;
}

export interface Aim {
  /** Undefined: where the application sends it. An Error: not at all. */
  of(dispatcher: object, origin: unknown, tag: string | undefined): Aimed | Error | undefined;
  /** What sends a call to another origin than the one that the dispatcher was made for. */
  dispatcherFor(dispatcher: Dispatcher, origin: string): Dispatcher;
}

interface Origin {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number;
  readonly host: string;
}

/** Bounds what is kept of texts that applications send us. */
const MOST_ORIGINS = 1000;

export function createAim({ routing }: Agent): Aim {
  const origins = new Map<string, Origin | undefined>();
  // `Client` and `Pool` are made for one origin; what they were asked to send elsewhere goes through others like them.
  const siblings = new WeakMap<Dispatcher, Map<string, Dispatcher>>();

  /** The one origin that a dispatcher was made for; undefined: it serves any. */
  const fixedOrigin = oncePerObject((dispatcher: object) => {
    const url = property(dispatcher, 'url');
    return url instanceof URL ? url.origin : undefined;
  });

  const parse = (text: string) => {
    if (origins.has(text)) return origins.get(text);
    if (origins.size >= MOST_ORIGINS) origins.clear();
    const url = tryUrl(text);
    const origin = url && {
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
      host: url.host,
    };
    origins.set(text, origin);
    return origin;
  };

  return {
    of(dispatcher, origin, tag) {
      if (!routing.hasCanaries()) return undefined;
      const from = fixedOrigin(dispatcher) ?? (origin instanceof URL ? origin.origin : origin);
      if (typeof from !== 'string') return undefined;
      const parsed = parse(from);
      if (parsed === undefined) return undefined;
      const target = routing.aim(parsed.hostname, parsed.port, tag);
      if (target === undefined || target instanceof Error) return target;
      const host = hostHeader(target);
      return { origin: `${parsed.protocol}//${host}`, host, formerHost: parsed.host };
    },

    dispatcherFor(dispatcher, origin) {
      if (fixedOrigin(dispatcher) === undefined) return dispatcher;
      let others = siblings.get(dispatcher);
      if (others === undefined) {
        others = new Map();
        siblings.set(dispatcher, others);
        closeWith(dispatcher, others);
      }
      let sibling = others.get(origin);
      if (sibling === undefined) {
        const Kind = dispatcher.constructor as new (origin: string, options: object) => Dispatcher;
        sibling = new Kind(origin, optionsOf(dispatcher));
        others.set(origin, sibling);
      }
      return sibling;
    },
  };
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** undici keeps the state of its dispatchers under symbols of its own, told apart by their descriptions. */
function property(dispatcher: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(dispatcher).find(one => one.description === description);
  return symbol && (dispatcher as Record<symbol, unknown>)[symbol];
}

/** Options of a `Client`, by the description of the symbol that it keeps each under. */
const CLIENT_OPTIONS = {
  connect: 'connector',
  pipelining: 'pipelining',
  keepAliveTimeout: 'default keep alive timeout',
  keepAliveMaxTimeout: 'max keep alive timeout',
  headersTimeout: 'headers timeout',
  bodyTimeout: 'body timeout',
  maxHeaderSize: 'max headers size',
  maxResponseSize: 'max response size',
  strictContentLength: 'strict content length',
  localAddress: 'local address',
};

/** The options that a `Pool` or `Client` was made with, its way to connect (TLS) among them. */
function optionsOf(dispatcher: object): object {
  const ofPool = property(dispatcher, 'options');
  if (typeof ofPool === 'object' && ofPool !== null) {
    const factory = property(dispatcher, 'factory');
    return { ...ofPool, connections: property(dispatcher, 'connections'), ...(factory !== undefined && { factory }) };
  }
  const options: Record<string, unknown> = {};
  for (const [name, description] of Object.entries(CLIENT_OPTIONS)) {
    const value = property(dispatcher, description);
    if (value !== undefined && value !== null) options[name] = value;
  }
  return options;
}

/** The others live as long as the one that the application made and closes. */
function closeWith(dispatcher: Dispatcher, others: ReadonlyMap<string, Dispatcher>): void {
  let closed: Promise<unknown> | undefined;
  const end = (name: 'close' | 'destroy', error?: unknown): Promise<unknown> =>
    Promise.allSettled([...others.values()].map(other => other[name](error as never)));

  const following = (original: AnyFunction, begin: (args: readonly unknown[]) => Promise<unknown>): AnyFunction =>
    function (this: unknown, ...args: unknown[]) {
      const ended = begin(args);
      const callback = args.at(-1);
      if (typeof callback === 'function') {
        const later = (...results: unknown[]) => void ended.then(() => callback(...results));
        return original.call(this, ...args.slice(0, -1), later);
      }
      return (original.apply(this, args) as Promise<void>).then(result => ended.then(() => result));
    };
  wrapMethod<AnyFunction>(dispatcher, 'close', original =>
    following(original, () => {
      closed = end('close');
      return closed;
    }),
  );
  wrapMethod<AnyFunction>(dispatcher, 'destroy', original =>
    following(original, ([error]) => {
      const given = typeof error === 'function' ? undefined : error;
      // A dispatcher that has closed destroys itself, whatever the others still have under way.
      return closed !== undefined && (given === undefined || given === null) ? closed : end('destroy', given);
    }),
  );
}
