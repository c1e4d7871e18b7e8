/**
 * undici 5 to 8, outbound. Every way to make a request (`request`, `fetch`, `stream`, `pipeline`, a `Client`, `Pool` or
 * `Agent`) comes through `DispatcherBase.prototype.dispatch`: there it is decided where a call goes. Its tag is taken where
 * the application dispatches it, which may be above: the outermost of composed interceptors, or a class of its own.
 */
import type { Agent } from '../../agent/agent';
import { type Exports, type Instrumentation, type Patch, Replacement } from '../../agent/instrumentation';
import { type AnyFunction, wrapClass, wrapMethod } from '../../foreign-objects/wrap';
import { type Aimed, createAim } from './aim';
import { type Calls, createCalls, type DispatchOptions, dispatchesAgain, isObject, remember } from './calls';
import { withOneBaggage } from './one-baggage';
import { sendRouted } from './routed';
import { type Dispatcher, rememberOptions, type Sender } from './siblings';

type Dispatch = (this: unknown, options: DispatchOptions, handler: Handler) => unknown;
/** What becomes of a call. */
interface Outgoing {
  readonly options: DispatchOptions;
  /** Set when another dispatcher sends it. */
  readonly via?: Sender | undefined;
  /** Set when it is not sent. */
  readonly error?: Error;
  /** Set when a route may send it elsewhere. */
  readonly routed?: Aimed['routed'];
}
/** A request's handler: `onResponseError` since undici 7, `onError` before and beside it. */
export interface Handler {
  onResponseError?(controller: null, error: Error): void;
  onError?(error: Error): void;
}

const patchBase: Patch = (DispatcherBase: Exports, agent) => patchDispatcher(DispatcherBase.prototype, agent);
const patchMadeForOneOrigin: Patch = (Kind: Exports, _agent, copy) => new Replacement(rememberOptions(Kind, copy));

/** A class that dispatches by itself may do so later, from a queue of its own: `RetryAgent`, those of applications. */
const patchEveryClass: Patch = (DispatcherClass: Exports, agent) => {
  const takeEarly = early(createCalls(agent, 'compose' in DispatcherClass.prototype), agent);
  const wrapped = wrapClass(DispatcherClass, (args, newTarget, make) => {
    agent.guard('a class of undici', undefined, () => {
      const owner = ownerOf((newTarget as { prototype: object }).prototype, 'dispatch');
      if (owner !== undefined) wrapMethod<Dispatch>(owner, 'dispatch', takeEarly);
    });
    return make(args);
  });
  return new Replacement(wrapped);
};

/** What a mock is asked for is not asked of another. */
const patchMock: Patch = (MockAgent: Exports, agent) => {
  const calls = createCalls(agent, 'compose' in MockAgent.prototype);
  wrapMethod<Dispatch>(
    MockAgent.prototype,
    'dispatch',
    original =>
      function dispatch(this: unknown, options, handler) {
        const taken = agent.guard('a mocked call', options, () => calls.take(options, { isMocked: true }));
        return original.call(this, taken, handler);
      },
  );
};

/** `makeCacheKey(options)`, 7 and 8: what `cache` and `deduplicate` share belongs to one environment. */
const patchCacheKey: Patch = (exports: Exports, agent) => {
  const calls = createCalls(agent);
  wrapMethod<AnyFunction>(
    exports,
    'makeCacheKey',
    original =>
      function makeCacheKey(this: unknown, options: DispatchOptions, ...rest: unknown[]) {
        const key = original.call(this, options, ...rest) as { path: string };
        return agent.guard('the key of a cached response', key, () => {
          const tag = calls.tagOf(options);
          // A fragment, which no path of a request has.
          return tag === undefined ? key : { ...key, path: `${key.path}#${tag}` };
        });
      },
  );
};

/** The dispatcher that copies share may be another copy's, or an object of the application. */
const patchGlobal: Patch = (exports: Exports, agent) => {
  let seen: unknown;
  wrapMethod<AnyFunction>(
    exports,
    'getGlobalDispatcher',
    original =>
      function getGlobalDispatcher(this: unknown) {
        const dispatcher = original.call(this);
        if (dispatcher !== seen) {
          seen = dispatcher;
          agent.guard('a dispatcher that is handed out', undefined, () => patchHandedOut(dispatcher, agent));
        }
        return dispatcher;
      },
  );
};

export const undici: Instrumentation = {
  module: 'undici',
  versions: '>=5.0.0 <9',
  files: {
    'lib/global.js': patchGlobal,
    // 5.x
    'lib/dispatcher.js': patchEveryClass,
    'lib/dispatcher-base.js': patchBase,
    'lib/client.js': patchMadeForOneOrigin,
    'lib/pool.js': patchMadeForOneOrigin,
    'lib/handler/RedirectHandler.js': dispatchesAgain,
    'lib/handler/RetryHandler.js': dispatchesAgain,
    // 6.x to 8.x
    'lib/dispatcher/dispatcher.js': patchEveryClass,
    'lib/dispatcher/dispatcher-base.js': patchBase,
    'lib/dispatcher/client.js': patchMadeForOneOrigin,
    'lib/dispatcher/pool.js': patchMadeForOneOrigin,
    'lib/dispatcher/round-robin-pool.js': patchMadeForOneOrigin,
    'lib/handler/redirect-handler.js': dispatchesAgain,
    'lib/handler/retry-handler.js': dispatchesAgain,
    'lib/mock/mock-agent.js': patchMock,
    'lib/util/cache.js': patchCacheKey,
  },
  requires: { files: ['lib/core/symbols.js'] },
};

