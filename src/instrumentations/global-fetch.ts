/**
 * The global `fetch`, outbound: Node.js carries its own copy of undici, loaded with the first use, whose dispatcher is
 * found where undici keeps the global one (`lib/global.js`; the second symbol since undici 7.30 and 8).
 */
import type { CoreInstrumentation } from '../loader/instrumentation';
import { type AnyFunction, wrapMethod } from '../loader/wrap';

const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];

export const globalFetch: CoreInstrumentation = {
  module: 'fetch',
  patch(agent) {
    if (typeof globalThis.fetch !== 'function') return;
    let isPatched = false;
    const patchBundledUndici = () => {
      isPatched = true;
      void globalThis.Response; // A lazy property: reading it loads the bundled undici, as the call below would.
      const { patchDispatcher } = require('./undici') as typeof import('./undici');
      for (const symbol of GLOBAL_DISPATCHERS) {
        const dispatcher = (globalThis as Record<symbol, unknown>)[symbol];
        const prototype = dispatcher === undefined ? undefined : ownerOf(dispatcher as object, 'dispatch');
        if (prototype !== undefined) patchDispatcher(prototype, agent);
      }
    };
    wrapMethod<AnyFunction>(
      globalThis,
      'fetch',
      original =>
        function fetch(this: unknown, ...args: unknown[]) {
          if (!isPatched) agent.guard('the hook of fetch', undefined, patchBundledUndici);
          return original.apply(this, args);
        },
    );
  },
};

/** The nearest prototype of `instance` that has a method of its own called `name`. */
function ownerOf(instance: object, name: string): object | undefined {
  let prototype = Object.getPrototypeOf(instance) as object | null;
  while (prototype !== null && !Object.hasOwn(prototype, name))
    prototype = Object.getPrototypeOf(prototype) as object | null;
  return prototype ?? undefined;
}
