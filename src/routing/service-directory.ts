/**
 * Which service an address belongs to. Applications subscribe once, keep the list of instances and pick from it later:
 * by then only the address is left. Registries' lists are learned here, and a call to an address that is in one of them is
 * aimed at an instance of the call's own environment.
 */
import { chooseInstances, type InstanceReader } from './choose-instances';

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

/** An instance as a registry has it. */
export interface ServiceInstance extends Address {
  /** The tag it is registered with; undefined: the baseline. */
  readonly environment: string | undefined;
  readonly isUsable: boolean;
  /** Its share of the calls. */
  readonly weight: number;
}

export interface ServiceDirectory {
  /** True while there is a canary, or was a moment ago. Ask first: no call is to be aimed elsewhere otherwise. */
  readonly hasCanaries: boolean;
  /**
   * Replaces what is known of a service.
   *
   * @param source the registry client that says so: two of them may have services of the same name
   * @param isFollowed whether the client still keeps this list up to date. One that was only asked for once is not used:
   *   it would send calls to instances that are long gone.
   */
  learn(source: object, service: string, instances: readonly ServiceInstance[], isFollowed: () => boolean): void;
  /** Forgets every service of a client that was closed. */
  forget(source: object): void;
  /**
   * Where a call with the outgoing tag `tag` to this address goes: undefined: there, unchanged; an address: elsewhere;
   * the name of a service: nowhere, since that service has instances of other canaries only.
   */
  aim(host: string, port: number, tag: string | undefined): Address | { readonly unreachable: string } | undefined;
}

interface Service {
  readonly name: string;
  readonly instances: readonly ServiceInstance[];
  readonly isFollowed: () => boolean;
}

/** An instance that left its service. */
interface Departed {
  readonly source: object;
  readonly service: string;
  readonly isCanary: boolean;
  /** Ms, as the clock counts them. */
  readonly until: number;
}

/**
 * How long, in ms, calls to an instance that left its service go to those that are there: applications hold lists that are
 * older than ours. Longer than registries take to tell everybody, shorter than an address waits for its next user.
 */
const DEPARTED_FOR = 60_000;

const READER: InstanceReader<ServiceInstance> = {
  environment: instance => instance.environment,
  isUsable: instance => instance.isUsable,
};

const keyOf = ({ host, port }: Address) => `${host}:${port}`;

/**
 * @param random a number from 0 up to 1, for the choice by weight
 * @param now ms
 */
export function createServiceDirectory(random: () => number = Math.random, now = Date.now): ServiceDirectory {
  const sources = new Map<object, Map<string, Service>>();
  const byAddress = new Map<string, Service[]>();
  const departed = new Map<string, Departed>();
  let canaries = 0;

  const enter = (service: Service) => {
    for (const instance of service.instances) {
      const key = keyOf(instance);
      byAddress.set(key, [...(byAddress.get(key) ?? []), service]);
      departed.delete(key);
      if (instance.environment !== undefined) canaries++;
    }
  };
  const remove = (service: Service) => {
    for (const instance of service.instances) {
      const key = keyOf(instance);
      const others = (byAddress.get(key) ?? []).filter(other => other !== service);
      if (others.length > 0) byAddress.set(key, others);
      else byAddress.delete(key);
      if (instance.environment !== undefined) canaries--;
    }
  };
  const rememberDeparted = (source: object, before: Service) => {
    for (const [key, { until }] of departed) if (until <= now()) departed.delete(key);
    for (const instance of before.instances) {
      const key = keyOf(instance);
      if (byAddress.has(key)) continue;
      const isCanary = instance.environment !== undefined;
      departed.set(key, { source, service: before.name, isCanary, until: now() + DEPARTED_FOR });
    }
  };

  /** The services that an address belongs to, or belonged to a moment ago. */
  const servicesOf = (key: string): readonly Service[] => {
    const services = byAddress.get(key);
    if (services !== undefined) return services.filter(service => service.isFollowed());
    const former = departed.get(key);
    if (former === undefined || former.until <= now()) return [];
    const service = sources.get(former.source)?.get(former.service);
    // One whose last instance left says nothing about where its calls should go.
    return service?.isFollowed() && service.instances.length > 0 ? [service] : [];
  };

  return {
    get hasCanaries() {
      if (canaries > 0 || departed.size === 0) return canaries > 0;
      for (const { isCanary, until } of departed.values()) if (isCanary && until > now()) return true;
      return false;
    },

    learn(source, name, instances, isFollowed) {
      const services = sources.get(source) ?? new Map<string, Service>();
      sources.set(source, services);
      const before = services.get(name);
      const service = { name, instances, isFollowed };
      services.set(name, service);
      if (before !== undefined) remove(before);
      enter(service);
      if (before !== undefined) rememberDeparted(source, before);
    },

    forget(source) {
      for (const service of sources.get(source)?.values() ?? []) remove(service);
      sources.delete(source);
      for (const [key, former] of departed) if (former.source === source) departed.delete(key);
    },

    aim(host, port, tag) {
      const services = servicesOf(`${host}:${port}`);
      if (services.length === 0) return undefined;
      const isHere = (instance: ServiceInstance) => instance.port === port && instance.host === host;

      const choices = services.map(service => chooseInstances(service.instances, tag, READER));
      // A process that offers several services under one address: right for one of them is right.
      if (choices.some(choice => choice.some(isHere))) return undefined;
      // An instance that is right for one of them need not offer the others: one that is right for all goes first.
      const [first = [], ...others] = choices;
      const common = first.filter(({ host, port }) =>
        others.every(choice => choice.some(other => other.host === host && other.port === port)),
      );
      const candidates = common.length > 0 ? common : (choices.find(choice => choice.length > 0) ?? []);
      const target = pickByWeight(candidates, random);
      return target ?? { unreachable: (services[0] as Service).name };
    },
  };
}

function pickByWeight(candidates: readonly ServiceInstance[], random: () => number): ServiceInstance | undefined {
  const usable = candidates.filter(instance => instance.isUsable);
  const from = usable.length > 0 ? usable : candidates;
  const total = from.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  for (const instance of from) {
    left -= instance.weight;
    if (left < 0) return instance;
  }
  return from.at(-1);
}
