import type { EventEmitter } from 'node:events';
import { privateMark } from '../foreign-objects/private-mark';
import { wrapMethod } from '../foreign-objects/wrap';
import type { Scope, TagContext } from './active-tag';

export type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/** On prototypes of classes whose `emit` looks for the scope of an instance. */
const FOLLOWED = Symbol('rocketmq-gray.followed');
// In each bundle: only one of them follows events.
/** What the events of an emitter run within. Nobody sees it, also who prints one. */
const scopes = privateMark<Scope>();
/** Within no scope at all, which is not the same as wherever they are emitted. */
const NONE: Scope = { tag: undefined };

/**
 * Later events of a request are emitted from the connection, which outlives it: `data` of a body that came later,
 * `close` of a response. From here on those of `emitter` run within `scope` instead.
 */
export function keepInScope(context: TagContext, scope: Scope | undefined, emitter: object): void {
  scopes.set(emitter, scope ?? NONE);
  if (!(FOLLOWED in emitter)) followByItself(context, scope, emitter as EventEmitter);
}

/** The scope that was given to an emitter; undefined: none was. It may be one without a tag. */
export function scopeOf(emitter: object): Scope | undefined {
  return scopes.get(emitter);
}

/**
 * Has `emit` of a class look for the scope of an instance: an own `emit` for each instance costs a microsecond, and makes
 * every later event of it slower. For classes whose instances belong to one request each. Once is enough.
 */
export function followEvents(context: TagContext, prototype: object): void {
  if (Object.hasOwn(prototype, FOLLOWED)) return;
  wrapMethod<Emit>(
    prototype,
    'emit',
    (_original, find) =>
      function emit(this: unknown, event: string | symbol): boolean {
        // Most events of a request have no listener.
        const kept = (this as EventEmitter).listenerCount(event) > 0 ? scopes.get(this as object) : undefined;
        if (kept !== undefined) {
          const scope = kept === NONE ? undefined : kept;
          if (context.scope() !== scope) {
            if (context.hasOpenTelemetry()) return emitWithin(context, scope, find(), this, arguments);
            return context.runStorage(scope, Reflect.apply, find(), this, arguments) as boolean;
          }
        }
        return find().apply(this, arguments as unknown as Parameters<Emit>);
      },
  );
  Object.defineProperty(prototype, FOLLOWED, { value: true });
}

/** Apart from the `emit` that it is for, whose every event would make its closure. @param args `arguments` of that */
export function emitWithin(context: TagContext, scope: Scope | undefined, original: Emit, self: unknown, args: object) {
  return context.runInScope(scope, () => original.apply(self, args as Parameters<Emit>));
}

function followByItself(context: TagContext, scope: Scope | undefined, emitter: EventEmitter): void {
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
