/** Origins of calls (`http://10.0.0.7:8080`), with hosts and ports as URLs have them. */

export interface Origin {
  readonly protocol: string;
  /** Without brackets, and without the dot that ends an absolute name. */
  readonly hostname: string;
  readonly port: number;
  /** As in the header `Host`. */
  readonly host: string;
  /** Two origins with the same text are one. */
  readonly text: string;
}

/** Bounds what is kept of texts that applications send us. */
const MOST_ORIGINS = 1000;
const origins = new Map<string, Origin | undefined>();

/** The origin that a text or URL names; undefined: none. Each text is parsed once. */
export function originOf(value: unknown): Origin | undefined {
  const text = value instanceof URL ? value.origin : value;
  if (typeof text !== 'string') return undefined;
  if (origins.has(text)) return origins.get(text);
  if (origins.size >= MOST_ORIGINS) origins.clear();
  const origin = parse(text);
  origins.set(text, origin);
  return origin;
}

function parse(text: string): Origin | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if (url.hostname === '') return undefined;
  const { protocol } = url;
  const hostname = url.hostname.replace(/\.$/, '');
  const host = url.port === '' ? hostname : `${hostname}:${url.port}`;
  return {
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (protocol === 'https:' ? 443 : 80)),
    host,
    text: `${protocol}//${host}`,
  };
}
