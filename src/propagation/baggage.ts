/**
 * The `baggage` header (W3C Baggage, https://www.w3.org/TR/baggage/): members `key=value;properties` separated by
 * commas. Only members of our own names are read or replaced; every other byte stays as it is.
 */

import { MSE_NAME, readMseTag, writeMseTag } from '../names/mse-tag';
import { isTag } from '../names/tag';

/** Name of a member, without white space; the whole text for a member that has no `=`. */
function nameOf(member: string): string {
  const end = member.search(/[=;]/);
  return (end < 0 ? member : member.slice(0, end)).trim();
}

function memberValue(member: string): string | undefined {
  const pair = member.split(';', 1)[0] as string;
  const start = pair.indexOf('=');
  if (start === -1) return undefined;
  const text = pair.slice(start + 1).trim();
  try {
    return decodeURIComponent(text);
  } catch {
    // No percent-encoding.
  }
  return undefined;
}

export interface BaggageTags {
  /** First well-formed value of the member of our own key. */
  readonly own: string | undefined;
  /** First well-formed tag of the `__microservice_tag__` member. */
  readonly mse: string | undefined;
  /** Our member as it was, where it was malformed: dropped. */
  readonly malformed: string | undefined;
}

const NO_TAGS: BaggageTags = { own: undefined, mse: undefined, malformed: undefined };

/** The tags that a header value carries. Malformed ones are left out, never thrown on. */
export function readBaggage(header: string, key: string): BaggageTags {
  const hasMse = header.includes(MSE_NAME);
  // Most headers carry no tag at all: no splitting for them.
  // Stryker disable next-line ConditionalExpression: the long way finds the same
  if (!hasMse && !header.includes(key)) return NO_TAGS;
  // As agents write it: our member first, and nothing about it.
  // Stryker disable next-line all: the long way finds the same
  const first = hasMse ? undefined : firstValue(header, key);
  // Stryker disable next-line ConditionalExpression: the long way finds the same
  if (isTag(first)) return { own: first, mse: undefined, malformed: undefined };
  let own: string | undefined;
  let mse: string | undefined;
  let malformed: string | undefined;
  for (const member of header.split(',')) {
    const name = nameOf(member);
    if (name === key && own === undefined) {
      const value = memberValue(member);
      if (isTag(value)) own = value;
      else malformed ??= member.trim();
    } else if (name === MSE_NAME && mse === undefined) {
      mse = readMseTag(memberValue(member));
    }
  }
  return { own, mse, malformed: own === undefined ? malformed : undefined };
}

// Stryker disable all: where it finds nothing, the long way does
/** The value of the first member as it is written, if that is of the name `key` and has no properties. */
function firstValue(header: string, key: string): string | undefined {
  if (!header.startsWith(key) || header[key.length] !== '=') return undefined;
  const end = header.indexOf(',');
  return header.slice(key.length + 1, end < 0 ? undefined : end);
}
// Stryker restore all

export interface MergeOptions {
  readonly key: string;
  /** The tag to carry; undefined only removes. */
  readonly tag: string | undefined;
  /** Also carry the tag as the Java agent's member. */
  readonly writeMse: boolean;
  /** Remove a `__microservice_tag__` member that is there (one of ours replaces it when `writeMse`). */
  readonly dropMse: boolean;
}

/**
 * One header value from the existing one (undefined: none): our members first, then all others as they were.
 * Undefined when nothing is left to send.
 */
export function mergeBaggage(existing: string | undefined, options: MergeOptions): string | undefined {
  const { key, tag, writeMse, dropMse } = options;
  const ours: string[] = [];
  if (tag !== undefined) {
    ours.push(`${key}=${tag}`);
    if (writeMse) ours.push(`${MSE_NAME}=${encodeURIComponent(writeMseTag(tag))}`);
  }
  const others = existing === undefined ? undefined : withoutMembers(existing, key, dropMse || writeMse);
  if (others) ours.push(others);
  return ours.length > 0 ? ours.join(',') : undefined;
}

/**
 * Several `baggage` headers of one request as one value. Two instrumentations may have written the same members: one that an
 * earlier header has in the same words is left out.
 */
export function joinBaggage(headers: readonly string[]): string {
  const latest = new Map<string, string>();
  const texts = headers.map(header => {
    const members = header.split(',').filter(member => latest.get(nameOf(member)) !== member.trim());
    for (const member of members) latest.set(nameOf(member), member.trim());
    return members.join(',');
  });
  return texts.filter(text => text.trim() !== '').join(',');
}

function withoutMembers(header: string, key: string, dropMse: boolean): string {
  // Stryker disable next-line ConditionalExpression,LogicalOperator: the long way ends with the same
  if (!header.includes(key) && !(dropMse && header.includes(MSE_NAME))) return header.trim();
  return header
    .split(',')
    .filter(member => {
      const name = nameOf(member);
      return name !== key && !(dropMse && name === MSE_NAME);
    })
    .join(',')
    .trim();
}
