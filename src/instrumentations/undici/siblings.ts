/**
 * Dispatchers that are made for one origin (`Client`, `Pool`, `RoundRobinPool`): what they are asked to send elsewhere goes
 * through others like them, which seem to be a part of them: they close and end with them, and their events are theirs.
 */

import type { LibraryCopy } from '../../agent/instrumentation';
import { type AnyClass, type AnyFunction, wrapClass, wrapMethod } from '../../foreign-objects/wrap';
import { keepSiblings } from '../../routing/siblings';

/** A dispatcher of undici, 5 to 8. */
export interface Dispatcher {
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** False: wait for the event `drain` before the next one. */
  dispatch(options: object, handler: object): boolean;
  close(): Promise<void>;
  destroy(error?: unknown): Promise<void>;
  on(event: string, listener: (origin: URL, targets: readonly object[], error?: unknown) => void): unknown;
  emit(event: string, origin: URL, targets: readonly object[], error?: unknown): boolean;
}

/** What a dispatcher for one origin was made of. */
export interface Recipe {
  readonly Kind: AnyClass;
  readonly origin: string;
  readonly options: object | undefined;
  readonly symbols: LifecycleSymbols;
}
/** The methods by which `close` and `destroy` of every dispatcher do their work (`lib/core/symbols.js`). */
interface LifecycleSymbols {
  readonly kUrl: symbol;
  readonly kClose: symbol;
  readonly kDestroy: symbol;
}
interface Sibling extends Sender {
  readonly dispatcher: Dispatcher;
  /** It said that it takes no more: the application waits for the event. */
  owesDrain: boolean;
}
export type Sender = Pick<Dispatcher, 'dispatch'>;

const EVENTS = ['drain', 'connect', 'disconnect', 'connectionError'];

const recipes = new WeakMap<object, Recipe>();
const senders = new WeakMap<Dispatcher, (origin: string) => Sender>();

/** A class as it is, save that it is remembered what its instances are made of, those of subclasses too. */
export function rememberOptions(Kind: AnyClass, copy: LibraryCopy): AnyClass {
  const symbols = copy.require('lib/core/symbols.js') as LifecycleSymbols;
  return wrapClass(Kind, (args, _newTarget, make) => {
    const dispatcher = make(args) as Record<symbol, unknown>;
    recipes.set(dispatcher, { Kind, origin: (dispatcher[symbols.kUrl] as URL).origin, options: args[1], symbols });
    return dispatcher;
  });
}

/** What a dispatcher was made of; undefined: it is not made for one origin, or not by a class that we saw. */
export function recipeOf(dispatcher: object): Recipe | undefined {
  return recipes.get(dispatcher);
}

/** What sends the calls of `dispatcher` to another origin than the one it was made for. */
export function siblingOf(dispatcher: Dispatcher, recipe: Recipe, origin: string): Sender {
  let siblingFor = senders.get(dispatcher);
  if (siblingFor === undefined) {
    siblingFor = createSiblings(dispatcher, recipe);
    senders.set(dispatcher, siblingFor);
  }
  return siblingFor(origin);
}

function createSiblings(dispatcher: Dispatcher, { Kind, options, symbols }: Recipe): (origin: string) => Sender {
  const make = (origin: string): Sibling => {
    const sibling: Sibling = {
      dispatcher: new Kind(origin, options) as Dispatcher,
      owesDrain: false,
      dispatch(options, handler) {
        const takesMore = sibling.dispatcher.dispatch(options, handler);
        if (!takesMore) sibling.owesDrain = true;
        return takesMore;
      },
    };
    for (const event of EVENTS) {
      sibling.dispatcher.on(event, (origin, targets, error) => {
        if (event === 'drain') sibling.owesDrain = false;
        // The first of the targets is who says so.
        dispatcher.emit(event, origin, [dispatcher, ...targets.slice(1)], error);
      });
    }
    return sibling;
  };

  const siblings = keepSiblings<Sibling>({
    make,
    mayEnd: ({ owesDrain }) => !owesDrain,
    end: ({ dispatcher }) => dispatcher.close(),
  });

  // Below `close()` and `destroy()`, which every dispatcher has from one class: when a closed one ends, its siblings have
  // closed; one that is destroyed while it closes does not wait for them.
  const andSiblings = (original: AnyFunction, end: (sibling: Dispatcher, args: unknown[]) => Promise<void>) =>
    function (this: unknown, ...args: unknown[]) {
      return Promise.allSettled([
        original.apply(this, args),
        ...siblings.alive().map(({ dispatcher }) => end(dispatcher, args)),
      ]);
    };
  wrapMethod<AnyFunction>(dispatcher, symbols.kClose, original => andSiblings(original, sibling => sibling.close()));
  wrapMethod<AnyFunction>(dispatcher, symbols.kDestroy, original =>
    andSiblings(original, (sibling, [error]) => sibling.destroy(error)),
  );

  return siblings.for;
}
