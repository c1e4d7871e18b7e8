/**
 * Batches of messages that an application pulls: work done for a message runs within the message's tag, although it is
 * the application's own loop that does it.
 *
 * - `for (const m of batch)`, `entries()`, `[...batch]`: the scope changes as each message is taken from the iterator and
 *   goes back when the loop ends, by its end, `break`, `return` or an error.
 * - `forEach`, `map`, `filter`, `reduce` …: each call of the callback runs within its message's scope.
 * - `batch[i]`, `at`, `shift`, `pop`: the flow takes on the scope of the message it took, until it takes another one or
 *   receives again. That is a guess at where the work for a message ends, and the only inexact one.
 */
import type { Scope, TagContext } from './active-tag';

/** Array methods whose callback gets one message, and where the message stands among the callback's arguments. */
const CALLBACK_METHODS: Readonly<Record<string, number>> = {
  every: 0,
  filter: 0,
  find: 0,
  findIndex: 0,
  findLast: 0,
  findLastIndex: 0,
  flatMap: 0,
  forEach: 0,
  map: 0,
  some: 0,
  reduce: 1,
  reduceRight: 1,
};
/** Array methods that hand out one message. */
const TAKING_METHODS: ReadonlySet<string> = new Set(['at', 'pop', 'shift']);

const INDEX = /^(?:0|[1-9][0-9]*)$/;

/**
 * The array `messages` itself where no message needs another scope than the flow has; else a view of it that keeps the
 * scopes. The view is an array to all appearances (`Array.isArray`, `length`, `JSON.stringify`, printing).
 * @param tagOf the tag of a message, undefined for an untagged one.
 */
export function messageBatch<M>(messages: M[], tagOf: (message: M) => string | undefined, context: TagContext): M[] {
  if (messages.every(message => context.isCurrent(tagOf(message)))) return messages;

  const scopes = new Map<unknown, Scope>();
  const scopeOf = (message: M): Scope => {
    let scope = scopes.get(message);
    if (scope === undefined) {
      scope = { tag: tagOf(message) };
      scopes.set(message, scope);
    }
    return scope;
  };
  const take = (message: M | undefined): M | undefined => {
    if (message !== undefined) {
      const outer = { scope: outerScope(context) };
      context.enter({ tag: tagOf(message), outer });
    }
    return message;
  };

  function* iterate<T>(itemAt: (index: number) => T): Generator<T, void> {
    const before = outerScope(context);
    try {
      for (let i = 0; i < messages.length; i++) {
        context.enter(scopeOf(messages[i] as M));
        yield itemAt(i);
      }
    } finally {
      context.enter(before);
    }
  }
  const replaced: Record<string | symbol, unknown> = {
    [Symbol.iterator]: () => iterate(i => messages[i]),
    values: () => iterate(i => messages[i]),
    entries: () => iterate(i => [i, messages[i]]),
  };

  const method = (name: string, original: (...args: unknown[]) => unknown) => {
    const position = CALLBACK_METHODS[name];
    if (position !== undefined) {
      return (callback: unknown, ...rest: unknown[]) => {
        if (typeof callback !== 'function') return original.call(messages, callback, ...rest);
        const within = function (this: unknown, ...args: unknown[]) {
          return context.runInScope(scopeOf(args[position] as M), () => callback.apply(this, args));
        };
        return original.call(messages, within, ...rest);
      };
    }
    if (TAKING_METHODS.has(name)) return (...args: unknown[]) => take(original.apply(messages, args) as M | undefined);
    // The others look at the messages without handing one to the application.
    return (...args: unknown[]) => original.apply(messages, args);
  };

  return new Proxy(messages, {
    get(target, property, receiver) {
      if (Object.hasOwn(replaced, property)) return replaced[property];
      if (typeof property === 'string' && INDEX.test(property)) return take(target[Number(property)]);
      const value = Reflect.get(target, property, receiver) as unknown;
      const isArrayMethod =
        typeof property === 'string' && value === (Array.prototype as unknown as Record<string, unknown>)[property];
      return isArrayMethod && typeof value === 'function' && property !== 'constructor'
        ? method(property, value as (...args: unknown[]) => unknown)
        : value;
    },
  });
}

/** Ends the scope of a message that was taken by index: the flow asks for new messages. */
export function endOfTaken(context: TagContext): void {
  const scope = context.scope();
  if (scope?.outer !== undefined) context.enter(scope.outer.scope);
}

/** The scope of the flow apart from a message that it took by index. */
function outerScope(context: TagContext): Scope | undefined {
  const scope = context.scope();
  return scope?.outer === undefined ? scope : scope.outer.scope;
}
