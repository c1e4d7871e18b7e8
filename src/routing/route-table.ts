/** Which target a route has for a call. Pure: whether anybody is there is asked elsewhere. */
import { ANY, HOST_KEY, parseNamedAddress, type Route, type Routes } from '../config/routes';

export interface RouteTarget {
  readonly host: string;
  readonly port: number;
  /** It comes of a pattern: it counts only while its name resolves. */
  readonly isGuess: boolean;
  /** The `Host` of the call is the target's. */
  readonly takesHost: boolean;
}

export interface RouteTable {
  /** The target of a call with this tag to this address, in small letters; undefined: it stays. */
  find(host: string, port: number, tag: string): RouteTarget | undefined;
}

interface Entry {
  readonly host: string;
  readonly port: number | undefined;
  readonly route: Route;
}

export function routeTable(routes: Routes): RouteTable {
  const entries = Object.entries(routes).flatMap(([name, route]): (Entry & { readonly isPattern: boolean })[] => {
    const isPattern = name.startsWith('*.');
    const address = parseNamedAddress(isPattern ? name.slice(1) : name);
    return address === undefined ? [] : [{ ...address, route, isPattern }];
  });
  // Names with a port before those without; of patterns the one that says most.
  const ordered = [...entries].sort(
    (a, b) => Number(b.port !== undefined) - Number(a.port !== undefined) || b.host.length - a.host.length,
  );
  const names = ordered.filter(({ isPattern }) => !isPattern);
  const patterns = ordered.filter(({ isPattern }) => isPattern);

  return {
    find(host, port, tag) {
      const isOf = (entry: Entry) => entry.port === undefined || entry.port === port;
      const named = names.find(entry => entry.host === host && isOf(entry));
      if (named !== undefined) return targetOf(named.route, tag, { service: '', port, isGuess: false });
      // One label before the rest.
      const dot = host.indexOf('.');
      if (dot < 1) return undefined;
      const [service, rest] = [host.slice(0, dot), host.slice(dot)];
      const pattern = patterns.find(entry => entry.host === rest && isOf(entry));
      if (pattern === undefined) return undefined;
      const target = targetOf(pattern.route, tag, { service, port, isGuess: true });
      return target === undefined || isTargetAlready(pattern.route, tag, host) ? undefined : target;
    },
  };
}

function targetOf(
  route: Route,
  tag: string,
  { service, port, isGuess }: { readonly service: string; readonly port: number; readonly isGuess: boolean },
): RouteTarget | undefined {
  const written = templateOf(route, tag);
  if (written === undefined) return undefined;
  const address = parseNamedAddress(filled(written, service, tag));
  if (address === undefined) return undefined;
  const takesHost = route[HOST_KEY] !== undefined;
  return { host: address.host, port: address.port ?? port, isGuess, takesHost };
}

function templateOf(route: Route, tag: string): string | undefined {
  if (tag !== HOST_KEY && Object.hasOwn(route, tag)) return route[tag];
  return Object.hasOwn(route, ANY) ? route[ANY] : undefined;
}

function filled(template: string, service: string, tag: string): string {
  return template.replaceAll('{service}', service).replaceAll('{tag}', tag);
}

/** The application calls the canary by its own name: some service fills the template so. */
function isTargetAlready(route: Route, tag: string, host: string): boolean {
  const [template = ''] = (templateOf(route, tag) ?? '').toLowerCase().split(':', 1);
  const [before = '', after, ...more] = filled(template, '{service}', tag.toLowerCase()).split('{service}');
  if (after === undefined || more.length > 0) return host === before;
  return host.length > before.length + after.length && host.startsWith(before) && host.endsWith(after);
}
