/**
 * An object with the own enumerable properties of `object`, for more to be added. On Node.js 20 one that was spread and is
 * then added to gets a shape of its own, 3 us to make and as much to read; `Object.assign` does not. But that takes a property
 * `__proto__` (as JSON may have one) for the prototype, and cannot set one that is read-only further up (of a frozen
 * `Object.prototype`, of a class).
 */
export function shallowCopy<T extends object>(object: T, prototype: object | null = Object.prototype): T {
  const isPlain = prototype === Object.prototype;
  if (isPlain ? !Object.isFrozen(prototype) && !Object.hasOwn(object, '__proto__') : prototype === null) {
    return Object.assign(isPlain ? {} : Object.create(null), object);
  }
  return { __proto__: prototype, ...object };
}

/** Adds a property to a copy, also where one that is inherited may not be set. */
export function addProperty(copy: object, key: string, value: unknown): void {
  if (key in copy) {
    Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  } else (copy as Record<string, unknown>)[key] = value;
}
