/** How long after its last sign a tag is given up: a time for all, and times for tags that a pattern names. */
import { TAG_GRAMMAR } from './tag';

/** Shorter than this, baseline processes would give tags up that others still hear of: markers tell it once a minute. */
const SHORTEST_MS = 300_000;
const LONGEST_MS = 30 * 86_400_000;
/** Longer than a message waits until it is delivered once more: two hours at most, by RocketMQ's delay levels. */
export const DEFAULT_RETENTION_MS = 12_600_000;
export const RETENTION_GRAMMAR = `a comma list of times from 5m to 30d, such as 3h30m, and of times for tags, such as pr-*=30m (* stands for anything; a tag is ${TAG_GRAMMAR})`;

// In each bundle: figures, of which nothing is written.
const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

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

/** Whether a tag is one that a pattern names, in which `*` stands for anything. */
export function matcher(pattern: string): (tag: string) => boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return tag => tag === pattern;
  return tag => {
    if (!tag.startsWith(first)) return false;
    let at = first.length;
    for (const part of parts) {
      const found = tag.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return tag.length - last.length >= at && tag.endsWith(last);
  };
}

export function isTagPattern(text: string): boolean {
  return /^[A-Za-z0-9*][A-Za-z0-9*-]{0,31}$/.test(text);
}

/** `3h30m` in ms; undefined: it is no time. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (match === null || text === '') return undefined;
  const [, days, hours, minutes, seconds] = match.map(digits => Number(digits ?? 0));
  return (days ?? 0) * UNITS.d + (hours ?? 0) * UNITS.h + (minutes ?? 0) * UNITS.m + (seconds ?? 0) * UNITS.s;
}

/** Ms as `3h30m`; what is less than a second is left out. */
export function durationText(ms: number): string {
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts = Object.entries(UNITS).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.join('') || '0s';
}

/** How old something is, in its largest unit: `2d`, `12m`. */
export function ageText(ms: number): string {
  const [unit, size] = Object.entries(UNITS).find(([, size]) => ms >= size) ?? ['s', UNITS.s];
  return `${Math.floor(ms / size)}${unit}`;
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
