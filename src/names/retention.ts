/** How long after its last sign a tag is given up: a time for all, and times for tags that a pattern names. */
import { parseDuration } from './duration';
import { TAG_GRAMMAR } from './tag';
import { isTagPattern, matcher } from './tag-pattern';

/** Shorter than this, baseline processes would give tags up that others still hear of: markers tell it once a minute. */
const SHORTEST_MS = 300_000;
const LONGEST_MS = 30 * 86_400_000;
/** Longer than a message waits until it is delivered once more: two hours at most, by RocketMQ's delay levels. */
export const DEFAULT_RETENTION_MS = 12_600_000;
export const RETENTION_GRAMMAR = `a comma list of times from 5m to 30d, such as 3h30m, and of times for tags, such as pr-*=30m (* stands for anything; a tag is ${TAG_GRAMMAR})`;

/** @returns the entries as they were written; undefined where one is none, or there are two times for all */
export function parseRetention(text: string): readonly string[] | undefined {
  const entries = text.split(',').map(entry => entry.trim());
  const parsed = entries.map(parseEntry);
  const isForAll = parsed.filter(entry => entry?.pattern === undefined);
  return parsed.every(entry => entry !== undefined) && isForAll.length <= 1 ? entries : undefined;
}

/**
 * @param entries as {@link parseRetention} returned them. Of several that name a tag the first one counts
 * @returns ms for a tag
 */
export function retentionOf(entries: readonly string[]): (tag: string) => number {
  const parsed = entries.flatMap(entry => parseEntry(entry) ?? []);
  const forAll = parsed.find(({ pattern }) => pattern === undefined)?.ms ?? DEFAULT_RETENTION_MS;
  const named = parsed.flatMap(({ pattern, ms }) => (pattern === undefined ? [] : [{ matches: matcher(pattern), ms }]));
  return tag => named.find(({ matches }) => matches(tag))?.ms ?? forAll;
}

interface Entry {
  /** Undefined: for all. */
  readonly pattern: string | undefined;
  readonly ms: number;
}

function parseEntry(text: string): Entry | undefined {
  const at = text.indexOf('=');
  const pattern = at < 0 ? undefined : text.slice(0, at).trim();
  const ms = parseDuration(text.slice(at + 1).trim());
  if (ms === undefined || ms < SHORTEST_MS || ms > LONGEST_MS) return undefined;
  return pattern === undefined || isTagPattern(pattern) ? { pattern, ms } : undefined;
}
