/**
 * The `baggage` property of messages, as OpenTelemetry's agents write it: the text of a W3C Baggage header. It is read in
 * exactly the forms that a filter of a broker can tell, which knows beginnings, ends and parts of texts, and decodes nothing:
 * our member as agents write it, without blanks or percent-encoding, with properties or without, behind a comma and at most
 * one blank. Whatever else stands there names no tag.
 */
import { isTag } from '../names/tag';

export const BAGGAGE_PROPERTY = 'baggage';

// In each bundle: texts, of which nothing is written.
const BEFORE = [',', ', '];
// In each bundle: texts, of which nothing is written.
const BEHIND = [',', ';'];

/** What a text has in it that names a tag: it is the one as a whole, or begins or ends so, or contains it. */
export interface TextForms {
  readonly whole: readonly string[];
  readonly beginnings: readonly string[];
  readonly parts: readonly string[];
  readonly ends: readonly string[];
}

/** The forms in which baggage names `tag`. */
export function formsOfTag(key: string, tag: string): TextForms {
  const member = `${key}=${tag}`;
  return {
    whole: [member],
    beginnings: BEHIND.map(behind => member + behind),
    parts: BEFORE.flatMap(before => BEHIND.map(behind => before + member + behind)),
    ends: BEFORE.map(before => before + member),
  };
}

/** The forms in which baggage names any tag, or what is none. */
export function formsOfAnyTag(key: string): TextForms {
  return { whole: [], beginnings: [`${key}=`], parts: BEFORE.map(before => `${before}${key}=`), ends: [] };
}

/** The tag that a message's baggage names. Of several members of our key the first one counts, as in the header. */
export function tagInBaggage(baggage: string, key: string): string | undefined {
  // Most baggage has none: no expression for it.
  if (!baggage.includes(key)) return undefined;
  const member = new RegExp(`(?:^|, ?)${key}=([^,;]*)(?=[,;]|$)`).exec(baggage);
  return isTag(member?.[1]) ? member[1] : undefined;
}
