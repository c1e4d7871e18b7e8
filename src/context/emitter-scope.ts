import type { EventEmitter } from 'node:events';
import type { TagContext } from './active-tag';

export type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Later events of a request are emitted from the connection, which outlives it: `data` of a body that came later,
 * `close` of a response. From here on those of `emitters` run within the scope of the current flow instead.
 */
export function keepInScope(context: TagContext, ...emitters: unknown[]): void {
  const scope = context.scope();
  for (const emitter of emitters as EventEmitter[]) {
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
}
