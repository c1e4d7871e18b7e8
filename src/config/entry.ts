/** Parts of JSON documents that settings are written in. What is wrong with one is said of the very entry. */

/** An entry that is not allowed. */
export class WrongEntry extends Error {
  override readonly name = 'WrongEntry';

  /** @param at where it is: `rules[1].match.path` */
  constructor(
    readonly at: string,
    readonly value: unknown,
    readonly allowed: string,
  ) {
    super(`${at}: ${allowed}`);
  }
}

/**
 * An object that has only these keys.
 *
 * @throws {WrongEntry} which names a key that is none of them
 */
export function objectWith(value: unknown, at: string, keys: readonly string[]): Readonly<Record<string, unknown>> {
  const object = anyObject(value, at, `an object with the keys ${keys.join(', ')}`);
  for (const key of Object.keys(object)) {
    if (!keys.includes(key)) throw new WrongEntry(`unknown key in ${at}`, key, `the keys ${keys.join(', ')}`);
  }
  return object;
}

/** @throws {WrongEntry} */
export function anyObject(value: unknown, at: string, allowed: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WrongEntry(at, value, allowed);
  return value as Record<string, unknown>;
}

/** `headers.x-user-id`, and `headers["a.b"]` where the name is no plain word. */
export function below(at: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${at}.${key}` : `${at}[${JSON.stringify(key)}]`;
}
