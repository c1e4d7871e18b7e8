/** Replacing a method so that nobody can tell: name, length, own properties, prototype and descriptor are kept. */

// biome-ignore lint/suspicious/noExplicitAny: a function of a foreign library
export type AnyFunction = (this: any, ...args: any[]) => any;

const WRAPPED = Symbol.for('rocketmq-gray.wrapped');

/**
 * Replaces `target[name]` by what `make(original)` returns, once: a second call for the same method changes nothing.
 * An inherited method gets an own property on `target`, so its other heirs stay as they are. `find` says which function
 * `original` calls at the moment: who calls that itself has one line less in the stack.
 * @throws TypeError when there is no such method: the library is not what was expected.
 */
export function wrapMethod<F extends AnyFunction>(
  target: object,
  name: string | symbol,
  make: (original: F, find: () => F) => F,
): void {
  const original = (target as Record<string | symbol, unknown>)[name];
  if (typeof original !== 'function') throw new TypeError(`no method ${String(name)} to wrap`);
  if (isWrapped(original)) return;
  let owner = target;
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object;
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  const find = owner === target ? () => original as F : () => inherited<F>(target, name);
  const replacement = make(owner === target ? (original as F) : forwarding(find), find);
  Object.defineProperty(target, name, {
    configurable: true,
    // As it was, also of an inherited one: `for (const key in server)` goes on finding it.
    enumerable: descriptor?.enumerable ?? false,
    writable: descriptor?.writable ?? true,
    value: likeOriginal(original as F, withPrototypeOf(original as F, replacement)),
  });
}

/** True for a function or class that was put in place of another one, whichever copy of the agent did it. */
export function isWrapped(fn: unknown): boolean {
  return typeof fn === 'function' && Object.hasOwn(fn, WRAPPED);
}

/** The method that `target` inherits, looked up with each call: others (`domain`) replace it where it is defined. */
function inherited<F extends AnyFunction>(target: object, name: string | symbol): F {
  return (Object.getPrototypeOf(target) as Record<string | symbol, F>)[name] as F;
}

function forwarding<F extends AnyFunction>(find: () => F): F {
  // `arguments`, here and where events pass: a rest parameter and its spreading show in the measurements of hot paths.
  const forward = function (this: unknown) {
    return find().apply(this, arguments as unknown as unknown[]);
  };
  return forward as F;
}

/** Methods and async functions have no `prototype` and are no constructors: then the replacement is none either. */
function withPrototypeOf<F extends AnyFunction>(original: F, replacement: F): F {
  if (Object.hasOwn(original, 'prototype') === Object.hasOwn(replacement, 'prototype')) return replacement;
  const { method } = {
    method(this: unknown, ...args: unknown[]) {
      return replacement.apply(this, args);
    },
  };
  return method as F;
}

/** Replaces what the getter `target[name]` says by what `change(instance, original value)` returns, once. */
export function wrapGetter<T>(target: object, name: string, change: (instance: object, value: T) => T): void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original = own?.get;
  if (own === undefined || original === undefined) throw new TypeError(`no getter ${name} to wrap`);
  if (isWrapped(original)) return;
  const get = likeOriginal(original as AnyFunction, function (this: object) {
    return change(this, original.call(this) as T);
  });
  Object.defineProperty(target, name, { ...own, get });
}

/** Gives `replacement` everything that can be seen of `original`. */
export function likeOriginal<F extends AnyFunction>(original: F, replacement: F): F {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor;
    const own = Object.getOwnPropertyDescriptor(replacement, key);
    if (own === undefined || own.configurable) Object.defineProperty(replacement, key, descriptor);
  }
  Object.setPrototypeOf(replacement, Object.getPrototypeOf(original));
  Object.defineProperty(replacement, WRAPPED, { value: true });
  return replacement;
}

// biome-ignore lint/suspicious/noExplicitAny: a class of a foreign library
export type AnyClass = new (...args: any[]) => any;

/**
 * A class that behaves as `original`, save that `construct` may change the arguments and sees the new instance.
 * `instanceof`, statics, subclassing and `instance.constructor` go on working.
 */
export function wrapClass<C extends AnyClass>(
  original: C,
  construct: (
    args: ConstructorParameters<C>,
    newTarget: object,
    make: (args: unknown[]) => InstanceType<C>,
  ) => InstanceType<C>,
): C {
  if (isWrapped(original)) return original;
  const wrapped: C = new Proxy(original, {
    // The mark is the proxy's alone: subclasses and the original do not have it.
    getOwnPropertyDescriptor(target, key) {
      // Of a class that takes no more properties a proxy may not say that it has another.
      const isMark = key === WRAPPED && Object.isExtensible(target);
      return isMark ? { configurable: true, value: true } : Reflect.getOwnPropertyDescriptor(target, key);
    },
    construct(target, args, newTarget) {
      // A proxy as `new.target` gives V8 no estimate of how many properties an instance will have: one with more than a
      // dozen becomes a dictionary, and all that reads it is slower.
      const Kind = newTarget === wrapped ? target : newTarget;
      return construct(args as ConstructorParameters<C>, Kind, changed => Reflect.construct(target, changed, Kind));
    },
  });
  const descriptor = Object.getOwnPropertyDescriptor(original.prototype, 'constructor');
  Object.defineProperty(original.prototype, 'constructor', {
    writable: true,
    configurable: true,
    enumerable: false,
    ...descriptor,
    value: wrapped,
  });
  return wrapped;
}
