import type { Agent } from '../agent';
import { followEvents, keepInScope } from '../context/emitter-scope';

/**
 * Handles a request within its tag, with its later events. Untagged ones in a process that has seen no tag yet are
 * handled as they are.
 * @param rawHeaders flat, as node:http and node:http2 keep them.
 * @param emitters those that belong to this request alone.
 * @param classes prototypes of emitters, where each instance belongs to one request.
 */
export function handleRequest<T>(
  agent: Agent,
  rawHeaders: readonly string[] | undefined,
  emitters: readonly unknown[],
  handle: () => T,
  classes: readonly object[] = [],
): T {
  const { context, guard, headers } = agent;
  const tag = guard('reading the tag of an HTTP request', undefined, () => headers.extract(rawHeaders ?? []));
  if (tag === undefined && !context.wasUsed() && context.isCurrent(undefined)) return handle();
  return context.run(tag, () => {
    guard('following the events of an HTTP request', undefined, () => {
      followEvents(context, classes);
      keepInScope(context, ...emitters);
    });
    return handle();
  });
}
