/** Environment tags: the grammar that every tag from outside is checked against before any use. */

/** The tag that names the baseline outright on a call; never the tag of an instance. */
export const BASE = 'base';

/** What a tag may look like, in words, for messages to people. */
export const TAG_GRAMMAR = 'a letter or digit, then up to 31 letters, digits or hyphens';

const TAG = /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/;

/** True for a well-formed tag. `base` is well-formed: whether it is allowed depends on the place. */
export function isTag(value: unknown): value is string {
  return typeof value === 'string' && TAG.test(value);
}

/** True for a tag that an instance may have: well-formed and not `base`. */
export function isInstanceTag(value: unknown): value is string {
  return isTag(value) && value !== BASE;
}
