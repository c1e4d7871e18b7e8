/** Which connection a call is sent by. */
import { oncePerObject } from '../../foreign-objects/once-per-object';
import { wantedEnvironment } from '../../routing/choose-instances';
import { type ConnectionChoice, chooseConnection, takesCalls } from '../../routing/connection-choice';
import type { Routing } from '../../routing/routing';
import { callTags } from './call-tags';
import { stateOf } from './first-attempts';
import type { Call, Provider, Scheduler, Transport } from './library';
import { type Entry, fits, readOffer } from './offer';

/** The connection of a provider; undefined: there is none. */
export interface ProviderConnection {
  readonly transport: Transport | undefined;
}

export interface ProviderChoice {
  /** Whether the library's own choice stands. Without a look at other providers, and without allocation. */
  accepts(scheduler: Scheduler, call: Call, proposed: Transport): boolean;
  /** @param proposed the connection that the library chose */
  choose(scheduler: Scheduler, call: Call, proposed: Transport | undefined): ConnectionChoice<ProviderConnection>;
}

const NO_PROVIDERS: readonly Provider[] = [];

export function createProviderChoice(routing: Routing): ProviderChoice {
  /** Read once: the library replaces its lists, it does not change them. */
  const readOnce = oncePerObject((providers: readonly Provider[]) => readOffer(providers, routing));
  const offerFor = ({ dubboServiceUrlMapper }: Scheduler, { dubboInterface }: Call) =>
    readOnce(dubboServiceUrlMapper.get(dubboInterface) ?? NO_PROVIDERS);

  return {
    accepts(scheduler, call, proposed) {
      if (!proposed.isAvailable) return false;
      const { byHost, hasCanaries } = offerFor(scheduler, call);
      const tag = callTags.get(call);
      const wanted = wantedEnvironment(tag);
      for (const { provider, environment } of byHost.get(proposed.host) ?? []) {
        if ((environment !== wanted && hasCanaries) || !fits(provider, call)) continue;
        routing.chosen(tag, environment);
        return true;
      }
      return false;
    },

    choose(scheduler, call, proposed) {
      const { entries } = offerFor(scheduler, call);
      const reader = {
        environment: ({ environment }: Entry) => environment,
        isUsable: (entry: Entry) => takesCalls(stateOf(transportOf(scheduler, entry))),
      };
      const fitting = entries.filter(({ provider }) => fits(provider, call));
      const chosen = routing.choose(fitting, callTags.get(call), reader, call.dubboInterface).map(entry => {
        const transport = transportOf(scheduler, entry);
        return { transport, state: stateOf(transport), isProposed: entry.host === proposed?.host, weight: 1 };
      });
      return chooseConnection(chosen, Math.random);
    },
  };
}

function transportOf(scheduler: Scheduler, { host, provider }: Entry): Transport | undefined {
  for (const transport of scheduler.dubboCluster.dubboClusterTransportMap.get(provider.hostname) ?? []) {
    if (transport.host === host) return transport;
  }
  return undefined;
}
