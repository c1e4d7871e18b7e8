/** Addresses as calls and registries write them. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A host as URLs write it. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The `Host` of calls to an address. */
export function hostHeader({ host, port }: Address): string {
  return `${bracketed(host)}:${port}`;
}

const IS_OTHER_THAN_NORMAL = /[A-Z:[]/;

/**
 * The one way to write a host: names in small letters (RFC 3986, 3.2.2), IPv6 without brackets in the short form of
 * RFC 5952. The very same text where nothing is to be done.
 */
export function normalHost(host: string): string {
  if (!IS_OTHER_THAN_NORMAL.test(host)) return host;
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (!bare.includes(':')) return bare;
  try {
    return new URL(`http://[${bare}]`).hostname.slice(1, -1);
  } catch {
    // With a zone (`fe80::1%eth0`), which URLs do not have.
    return bare;
  }
}
