/** Addresses of servers, in the forms in which people and other software write them. */

export const ADDRESSES_GRAMMAR = 'host:port, or host:port;host:port';
export const NAME_SERVERS_GRAMMAR = 'host:port, host:port;host:port, or http://host:port/path of an address server';

const HOST_NAME = /^[A-Za-z0-9._-]+$/;
/** With a path: without one it is an address with a scheme. */
const ADDRESS_SERVER = /^https?:\/\/[^/\s;,]+\/+[^/\s;,][^\s;,]*$/;

/**
 * `host:port`, with an IPv6 address in brackets; undefined when the text is none. As Java clients do, it takes what follows
 * the last colon for the port: `::1:9876` is port 9876 of `::1`.
 */
export function parseAddress(text: string): string | undefined {
  // Endpoints of instances in the cloud are given with a scheme; clients ignore it, and so do we.
  const address = text.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const colon = address.lastIndexOf(':');
  const port = address.slice(colon + 1);
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  if (colon === -1 || !/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) return undefined;
  if (host.includes(':')) return isIPv6(host) ? `[${host}]:${Number(port)}` : undefined;
  return HOST_NAME.test(host) ? `${host}:${Number(port)}` : undefined;
}

/** `host:port;host:port`, each as {@link parseAddress} takes it; undefined when one of them cannot be understood. */
export function parseAddresses(text: string): string | undefined {
  const parsed = text
    .trim()
    .split(/\s*[;,]\s*/)
    .map(parseAddress);
  return parsed.includes(undefined) ? undefined : [...new Set(parsed)].join(';');
}

function isIPv6(host: string): boolean {
  // Loaded here: most processes never see such an address, and must not pay for it at start.
  const net = require('node:net') as typeof import('node:net');
  return net.isIPv6(host);
}

/**
 * Name servers, as `host:port;host:port` or as the URL of an address server; undefined when one of them cannot be understood.
 * Separators may be `;`, `,` and white space, and may stand anywhere, as in `a:9876;;b:9876;`: other software takes that.
 */
export function parseNameServers(text: string): string | undefined {
  const trimmed = text.trim();
  if (isAddressServer(trimmed)) return trimmed;
  const all = trimmed.split(/[;,\s]+/).filter(part => part !== '');
  const parsed = all.map(parseAddress).filter(address => address !== undefined);
  return all.length > 0 && parsed.length === all.length ? [...new Set(parsed)].join(';') : undefined;
}

/** As {@link parseNameServers}, but nothing may be missing between two separators. */
export function parseEveryNameServer(text: string): string | undefined {
  const parts = text.trim().split(/[;,]/);
  if (parts.at(-1)?.trim() === '') parts.pop();
  return parts.some(part => part.trim() === '') ? undefined : parseNameServers(text);
}

/** True for the URL of a server that tells the name servers, such as `http://host:8080/rocketmq/nsaddr`. */
export function isAddressServer(namesrv: string): boolean {
  return ADDRESS_SERVER.test(namesrv);
}

/** @param address `host:port`, which {@link parseAddress} understands */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
