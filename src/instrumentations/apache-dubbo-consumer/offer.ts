import { isDubboConsumer } from '../../routing/instance-environment';
import type { Routing } from '../../routing/routing';
import type { Call, Provider } from './library';

/** What the registry says of a provider. */
export interface Entry {
  readonly provider: Provider;
  /** `host:port`. */
  readonly host: string;
  readonly environment: string | undefined;
}

/** What the registry says of a service: its providers, without the consumers that are registered beside them. */
export interface Offer {
  readonly entries: readonly Entry[];
  readonly byHost: ReadonlyMap<string, readonly Entry[]>;
  readonly hasCanaries: boolean;
}

export function readOffer(providers: readonly Provider[], routing: Pick<Routing, 'environmentOf'>): Offer {
  const offer = { entries: [] as Entry[], byHost: new Map<string, Entry[]>(), hasCanaries: false };
  for (const provider of providers) {
    const { hostname, port, url } = provider;
    // Not `query`: the library parses the whole URL as a query string and so loses the first parameter.
    const parameters = Object.fromEntries(url.searchParams);
    if (isDubboConsumer(parameters)) continue;
    const entry = { provider, host: `${hostname}:${port}`, environment: routing.environmentOf(parameters) };
    offer.entries.push(entry);
    offer.byHost.set(entry.host, [...(offer.byHost.get(entry.host) ?? []), entry]);
    if (entry.environment !== undefined) offer.hasCanaries = true;
  }
  return offer;
}

/** Versions and groups as in the library's findDubboClusterByService. */
export function fits(provider: Provider, { version, group }: Call): boolean {
  return (!version || version === '*' || provider.version === version) && (!group || provider.group === group);
}
