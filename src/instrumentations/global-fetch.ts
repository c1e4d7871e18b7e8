/**
 * The global `fetch`, `WebSocket` and `EventSource`, outbound. They belong to the copy of undici in Node.js. No `require`
 * shows it: a first look at any of its globals loads it. All copies of undici share one dispatcher.
 */

import type { CoreInstrumentation } from '../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import { onFirstDispatcher, SHARED } from './first-dispatcher';

const shared = globalThis as unknown as Readonly<Record<symbol, unknown>>;

export const globalFetch: CoreInstrumentation = {
  module: 'fetch',
  patch(agent) {
    if (typeof globalThis.fetch !== 'function') return;
    const patchHandedOut = (dispatcher: unknown) =>
      (require('./undici') as typeof import('./undici')).patchHandedOut(dispatcher, agent);
    onFirstDispatcher(dispatcher =>
      agent.guard('the hook of the undici in Node.js', undefined, () => patchHandedOut(dispatcher)),
    );

    // Applications put others in its place, also without a `require` that is seen: a bundled undici, an assignment.
    const [place, otherPlace] = SHARED;
    let seen: unknown;
    let otherSeen: unknown;
    const patchShared = () => {
      seen = shared[place];
      otherSeen = shared[otherPlace];
      agent.guard('the hook of fetch', undefined, () => patchHandedOut(seen));
      agent.guard('the hook of fetch', undefined, () => patchHandedOut(otherSeen));
    };
    wrapMethod<AnyFunction>(
      globalThis,
      'fetch',
      original =>
        function fetch(this: unknown, ...args: unknown[]) {
          if (shared[place] !== seen || shared[otherPlace] !== otherSeen) patchShared();
          return original.apply(this, args);
        },
    );
  },
};
