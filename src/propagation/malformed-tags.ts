import { callLines } from '../lines/calls';
import type { Log } from '../log';
import { TAG_GRAMMAR } from '../names/tag';

/** Values that are warned about; they come from outside, and there is no end of them. */
const MOST_VALUES = 20;
/** Characters of a value that are shown. */
const SHOWN = 64;

/**
 * What is done about a malformed tag of an inbound request or call, which is dropped: counted, and warned about once for each
 * value. After some values there are no warnings any more, only debug lines.
 *
 * @param count told of each, by its carrier
 */
export function malformedTags(
  log: Log,
  count: (carrier: string) => void,
): (carrier: string, kind: string, value: string) => void {
  const warned = new Set<string>();
  return (carrier, kind, value) => {
    count(carrier);
    const shown = shownOf(value);
    const tag = { carrier, kind, value: shown, allowed: TAG_GRAMMAR };
    const name = `${carrier} ${shown}`;
    if (warned.has(name) || warned.size >= MOST_VALUES) {
      log.say(callLines.furtherMalformedTag, tag);
      return;
    }
    warned.add(name);
    if (warned.size < MOST_VALUES) log.say(callLines.malformedTag, tag);
    else log.say(callLines.lastMalformedTag, tag);
  };
}

/** As a person may see it: hostile input has no control characters in a log. */
function shownOf(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  const clean = value.slice(0, SHOWN).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
  return value.length > SHOWN ? `${clean}…` : clean;
}
