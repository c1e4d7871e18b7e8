/** What rules ask of a request. Each part is taken apart when it is asked for the first time. */

/** A request as it came in. */
export interface RequestHead {
  readonly method: string | undefined;
  /** The request target: `/api/x?uid=7`. */
  readonly target: string | undefined;
  /** Flat: name, value, name, value … */
  readonly rawHeaders: readonly string[];
}

export type ValueSource = 'header' | 'cookie' | 'query' | 'path' | 'method';

/** The value of a source; undefined: there is none. `name` is empty for a path and a method. */
export type RequestValues = (source: ValueSource, name: string) => string | undefined;

/** @param head its strings as Node.js reads them: one character a byte */
export function requestValues(head: RequestHead): RequestValues {
  let headers: ReadonlyMap<string, string> | undefined;
  let cookies: ReadonlyMap<string, string> | undefined;
  let query: URLSearchParams | undefined;
  let target: readonly [path: string, query: string] | undefined;

  const header = (name: string) => {
    headers ??= headersOf(head.rawHeaders);
    return headers.get(name);
  };
  const targetParts = () => {
    target ??= splitTarget(head.target ?? '');
    return target;
  };
  return (source, name) => {
    switch (source) {
      case 'header':
        return header(name);
      case 'cookie':
        cookies ??= cookiesOf(header('cookie') ?? '');
        return cookies.get(name);
      case 'query':
        query ??= new URLSearchParams(targetParts()[1]);
        return query.get(name) ?? undefined;
      case 'path':
        return head.target === undefined ? undefined : targetParts()[0];
      case 'method':
        return head.method;
    }
  };
}

/** By lower-case name. Several of one name are one list (RFC 9110, 5.3), cookies one header (RFC 9113, 8.2.3). */
function headersOf(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return headers;
}

/** As they were sent; of two with the same name the first. */
function cookiesOf(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at < 0) continue;
    const name = pair.slice(0, at).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}

/** The path as it was sent, without scheme and authority, which proxies are sent; and what follows the question mark. */
function splitTarget(target: string): readonly [path: string, query: string] {
  const [rest = ''] = target.split('#', 1);
  const at = rest.indexOf('?');
  const before = at < 0 ? rest : rest.slice(0, at);
  const query = at < 0 ? '' : rest.slice(at + 1);
  const [origin] = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(before) ?? [];
  return [origin === undefined ? before : before.slice(origin.length) || '/', query];
}
