/** Puts `make(original)` in place of a method of this one object. */
export function replace<T extends object, K extends keyof T>(target: T, name: K, make: (original: T[K]) => T[K]): void {
  const original = target[name];
  if (typeof original !== 'function') throw new Error(`the client has no ${String(name)}()`);
  const bound = original.bind(target) as T[K];
  Object.defineProperty(target, name, { configurable: true, writable: true, value: make(bound) });
}
