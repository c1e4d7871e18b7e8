/** The dispatcher that copies of undici share. The first copy in a process makes it, often the one in Node.js. */
import { onMadeEmitter } from '../loader/made-emitters';

/** Where it is kept (`lib/global.js` of undici 5 to 8; the second place since 7.30). */
export const SHARED = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')] as const;

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

let isWaiting = false;

/** Tells of the next emitter if it is a dispatcher, which all of undici are. */
function onNextEmitter(tell: (dispatcher: unknown) => void): void {
  if (isWaiting) return;
  isWaiting = true;
  onMadeEmitter(emitter => {
    isWaiting = false;
    if (typeof (emitter as { dispatch?: unknown }).dispatch === 'function') tell(emitter);
    return true;
  });
}
