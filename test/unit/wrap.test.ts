import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { type AnyFunction, isWrapped, wrapClass, wrapMethod } from '../../src/foreign-objects/wrap';
import { hasFastProperties } from './shapes';

const passing = (original: AnyFunction): AnyFunction =>
  function (this: unknown, ...args) {
    return original.apply(this, args);
  };

describe('wrapMethod', () => {
  it('keeps name, length, own properties, prototype and descriptor', () => {
    async function method(a: unknown, b: unknown) {
      return [a, b];
    }
    const custom = Symbol('custom');
    Object.assign(method, { extra: 1, [custom]: 2 });
    Object.defineProperty(method, 'hidden', { value: 3 });
    const target = {};
    Object.defineProperty(target, 'method', { value: method, writable: false, enumerable: true, configurable: true });
    wrapMethod(target, 'method', passing);

    const { value: wrapped, ...descriptor } = Object.getOwnPropertyDescriptor(target, 'method') ?? {};
    expect(wrapped).not.toBe(method);
    expect(descriptor).toEqual({ writable: false, enumerable: true, configurable: true });
    const { name, length, extra, hidden, [custom]: symbol } = wrapped;
    expect({ name, length, extra, hidden, symbol }).toEqual({
      name: 'method',
      length: 2,
      extra: 1,
      hidden: 3,
      symbol: 2,
    });
    expect(Object.getOwnPropertyDescriptor(wrapped, 'hidden')).toEqual(
      Object.getOwnPropertyDescriptor(method, 'hidden'),
    );
    expect(Object.keys(wrapped)).toEqual(Object.keys(method));
    expect(Object.getPrototypeOf(wrapped)).toBe(Object.getPrototypeOf(method));
  });

  it('passes this, arguments, result and error on, synchronously', () => {
    const target = {
      base: 1,
      add(this: { base: number }, ...numbers: number[]) {
        if (numbers.length === 0) throw new RangeError('nothing');
        return numbers.reduce((sum, number) => sum + number, this.base);
      },
    };
    wrapMethod(target, 'add', passing);
    expect(target.add(2, 3)).toBe(6);
    expect(() => target.add()).toThrow(RangeError);
  });

  it('wraps once, however often it is asked', () => {
    const seen = vi.fn();
    const target = { method() {} };
    const make = (original: AnyFunction): AnyFunction =>
      function (this: unknown, ...args) {
        seen();
        return original.apply(this, args);
      };
    wrapMethod(target, 'method', make);
    wrapMethod(target, 'method', make);
    target.method();
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it('gives an inherited method an own place, so that other heirs stay as they are', () => {
    class Parent {
      method() {
        return 'parent';
      }
    }
    class Child extends Parent {}
    const original = Parent.prototype.method;
    wrapMethod(Child.prototype, 'method', passing);
    expect(Parent.prototype.method).toBe(original);
    expect(Object.keys(Child.prototype)).toEqual([]);
    expect(new Child().method()).toBe('parent');
  });

  it('refuses what is not a method', () => {
    expect(() => wrapMethod({}, 'missing', passing)).toThrow(new TypeError('no method missing to wrap'));
    expect(() => wrapMethod({ value: 1 }, 'value', passing)).toThrow(TypeError);
  });
});

describe('wrapClass', () => {
  class Original {
    static made = 0;
    static create() {
      return new this('created');
    }
    readonly #secret: string;
    constructor(readonly value: string) {
      this.#secret = value;
      Original.made++;
    }
    secret() {
      return this.#secret;
    }
  }
  const Wrapped = wrapClass(Original, (args, _newTarget, make) => make([`${args[0]}!`]));

  it('changes the arguments, and is the class otherwise', () => {
    const instance = new Wrapped('a');
    expect([instance.value, instance.secret(), Wrapped.name, Wrapped.length]).toEqual(['a!', 'a!', 'Original', 1]);
    expect(instance).toBeInstanceOf(Wrapped);
    expect(instance).toBeInstanceOf(Original);
    expect(instance.constructor).toBe(Wrapped);
    expect(Object.keys(Wrapped.prototype)).toEqual([]);
    expect(Wrapped.create().value).toBe('created!');
    expect(Wrapped.made).toBe(Original.made);
  });

  it('can be inherited from', () => {
    class Heir extends Wrapped {
      override secret() {
        return `heir ${super.secret()}`;
      }
    }
    const heir = new Heir('b');
    expect([heir.secret(), heir.constructor, heir instanceof Original]).toEqual(['heir b!', Heir, true]);
  });

  it('makes instances whose properties are as quick as those of the original', () => {
    // As undici's `Client`. V8 estimates how many properties an instance will have by what the constructor is written like.
    const keys = Array.from({ length: 40 }, (_, index) => Symbol(String(index)));
    const sets = keys.map((_, index) => `this[keys[${index}]] = 1;`).join(' ');
    const text = `return class Large extends EventEmitter { constructor() { super(); ${sets} } }`;
    const Large = new Function('EventEmitter', 'keys', text)(EventEmitter, keys) as new () => object;
    const isQuick = (Kind: new () => object) => hasFastProperties(new Kind());
    expect(isQuick(Large)).toBe(true);
    expect(isQuick(wrapClass(Large, (args, _newTarget, make) => make(args)))).toBe(true);
  });

  it('cannot be called without new, like any class', () => {
    expect(() => (Wrapped as unknown as () => void)()).toThrow(TypeError);
  });

  it('is wrapped once', () => {
    expect(wrapClass(Wrapped, (_args, _newTarget, make) => make([]))).toBe(Wrapped);
  });

  it('is wrapped once, also by another copy of the agent, unlike its heirs and what it was', async () => {
    vi.resetModules();
    const copy = await vi.importActual<typeof import('../../src/foreign-objects/wrap')>(
      '../../src/foreign-objects/wrap',
    );
    expect(copy.wrapClass).not.toBe(wrapClass);
    expect(copy.wrapClass(Wrapped, (_args, _newTarget, make) => make([]))).toBe(Wrapped);
    class Heir extends Wrapped {}
    expect([Wrapped, Heir, Original].map(copy.isWrapped)).toEqual([true, false, false]);
    expect(Reflect.ownKeys(Wrapped)).toEqual(Reflect.ownKeys(Original));
  });

  it('a class that takes no more properties works as well', () => {
    const Sealed = wrapClass(Object.preventExtensions(class Closed {}), (args, _newTarget, make) => make(args));
    expect([new Sealed().constructor, Object.hasOwn(Sealed, 'other'), isWrapped(Sealed)]).toEqual([
      Sealed,
      false,
      false,
    ]);
  });
});
