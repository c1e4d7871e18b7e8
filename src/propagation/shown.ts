/** Characters of a value that are shown. */
const SHOWN = 64;

/** A value from outside as a person may see it: hostile input has no control characters in a log, and an end. */
export function shownOf(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  const clean = value.slice(0, SHOWN).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
  return value.length > SHOWN ? `${clean}…` : clean;
}
