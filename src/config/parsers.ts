/** How settings turn a text into their value, and what they allow in words. */
import {
  ADDRESSES_GRAMMAR,
  NAME_SERVERS_GRAMMAR,
  parseAddresses,
  parseEveryNameServer,
  parseNameServers,
} from '../names/addresses';
import { INTEROP_PRESETS, type Interop, type InteropPreset } from '../names/interop';
import { parseRetention, RETENTION_GRAMMAR } from '../names/retention';
import { isInstanceTag, TAG_GRAMMAR } from '../names/tag';

export const value = <T>(parsed: T) => ({ value: parsed });

export function oneOf<T extends string>(...allowed: readonly T[]) {
  return {
    allowed: allowed.join(' or '),
    parse: (text: string) => (allowed.includes(text as T) ? value(text as T) : undefined),
  };
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);
export const boolean = {
  allowed: 'true or false',
  parse: (text: string) => {
    const parsed = BOOLEANS.get(text.toLowerCase());
    return parsed === undefined ? undefined : value(parsed);
  },
};

export const countFrom1 = {
  allowed: 'a whole number from 1 to 1000',
  parse: (text: string) => (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1_000 ? value(Number(text)) : undefined),
};

export const instanceTag = {
  allowed: `${TAG_GRAMMAR}; base is reserved for the baseline`,
  parse: (text: string) => (isInstanceTag(text) ? value(text) : undefined),
};

export const tagList = {
  allowed: `a comma list of tags (each ${TAG_GRAMMAR}; not base)`,
  parse: (text: string) => {
    const tags = text.split(',').map(tag => tag.trim());
    return tags.every(isInstanceTag) ? value([...new Set(tags)]) : undefined;
  },
};

export const retention = {
  allowed: RETENTION_GRAMMAR,
  parse: (text: string) => {
    const entries = parseRetention(text);
    return entries && value(entries);
  },
};

export const presets = {
  allowed: `a comma list of ${INTEROP_PRESETS.join(', ')}`,
  parse: (text: string) => {
    const names = text.split(',').map(name => name.trim());
    const isPreset = (name: string): name is InteropPreset => INTEROP_PRESETS.includes(name as InteropPreset);
    return names.every(isPreset) ? value<Interop>([...new Set(names)]) : undefined;
  },
};

const parsedBy =
  <T>(parse: (text: string) => T | undefined) =>
  (text: string) => {
    const parsed = parse(text);
    return parsed === undefined ? undefined : value(parsed);
  };
export const addresses = {
  allowed: NAME_SERVERS_GRAMMAR,
  parse: parsedBy(parseEveryNameServer),
  parseAlias: parsedBy(parseNameServers),
};
export const eachAddress = { allowed: ADDRESSES_GRAMMAR, parse: parsedBy(parseAddresses) };

/** A value that is written as JSON, in a variable as in a file. */
export const json = <T>(allowed: string, read: (entry: unknown) => T) => ({
  allowed,
  read,
  parse(text: string) {
    let entry: unknown;
    try {
      entry = JSON.parse(text);
    } catch {
      return undefined;
    }
    return value(read(entry));
  },
});