/** Patches a dispatcher that anybody made: another copy of undici, the application. */
export function patchHandedOut(dispatcher: unknown, agent: Agent): void {
  if (!isObject(dispatcher)) return;
  const outermost = ownerOf(dispatcher, 'dispatch');
  if (outermost === undefined) return;
  const base = ownerOf(dispatcher, 'destroyed');
  const isBase = base !== undefined && base !== dispatcher && Object.hasOwn(base, 'dispatch');
  patchDispatcher(isBase ? base : outermost, agent);
  // What is above the base may hold a call back, and dispatch it from another flow.
  wrapMethod<Dispatch>(outermost, 'dispatch', early(createCalls(agent, takesIterables(dispatcher)), agent));
}

/** `compose` came with 6. An object of the application that hands calls on is none of undici's own. */
function takesIterables(dispatcher: object): boolean {
  return 'compose' in dispatcher || !('destroyed' in dispatcher);
}

/** Patches a `DispatcherBase.prototype`, whose `dispatch(options, handler)` starts requests, and what it inherits. */
export function patchDispatcher(prototype: object, agent: Agent): void {
  const calls = createCalls(agent, takesIterables(prototype));
  const aim = createAim(agent);

  /** Undefined: it goes on as it is. */
  const prepare = (dispatcher: Dispatcher, options: DispatchOptions, handler: object): Outgoing | undefined => {
    // The library has the better error for what is not an object.
    if (calls.isIdle() || !isObject(options) || !isObject(handler)) return undefined;
    const tag = calls.tagOf(options);
    remember(handler, tag);
    const decision = aim(dispatcher, options, tag);
    if (decision instanceof Error) return { options, error: decision };
    const taken = calls.take(options, decision);
    return taken === options ? undefined : { options: taken, via: decision?.via, routed: decision?.routed };
  };
  wrapMethod<Dispatch>(prototype, 'dispatch', original => {
    const send: Dispatch = function (this: unknown, options, handler) {
      if (!agent.context.hasOpenTelemetry() || !isObject(options)) return original.call(this, options, handler);
      return withOneBaggage(agent, calls.tagOf(options), () => original.call(this, options, handler));
    };
    return function dispatch(this: unknown, options, handler) {
      let outgoing: Outgoing | undefined;
      try {
        outgoing = prepare(this as Dispatcher, options, handler);
      } catch (error) {
        agent.guard.report('an undici call', error);
      }
      if (outgoing === undefined) return send.call(this, options, handler);
      if (outgoing.error !== undefined) return fail(handler, outgoing.error);
      if (outgoing.via !== undefined) return outgoing.via.dispatch(outgoing.options, handler);
      const { options: taken, routed } = outgoing;
      if (routed === undefined) return send.call(this, taken, handler);
      return sendRouted(routed, handler, {
        asItIs: () => send.call(this, taken, handler),
        elsewhere: (aimed, itsHandler) => {
          const its = calls.take(taken, aimed);
          return aimed.via === undefined ? send.call(this, its, itsHandler) : aimed.via.dispatch(its, itsHandler);
        },
        fail: error => fail(handler, error),
      });
    };
  });

  // 6.x to 8.x. The last interceptor is the outermost: what a retry dispatches again has the tag already.
  const base = Object.getPrototypeOf(prototype) as { compose?: unknown } | null;
  if (typeof base?.compose !== 'function') return;
  const outermost = (dispatch: Dispatch) => early(calls, agent)(dispatch);
  wrapMethod<AnyFunction>(
    base,
    'compose',
    original =>
      function compose(this: unknown, ...args: unknown[]) {
        const interceptors = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
        return original.call(this, ...(interceptors.length === 0 ? [] : [...interceptors, outermost]));
      },
  );
}

/** A `dispatch` that takes the tag of each call and hands it on. */
function early(calls: Calls, agent: Agent): (dispatch: Dispatch) => Dispatch {
  return original =>
    function dispatch(this: unknown, options, handler) {
      let taken = options;
      try {
        if (!calls.isIdle()) taken = calls.take(options);
      } catch (error) {
        agent.guard.report('an undici call', error);
      }
      return original.call(this, taken, handler);
    };
}

/** The nearest object on the chain that has a method of its own called `name`. */
function ownerOf(start: object | null, name: string): object | undefined {
  let owner = start;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner ?? undefined;
}

/** As a call that could not be connected; true: the dispatcher takes more. */
function fail(handler: Handler, error: Error): boolean {
  queueMicrotask(() => {
    if (typeof handler.onResponseError === 'function') handler.onResponseError(null, error);
    else handler.onError?.(error);
  });
  return true;
}
