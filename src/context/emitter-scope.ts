import type { EventEmitter } from 'node:events';
import { wrapMethod } from '../loader/wrap';
import type { Scope, TagContext } from './active-tag';

export type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/** What the events of an emitter run within, where `emit` of its class looks for that. */
const SCOPE = Symbol('rocketmq-gray.scope');
/** Within no scope at all, which is not the same as wherever they are emitted. */
const NONE: Scope = { tag: undefined };
type Scoped = EventEmitter & { [SCOPE]?: Scope };

/** Those that {@link followEvents} put in place. */
const followers = new WeakSet<object>();

/**
 * Later events of a request are emitted from the connection, which outlives it: `data` of a body that came later,
 * `close` of a response. From here on those of `emitters` run within the scope of the current flow instead.
 */
export function keepInScope(context: TagContext, ...emitters: unknown[]): void {
  const scope = context.scope();
  for (const emitter of emitters as Scoped[]) {
    if (followers.has(emitter.emit)) emitter[SCOPE] = scope ?? NONE;
    else followByItself(context, emitter, scope);
  }
}

/**
 * Has `emit` of these classes look for the scope of an instance, once: an own `emit` for each instance costs a microsecond,
 * and makes every later event of it slower. For classes whose instances belong to one request each.
 */
export function followEvents(context: TagContext, prototypes: readonly object[]): void {
  for (const prototype of prototypes) {
    const target = prototype as { emit: Emit };
    if (followers.has(target.emit)) continue;
    wrapMethod<Emit>(prototype, 'emit', original => {
      return function emit(this: unknown, event: string | symbol, ...args: unknown[]): boolean {
        const kept = (this as Scoped)[SCOPE];
        if (kept === undefined) return original.call(this, event, ...args);
        const scope = kept === NONE ? undefined : kept;
        if (context.scope() === scope) return original.call(this, event, ...args);
        return context.runInScope(scope, () => original.call(this, event, ...args));
      };
    });
    followers.add(target.emit);
  }
}

function followByItself(context: TagContext, emitter: EventEmitter, scope: Scope | undefined): void {
  const original = emitter.emit as Emit;
  Object.defineProperty(emitter, 'emit', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: function emit(this: unknown, ...args: Parameters<Emit>): boolean {
      if (context.scope() === scope) return original.apply(this, args);
      return context.runInScope(scope, () => original.apply(this, args));
    },
  });
}
