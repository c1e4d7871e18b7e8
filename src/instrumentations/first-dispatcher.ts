/** The dispatcher that copies of undici share. The first copy in a process makes it, often the one in Node.js. */
import { EventEmitter } from 'node:events';
import type { AnyFunction } from '../foreign-objects/wrap';

/** Where it is kept (`lib/global.js` of undici 5 to 8; the second place since 7.30). */
export const SHARED = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')] as const;

const emitters = EventEmitter as unknown as { init: AnyFunction };
/** What stands in the place of `init` until the next emitter. */
let waiting: AnyFunction | undefined;

/**
 * Tells of the dispatcher that is there, or of the one that is made later. The latter is still under construction: `new
 * WebSocket()` may load undici and use it before anything else can run.
 */
export function onFirstDispatcher(tell: (dispatcher: unknown) => void): void {
  for (const place of SHARED) {
    if (Object.hasOwn(globalThis, place)) tell((globalThis as unknown as Record<symbol, unknown>)[place]);
    else onFirstLook(place, () => onNextEmitter(tell));
  }
}

/**
 * Calls `look` when somebody reads `globalThis[place]` before it is there. undici does so, then defines it. The getter is on
 * the object that the global one inherits from, so `globalThis` has no property more. Only `in` can tell.
 */
function onFirstLook(place: symbol, look: () => void): void {
  Object.defineProperty(Object.getPrototypeOf(globalThis), place, {
    configurable: true,
    enumerable: false,
    get() {
      look();
      return undefined;
    },
    // What an assignment does where nothing is inherited.
    set(this: object, value: unknown) {
      Object.defineProperty(this, place, { value, writable: true, enumerable: true, configurable: true });
    },
  });
}

/**
 * Tells of the next emitter if it is a dispatcher, which all of undici are. Node.js calls `EventEmitter.init` for each emitter.
 * Its own `domain` module hooks the same function.
 */
function onNextEmitter(tell: (dispatcher: unknown) => void): void {
  if (emitters.init === waiting) return;
  const original = emitters.init;
  const init: AnyFunction = function (this: { dispatch?: unknown }, ...args) {
    if (emitters.init === init) emitters.init = original;
    // Somebody may have hooked it meanwhile, and calls this one for ever.
    const isNext = waiting === init;
    if (isNext) waiting = undefined;
    if (isNext && typeof this.dispatch === 'function') tell(this);
    return original.apply(this, args);
  };
  waiting = init;
  emitters.init = init;
}
