/**
 * Reads as the application's `logger`, but for its methods, which `method` gives another form; what that answers undefined
 * for is not there.
 *
 * @param method gets a method by its name, bound to the logger
 */
export function loggerView<L extends object>(
  logger: L,
  method: (name: PropertyKey, original: LogMethod) => LogMethod | undefined,
): L {
  // Not of the logger itself: it may be frozen, and a proxy must then say what it says.
  return new Proxy(Object.create(logger) as L, {
    get(_target, property) {
      const value = Reflect.get(logger, property, logger) as unknown;
      return typeof value === 'function' ? method(property, value.bind(logger) as LogMethod) : value;
    },
  });
}

export type LogMethod = (...args: unknown[]) => unknown;
