/**
 * Batches of messages that an application pulls: work done for a message runs within the message's tag, although it is
 * the application's own loop that does it.
 *
 * - `for (const m of batch)`, `entries()`: the scope changes as each message is taken from the iterator and goes back
 *   when the loop ends, by its end, `break`, `return` or an error; for each flow by itself where several share one.
 * - `forEach`, `map`, `filter`, `reduce` …: each call of the callback runs within its message's scope.
 * - `batch[i]`, `at`, `shift`, `pop`, an iterator that is driven by hand and left: the flow takes on the scope of the
 *   message it took, until it takes another one or receives again. That is a guess at where the work for a message ends.
 */
import type { Scope, TagContext } from '../../context/active-tag';

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
/** Array methods that hand out several, as an array. */
const COPYING_METHODS: ReadonlySet<string> = new Set([
  'concat',
  'filter',
  'slice',
  'splice',
  'toReversed',
  'toSorted',
  'toSpliced',
  'with',
]);

const INDEX = /^(?:0|[1-9][0-9]*)$/;

export interface BatchOptions<M> {
  /** The tag of a message, undefined for an untagged one. */
  readonly tagOf: (message: M) => string | undefined;
  /** What the messages come from: receiving from it again ends the work for them. */
  readonly source: object;
  readonly context: TagContext;
}

/**
 * The array `messages` itself where no message needs another scope than the flow has; else a view of it that keeps the
 * scopes. The view is an array to all appearances (`Array.isArray`, `length`, `JSON.stringify`, printing).
 */
export function messageBatch<M>(messages: M[], options: BatchOptions<M>): M[] {
  const { tagOf, source, context } = options;
  if (messages.every(message => context.isCurrent(tagOf(message)))) return messages;

  /** Changes the flow's scope to the message's. `taker`: what goes on to take messages in its place. */
  const enter = (message: M, taker: object) => {
    const outer = without(context.scope(), taken => taken.taker === taker);
    context.enter({ tag: tagOf(message), taken: { outer, taker, source } });
  };
  const leave = (taker: object) => {
    const taken = context.scope()?.taken;
    if (taken?.taker === taker) context.enter(taken.outer);
  };
  const take = (message: M | undefined): M | undefined => {
    if (message !== undefined) enter(message, messages);
    return message;
  };

  const iterate = <T>(itemAt: (index: number) => T): IterableIterator<T> => {
    let index = 0;
    const iterator: IterableIterator<T> = {
      [Symbol.iterator]: () => iterator,
      next() {
        if (index < messages.length) {
          enter(messages[index] as M, iterator);
          return { done: false, value: itemAt(index++) };
        }
        leave(iterator);
        return { done: true, value: undefined };
      },
      return(value) {
        leave(iterator);
        return { done: true, value };
      },
    };
    return iterator;
  };
  const replaced: Record<string | symbol, unknown> = {
    [Symbol.iterator]: () => iterate(i => messages[i]),
    values: () => iterate(i => messages[i]),
    entries: () => iterate(i => [i, messages[i]]),
    // Looking at the messages is no work for one of them.
    toJSON: () => messages,
  };

  const method = (name: string, original: (...args: unknown[]) => unknown) => {
    const handOut = (result: unknown) => {
      if (result === messages) return view;
      if (TAKING_METHODS.has(name)) return take(result as M | undefined);
      return COPYING_METHODS.has(name) ? messageBatch(result as M[], options) : result;
    };
    const position = CALLBACK_METHODS[name];
    if (position === undefined) return (...args: unknown[]) => handOut(original.apply(messages, args));
    return (callback: unknown, ...rest: unknown[]) => {
      if (typeof callback !== 'function') return original.call(messages, callback, ...rest);
      const within = function (this: unknown, ...args: unknown[]) {
        return context.runInScope({ tag: tagOf(args[position] as M) }, () => callback.apply(this, args));
      };
      return handOut(original.call(messages, within, ...rest));
    };
  };

  const view: M[] = new Proxy(messages, {
    get(target, property, receiver) {
      if (Object.hasOwn(replaced, property)) return replaced[property];
      if (typeof property === 'string' && INDEX.test(property)) return take(target[Number(property)]);
      const value = Reflect.get(target, property, receiver) as unknown;
      const isArrayMethod =
        typeof value === 'function' &&
        typeof property === 'string' &&
        property !== 'constructor' &&
        value === (Array.prototype as unknown as Record<string, unknown>)[property];
      return isArrayMethod ? method(property, value as (...args: unknown[]) => unknown) : value;
    },
  });
  return view;
}

/** Ends the work for messages of `source` that the flow took: it asks for new ones. */
export function endOfTaken(source: object, context: TagContext): void {
  const scope = context.scope();
  const next = without(scope, taken => taken.source === source);
  if (next !== scope) context.enter(next);
}

/** The scope without what was taken and `isOver`, however deep: a flow may take from several consumers by turns. */
function without(scope: Scope | undefined, isOver: (taken: NonNullable<Scope['taken']>) => boolean): Scope | undefined {
  if (scope?.taken === undefined) return scope;
  const outer = without(scope.taken.outer, isOver);
  if (isOver(scope.taken)) return outer;
  return outer === scope.taken.outer ? scope : { ...scope, taken: { ...scope.taken, outer } };
}
