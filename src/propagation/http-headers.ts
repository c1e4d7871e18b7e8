/** Tags in HTTP headers: reading them from a request that came in, writing them into one that goes out. */
import { addProperty, shallowCopy } from '../foreign-objects/shallow-copy';
import { DUBBO_TAG, type Interop } from '../names/interop';
import { BASE, isTag } from '../names/tag';
import { mergeBaggage, readBaggage } from './baggage';

export const BAGGAGE = 'baggage';
/** The header of the Java agent's fleet (MSE): the bare tag. */
export const MSE_HEADER = 'x-mse-tag';
/** The header of Dubbo's own tag routing, which its Spring interceptor reads: the bare tag. */
const DUBBO_HEADER = 'dubbo-tag';

export interface HeaderPropagationOptions {
  readonly key: string;
  readonly inbound: 'accept' | 'ignore';
  readonly interop: Interop;
  /** Told about a tag that was dropped because it is malformed: the name of the header, and what stood there. */
  readonly onMalformed: (header: string, value: string) => void;
}

/** What to do with one header of an outgoing request. */
export interface HeaderChange {
  /** Lower-case name. */
  readonly name: string;
  /** The new value from the one that is there; undefined: no such header. */
  readonly change: (existing: string | undefined) => string | undefined;
}

export interface HeaderPropagation {
  /**
   * The tag that a request carries, from its raw headers (name, value, name, value …, as node:http keeps them): our own
   * baggage entry, else a header that is the bare tag, else `__microservice_tag__`. Always undefined when inbound tags are
   * ignored.
   */
  extract(rawHeaders: readonly string[]): string | undefined;
  /** The changes that a request with the outgoing tag `tag` needs; empty: it leaves with the very same bytes. */
  changes(tag: string | undefined): readonly HeaderChange[];
}

export function createHeaderPropagation(options: HeaderPropagationOptions): HeaderPropagation {
  const { key, inbound, interop, onMalformed } = options;
  const ignore = inbound === 'ignore';
  const mse = interop.includes('mse');
  const bare = bareHeaders(key, interop);
  // The length first: the names of most headers need no lower-casing then.
  const lengths = new Set([BAGGAGE, ...bare.map(({ name }) => name)].map(name => name.length));
  const byTag = new Map<string | undefined, readonly HeaderChange[]>();

  function compute(tag: string | undefined): readonly HeaderChange[] {
    if (tag === undefined && !ignore) return [];
    // Others know no name for the baseline: there a call without a tag is one.
    const theirs = tag === BASE ? undefined : tag;
    const merge = { key, tag, writeMse: mse && theirs !== undefined, dropMse: ignore || mse };
    const changes: HeaderChange[] = [{ name: BAGGAGE, change: existing => mergeBaggage(existing, merge) }];
    for (const { name, isWritten, isReplaced } of bare) {
      if (isWritten) changes.push({ name, change: () => theirs });
      // As a proxying application copied it from its inbound headers.
      else if (isReplaced) changes.push({ name, change: existing => (existing === undefined ? undefined : theirs) });
      else if (ignore) changes.push({ name, change: () => undefined });
    }
    return changes;
  }

  return {
    extract(rawHeaders) {
      if (ignore) return undefined;
      let own: string | undefined;
      let mseMember: string | undefined;
      let bareTag: string | undefined;
      /** Which of the bare ones it is from: the earlier in the list wins. */
      let rank = bare.length;
      for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
        if (!lengths.has((rawHeaders[i] as string).length)) continue;
        const name = (rawHeaders[i] as string).toLowerCase();
        if (name === BAGGAGE) {
          const tags = readBaggage(rawHeaders[i + 1] as string, key);
          own ??= tags.own;
          mseMember ??= tags.mse;
          if (tags.malformed !== undefined) onMalformed(BAGGAGE, tags.malformed);
          continue;
        }
        const at = bare.findIndex(header => header.name === name);
        if (at < 0) continue;
        const value = (rawHeaders[i + 1] as string).trim();
        if (!isTag(value)) onMalformed(name, value);
        else if (at < rank) {
          bareTag = value;
          rank = at;
        }
      }
      return own ?? bareTag ?? mseMember;
    },

    changes(tag) {
      let changes = byTag.get(tag);
      if (changes === undefined) {
        changes = compute(tag);
        // Tags come from outside: the memory of them is bounded.
        if (byTag.size < 64) byTag.set(tag, changes);
      }
      return changes;
    },
  };
}

/** A header whose value is the bare tag. */
interface BareHeader {
  /** Lower case. */
  readonly name: string;
  readonly isWritten: boolean;
  /** It is not written, but says nothing else than what is carried where the application wrote it. */
  readonly isReplaced: boolean;
}

