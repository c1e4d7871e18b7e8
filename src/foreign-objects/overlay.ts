/**
 * An object that reads as `original` save for `changes`, and takes what is written to it: what a library gets in the
 * place of the application's own object, which is never changed. Getters run on the application's object, which may have
 * private state.
 */
export function overlay<T extends object>(original: T, changes: Readonly<Record<PropertyKey, unknown>>): T {
  const own = new Map<PropertyKey, unknown>(Reflect.ownKeys(changes).map(key => [key, changes[key]]));
  const get = (key: PropertyKey) => (own.has(key) ? own.get(key) : Reflect.get(original, key, original));
  // An empty target: nothing of a frozen or sealed object binds the proxy.
  return new Proxy({} as T, {
    get: (_target, key) => get(key),
    set(_target, key, value) {
      own.set(key, value);
      return true;
    },
    deleteProperty(_target, key) {
      own.set(key, undefined);
      return true;
    },
    defineProperty(_target, key, descriptor) {
      own.set(key, 'value' in descriptor ? descriptor.value : undefined);
      return true;
    },
    preventExtensions: () => false,
    has: (_target, key) => own.has(key) || Reflect.has(original, key),
    ownKeys: () => [...new Set([...Reflect.ownKeys(original), ...(own.keys() as Iterable<string | symbol>)])],
    getOwnPropertyDescriptor(_target, key) {
      const described = own.has(key) ? { enumerable: true } : Reflect.getOwnPropertyDescriptor(original, key);
      if (described === undefined) return undefined;
      return { configurable: true, writable: true, enumerable: described.enumerable ?? false, value: get(key) };
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(original),
  });
}
