import { callLines } from '../lines/calls';
import type { Log } from '../log';
import { TAG_GRAMMAR } from '../names/tag';
import { shownOf } from './shown';

/** Values that are warned about; they come from outside, and there is no end of them. */
const MOST_VALUES = 20;

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
