import type { Scope, TagContext } from '../context/active-tag';
import { followEvents, keepInScope } from '../context/emitter-scope';
import type { EdgeRules, RequestEmitter } from './edge-rules';
import type { HeaderPropagation } from './http-headers';

/**
 * The scope to handle a request in, with `context.runInScope`; undefined: in the present one, straight on. Its later events
 * will run in it, too; save that an untagged request to a process that has seen no tag yet is left as it is.
 * @param rawHeaders flat, as node:http and node:http2 keep them.
 * @param emitter, another those that belong to this request alone.
 */
export type RequestScope = (
  rawHeaders: readonly string[] | undefined,
  emitter: RequestEmitter,
  another?: object,
) => Scope | undefined;

interface Means {
  readonly context: TagContext;
  readonly headers: HeaderPropagation;
  /** Asked about what carries no tag. */
  readonly edge: Pick<EdgeRules, 'tagFor'>;
  /** Told of what went wrong. */
  readonly guard: { report(name: string, error: unknown): void };
}

/** @param classes prototypes of emitters, where each instance belongs to one request */
export function createRequestScope(
  { context, edge, guard, headers }: Means,
  classes: readonly object[] = [],
): RequestScope {
  let followsClasses = false;

  // Without `guard`, whose closures would be a part of what each request costs.
  return (rawHeaders, emitter, another) => {
    let tag: string | undefined;
    try {
      if (rawHeaders !== undefined) {
        tag = headers.extract(rawHeaders);
        // All that a service without rules pays.
        if (tag === undefined && edge.tagFor !== undefined) tag = edge.tagFor(emitter, rawHeaders);
      }
    } catch (error) {
      guard.report('reading the tag of an HTTP request', error);
    }
    // Where nothing was ever tagged, this is the present one.
    if (tag === undefined && !context.wasUsed()) return undefined;
    const isCurrent = tag === undefined && context.isCurrent(undefined);
    const scope = isCurrent ? undefined : context.newScope(tag);
    try {
      // Not before a tag was seen: without one everything is left as it is.
      if (!followsClasses) for (const prototype of classes) followEvents(context, prototype);
      followsClasses = true;
      const kept = scope ?? context.scope();
      keepInScope(context, kept, emitter);
      if (another !== undefined) keepInScope(context, kept, another);
    } catch (error) {
      guard.report('following the events of an HTTP request', error);
    }
    return scope;
  };
}
