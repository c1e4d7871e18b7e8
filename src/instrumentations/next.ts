/**
 * Next.js 13.4 to 16: what it keeps for later requests.
 *
 * The data cache (`fetch` with `next.revalidate`, `unstable_cache`, `use cache`) answers within one environment: the tag is a part
 * of each key. Pages and routes that are kept whole (static ones, ISR) are for everybody. They are made in the environment of
 * the instance, not in that of the request that has them made.
 */
import type { Agent } from '../agent/agent';
import type { Exports, Instrumentation, Patch } from '../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';

/** `IncrementalCache` makes the keys of the data cache: in 13 and 14; since 15; for `unstable_cache` since 15.5. */
const KEY_METHODS = ['fetchCacheKey', 'generateCacheKey', 'generateSimpleCacheKey'];
/** Where the handlers of `use cache` are, by their kind (`server/use-cache/handlers.js`). */
const HANDLERS = Symbol.for('@next/cache-handlers-map');

const KINDS = ['app-page', 'app-route', 'pages', 'pages-api'];
const VARIANTS = ['', '-turbo', '-experimental', '-turbo-experimental'];

/** Since 15 the same classes are parts of minified bundles. Each exports the class of one kind of route, which makes them. */
const bundles = KINDS.flatMap(kind =>
  VARIANTS.flatMap(variant =>
    ['dev', 'prod'].map(mode => `dist/compiled/next-server/${kind}${variant}.runtime.${mode}.js`),
  ),
);

const patchRouteModule: Patch = (exports: Exports, agent) => {
  const prototype = exports.default?.prototype as object | undefined;
  if (hasMethod(prototype, 'getResponseCache')) {
    wrapMethod<AnyFunction>(
      prototype,
      'getResponseCache',
      original =>
        function getResponseCache(this: unknown, ...args: unknown[]) {
          const cache = original.apply(this, args) as object;
          agent.guard('the response cache of Next.js', undefined, () => patchResponseCache(prototypeOf(cache), agent));
          return cache;
        },
    );
  }
  if (hasMethod(prototype, 'getIncrementalCache')) {
    wrapMethod<AnyFunction>(
      prototype,
      'getIncrementalCache',
      original =>
        async function getIncrementalCache(this: unknown, ...args: unknown[]) {
          const cache = (await original.apply(this, args)) as object;
          agent.guard('the data cache of Next.js', undefined, () => patchKeys(prototypeOf(cache), agent));
          return cache;
        },
    );
  }
};

export const next: Instrumentation = {
  module: 'next',
  versions: '>=13.4.0 <17',
  files: {
    'dist/server/lib/incremental-cache/index.js': (exports: Exports, agent) =>
      patchKeys(exports.IncrementalCache.prototype, agent),
    'dist/server/response-cache/index.js': (exports: Exports, agent) =>
      patchResponseCache(exports.default.prototype, agent),
    ...Object.fromEntries(bundles.map(file => [file, patchRouteModule])),
  },
};

/** Every page and route is answered by `get(key, generate, { incrementalCache, … })`. Without a key it is not kept. */
function patchResponseCache(prototype: object, agent: Agent): void {
  wrapMethod<AnyFunction>(
    prototype,
    'get',
    original =>
      function get(this: unknown, key: unknown, ...rest: unknown[]) {
        agent.guard('the caches of Next.js', undefined, () => {
          const { incrementalCache } = rest[1] as { incrementalCache?: object };
          if (incrementalCache !== undefined) patchKeys(prototypeOf(incrementalCache), agent);
          patchHandlers(agent);
        });
        const answer = () => original.call(this, key, ...rest);
        return key ? agent.context.run(undefined, answer) : answer();
      },
  );
}

function patchKeys(prototype: object, agent: Agent): void {
  for (const name of KEY_METHODS.filter(method => hasMethod(prototype, method))) {
    wrapMethod<AnyFunction>(
      prototype,
      name,
      original =>
        function key(this: unknown, ...args: unknown[]) {
          const ofTag = keyOfTag(agent);
          const made = original.apply(this, args) as Promise<string>;
          return ofTag === undefined ? made : made.then(ofTag);
        },
    );
  }
}

function patchHandlers(agent: Agent): void {
  const handlers = (globalThis as unknown as Record<symbol, Map<string, object> | undefined>)[HANDLERS];
  for (const handler of handlers?.values() ?? []) {
    for (const name of ['get', 'set']) {
      wrapMethod<AnyFunction>(
        handler,
        name,
        original =>
          function method(this: unknown, key: string, ...rest: unknown[]) {
            return original.call(this, keyOfTag(agent)?.(key) ?? key, ...rest);
          },
      );
    }
  }
}

/** What a key becomes in this flow; undefined: it stays. Keys are also names of files and parts of addresses. */
function keyOfTag({ context, guard }: Agent): ((key: string) => string) | undefined {
  const tag = guard('a key of Next.js', undefined, () => context.outgoingTag());
  return tag === undefined ? undefined : key => `${key}-${tag}`;
}

function hasMethod(object: object | undefined, name: string): object is object {
  return typeof (object as Record<string, unknown> | undefined)?.[name] === 'function';
}

function prototypeOf(object: object): object {
  return Object.getPrototypeOf(object) as object;
}