/** Those that are read, the one that is believed first in front. */
function bareHeaders(key: string, interop: Interop): readonly BareHeader[] {
  const [dubbo, sermant] = [interop.includes('dubbo'), interop.includes('sermant')];
  const readOnly = { isWritten: false, isReplaced: true };
  return [
    // Attachments of Triple are headers.
    ...(dubbo || sermant ? [{ name: key.toLowerCase(), isWritten: sermant, isReplaced: !sermant }] : []),
    { name: MSE_HEADER, isWritten: interop.includes('mse'), isReplaced: false },
    ...(dubbo ? [DUBBO_HEADER, DUBBO_TAG].map(name => ({ name, ...readOnly })) : []),
  ];
}

/** Header lists as arrays: flat (`[name, value, …]`) or pairs (`[[name, value], …]`). A changed copy; the same form. */
export function changeHeaderList(headers: readonly unknown[], changes: readonly HeaderChange[]): unknown[] {
  const pairs = Array.isArray(headers[0]);
  // Not a list of headers: the library that gets it has the better error.
  if (!pairs && headers.length % 2 !== 0) return [...headers];
  const list: Pair[] = [];
  if (pairs) for (const pair of headers) list.push([(pair as unknown[])[0], (pair as unknown[])[1]]);
  else for (let i = 0; i < headers.length; i += 2) list.push([headers[i], headers[i + 1]]);
  changePairs(list, changes);
  return pairs ? list : list.flat();
}

type Pair = [name: unknown, value: unknown];

function changePairs(list: Pair[], changes: readonly HeaderChange[]): void {
  for (const { name, change } of changes) {
    const isThis = (header: Pair) => String(header[0]).toLowerCase() === name;
    const at = list.findIndex(isThis);
    // As the application spells it.
    const [spelled] = list[at] ?? [name];
    const next = change(joined(list.filter(isThis).map(header => header[1])));
    for (let i = list.length - 1; i >= 0; i--) if (isThis(list[i] as Pair)) list.splice(i, 1);
    if (next !== undefined) list.splice(at < 0 ? list.length : at, 0, [spelled, next]);
  }
}

/**
 * Headers that are iterated as pairs. A changed copy: a `Headers` or a `Map` where they were one, since who gets them may ask
 * them by name; else an object that is iterated, again and again.
 */
export function changeHeaderEntries(headers: Iterable<unknown>, changes: readonly HeaderChange[]): Iterable<unknown> {
  const items = [...headers];
  const iterated = (list: readonly unknown[]) => ({ [Symbol.iterator]: () => list[Symbol.iterator]() });
  // Not pairs: the library that gets it has the better error.
  if (!items.every(item => Array.isArray(item) && item.length === 2)) return iterated(items);
  const pairs = (items as Pair[]).map(([name, value]): Pair => [name, value]);
  changePairs(pairs, changes);
  const kind = Object.prototype.toString.call(headers);
  return (
    (kind === '[object Headers]' || kind === '[object Map]' ? likeOf(headers, pairs) : undefined) ?? iterated(pairs)
  );
}

/** Another one of the class of `headers`, or of the next one up whose constructor takes pairs. */
function likeOf(headers: Iterable<unknown>, pairs: readonly Pair[]): Iterable<unknown> | undefined {
  for (let at: unknown = headers; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    try {
      const Kind = (at as Iterable<unknown>).constructor as new (pairs: readonly Pair[]) => Iterable<unknown>;
      const copy = new Kind(pairs);
      if ([...copy].length === pairs.length) return copy;
    } catch {
      // It wants other arguments.
    }
  }
  return undefined;
}

/** Header object (name to value or values). A changed copy with the same prototype. */
export function changeHeaderObject(headers: object | null | undefined, changes: readonly HeaderChange[]): object {
  const copy = (headers ? shallowCopy(headers, Object.getPrototypeOf(headers) as object | null) : {}) as Record<
    string,
    unknown
  >;
  for (const { name, change } of changes) {
    // The length first: the names of most headers need no lower-casing then.
    const spelled = Object.keys(copy).filter(key => key.length === name.length && key.toLowerCase() === name);
    const next = change(joined(spelled.map(key => copy[key])));
    for (const key of spelled) delete copy[key];
    if (next !== undefined) addProperty(copy, spelled[0] ?? name, next);
  }
  return copy;
}

/** A list, an object, or nothing. What is none of those stays: the library that gets it has the better error. */
export function changeHeaders(headers: unknown, changes: readonly HeaderChange[]): unknown {
  if (headers === undefined || headers === null) return changeHeaderObject(undefined, changes);
  if (typeof headers !== 'object') return headers;
  return Array.isArray(headers) ? changeHeaderList(headers, changes) : changeHeaderObject(headers, changes);
}

/** Several values of a header as the one value they mean (RFC 9110, 5.3); undefined when there is none. */
export function joined(values: readonly unknown[]): string | undefined {
  const texts = values.flat().filter(value => value !== undefined && value !== null);
  return texts.length > 0 ? texts.map(String).join(',') : undefined;
}
