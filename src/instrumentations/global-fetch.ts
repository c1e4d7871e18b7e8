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
      const { ownerOf, patchDispatcher } = require('./undici') as typeof import('./undici');
      for (const symbol of GLOBAL_DISPATCHERS) {
        const dispatcher = (globalThis as Record<symbol, object | undefined>)[symbol];
        if (dispatcher === undefined) continue;
        // `DispatcherBase.prototype`, which a class of the application may be above; or what stands in for it.
        const chain = Object.getPrototypeOf(dispatcher) as object;
        const base = ownerOf(chain, 'destroyed');
        const prototype = base !== undefined && Object.hasOwn(base, 'dispatch') ? base : ownerOf(chain, 'dispatch');
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
