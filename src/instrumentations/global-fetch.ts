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
    const patchDispatchers = (): boolean => {
      const { ownerOf, patchDispatcher } = require('./undici') as typeof import('./undici');
      const dispatchers = GLOBAL_DISPATCHERS.map(
        symbol => (globalThis as Record<symbol, object | undefined>)[symbol],
      ).filter(dispatcher => dispatcher !== undefined);
      for (const dispatcher of dispatchers) {
        // `DispatcherBase.prototype`, which a class of the application may be above; or what stands in for it.
        const chain = Object.getPrototypeOf(dispatcher) as object;
        const base = ownerOf(chain, 'destroyed');
        const prototype = base !== undefined && Object.hasOwn(base, 'dispatch') ? base : ownerOf(chain, 'dispatch');
        if (prototype !== undefined) patchDispatcher(prototype, agent);
      }
      return dispatchers.length > 0;
    };
    const patchBundledUndici = (original: AnyFunction) => {
      isPatched = true;
      // A lazy property: reading it loads the bundled undici, as the call below would.
      void globalThis.Response;
      if (patchDispatchers()) return;
      // An application may have put its own in its place. This asks nobody.
      void (original('data:,') as Promise<unknown>).catch(() => {});
      patchDispatchers();
    };
    wrapMethod<AnyFunction>(
      globalThis,
      'fetch',
      original =>
        function fetch(this: unknown, ...args: unknown[]) {
          if (!isPatched) agent.guard('the hook of fetch', undefined, () => patchBundledUndici(original));
          return original.apply(this, args);
        },
    );
  },
};
