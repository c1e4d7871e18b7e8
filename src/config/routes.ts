/** The setting `routes`: where the instances of environments are, by the names that services call. Its form, and what is wrong. */
import { isInstanceTag, TAG_GRAMMAR } from '../names/tag';
import { anyObject, below, WrongEntry } from './entry';

/** By tag its target, `*` for every other tag; and what becomes of `Host`. */
export type Route = Readonly<Record<string, string>>;
/** By the name that is called: `svc-b.shop.svc:8080`, or `*.shop.svc`. */
export type Routes = Readonly<Record<string, Route>>;

/** Of a route: the `Host` of calls that go elsewhere is that of the target. */
export const HOST_KEY = 'host';
export const ANY = '*';

export const ROUTES_GRAMMAR = 'an object with a route for each name: { "svc-b:8080": { "gray": "svc-b-gray:8080" } }';
const NAME_GRAMMAR = 'a host name, *. before it for every first label, with or without a port: svc-b:8080, *.shop.svc';
const TAG_KEY_GRAMMAR = `a tag (${TAG_GRAMMAR}; not base), * for every other, or host`;
const TARGET_GRAMMAR =
  'a host name with or without a port, which may hold {tag}, and {service} where the name begins with *: {service}-{tag}.shop.svc';

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const ADDRESS = /^(?<host>[^:]+)(?::(?<port>\d{1,5}))?$/;

export interface NamedAddress {
  /** In small letters. */
  readonly host: string;
  /** Undefined: the one that is called. */
  readonly port: number | undefined;
}

/** Undefined: it is no name with a port. */
export function parseNamedAddress(text: string): NamedAddress | undefined {
  const { host, port } = ADDRESS.exec(text)?.groups ?? {};
  if (host === undefined || host.length > 253) return undefined;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined;
  return { host: host.toLowerCase(), port: number };
}

/** The value as it is, when it is an object of routes. @throws {WrongEntry} which names the entry */
export function readRoutes(value: unknown, at = 'routes'): Routes {
  for (const [name, route] of Object.entries(anyObject(value, at, ROUTES_GRAMMAR))) {
    if (!isAddress(name.replace(/^\*\./, ''))) throw new WrongEntry(`a name in ${at}`, name, NAME_GRAMMAR);
    checkRoute(route, below(at, name), name.startsWith('*.'));
  }
  return value as Routes;
}

function checkRoute(value: unknown, at: string, isPattern: boolean): void {
  const route = anyObject(value, at, 'an object with a target for each tag: { "gray": "svc-b-gray:8080" }');
  if (!Object.keys(route).some(key => key !== HOST_KEY)) throw new WrongEntry(at, value, 'at least one tag');
  for (const [key, target] of Object.entries(route)) {
    if (key === HOST_KEY) {
      if (target !== 'target') throw new WrongEntry(`${at}.${HOST_KEY}`, target, '"target"');
    } else if (key !== ANY && !isInstanceTag(key)) {
      throw new WrongEntry(`a tag in ${at}`, key, TAG_KEY_GRAMMAR);
    } else if (typeof target !== 'string' || !isTarget(target, isPattern)) {
      throw new WrongEntry(below(at, key), target, TARGET_GRAMMAR);
    }
  }
}

function isTarget(target: string, isPattern: boolean): boolean {
  const filled = (isPattern ? target.replaceAll('{service}', 'a') : target).replaceAll('{tag}', 'a');
  return isAddress(filled);
}

function isAddress(text: string): boolean {
  const address = parseNamedAddress(text);
  return address !== undefined && HOST.test(address.host);
}
