/** What a consumer tells the brokers that it subscribes to, as it stands at the moment. */
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';

/** `null`, `undefined` and text: tags. */
export type UserExpression =
  | string
  | null
  | undefined
  | { readonly expressionType?: string; readonly subString: string };

export function filterOf(user: UserExpression): FilterExpression {
  if (typeof user === 'object' && user !== null) {
    return { type: user.expressionType === 'SQL92' ? 'SQL92' : 'TAG', expression: String(user.subString) };
  }
  return { type: 'TAG', expression: user ?? '*' };
}

/**
 * The client's own subscription data, read for each pull and each heartbeat: always of the filter that `current` answers,
 * and with a version that grows with each change, since brokers take the newest.
 *
 * @param asWritten what the client made of the application's own filter, `user`; reads as that while nothing is left out
 * @param build what the client makes of another one
 */
export function liveSubscription<T extends { readonly subVersion: number }>(
  asWritten: T,
  user: FilterExpression,
  current: () => FilterExpression,
  build: (filter: FilterExpression) => T,
): T {
  let filter = user;
  let data = asWritten;
  const read = () => {
    const next = current();
    if (next.type !== filter.type || next.expression !== filter.expression) {
      const subVersion = Math.max(Date.now(), data.subVersion + 1);
      data = { ...(next === user ? asWritten : build(next)), subVersion };
      filter = next;
    }
    return data;
  };
  const properties: PropertyDescriptorMap = {};
  // The type of an expression is there only where it is not a tag's.
  for (const key of [...Object.keys(asWritten), 'expressionType']) {
    properties[key] = { enumerable: true, get: () => (read() as Record<string, unknown>)[key] };
  }
  return Object.defineProperties({}, properties) as T;
}
