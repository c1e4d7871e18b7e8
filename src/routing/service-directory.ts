/**
 * Which service an address belongs to. Applications subscribe once, keep the list of instances and pick from it later:
 * by then only the address is left. Registries' lists are learned here, and a call to an address that is in one of them is
 * aimed at an instance of the call's own environment.
 */
import type { RoutingOutcome } from '../counting/counts';
import { type Address, normalHost } from './address';
import { wantedEnvironment } from './choose-instances';
import { byEnvironment, type EnvironmentInstances, type ServiceEnvironments } from './service-environments';
import { type ServiceInstance, type ServiceList, viewOf, withList } from './service-lists';
import { pickByWeight } from './weighted-choice';

/** A list of instances that a registry's client was answered. */
export interface LearnedList extends ServiceList {
  readonly service: string;
  /**
   * Whether the client still keeps this list up to date. A service of which there are only lists that were asked for once
   * is not used: calls would go to instances that are long gone.
   */
  isFollowed(): boolean;
}

export interface ServiceDirectory {
  /** False: there is no canary, and was none a moment ago; no call is to be aimed elsewhere. */
  readonly hasCanaries: boolean;
  /**
   * Replaces what is known of a service in the clusters that the list is of. Nothing of the list is kept: the application
   * may do with it as it likes.
   *
   * @param source the registry client that says so: two of them may have services of the same name
   */
  learn(source: object, list: LearnedList): void;
  /** Forgets every service of a client that was closed. */
  forget(source: object): void;
  /**
   * Where a call with the outgoing tag `tag` to this address goes: undefined: there, unchanged; an address: elsewhere;
   * the names of its services: nowhere, since there is no instance for it. O(1) for a call that is right, without
   * allocation; one that goes elsewhere costs a look at the candidates.
   *
   * An address that several services share does not say which was meant, so whoever answers has to offer them all:
   *
   * | the address                          | an instance of the call's environment for each | a baseline for each | the call goes |
   * |--------------------------------------|------------------------------------------------|---------------------|---------------|
   * | is right for each of its services    |                                                |                     | there         |
   * | is not                               | one that offers them all                       |                     | to that one   |
   * | is of the call's environment or base | apart, or some have none                       |                     | there         |
   * | is a canary of others                | apart, or some have none                       | one that offers all | to that one   |
   * | is a canary of others                | apart, or some have none                       | apart, or none      | nowhere       |
   */
  aim(
    host: string,
    port: number,
    tag: string | undefined,
  ): Address | { readonly unreachable: readonly string[] } | undefined;
}

interface Service {
  readonly name: string;
  lists: readonly LearnedList[];
  /** Those of `lists` that are kept up to date; once they are, they stay so. */
  readonly followed: Set<string>;
  environments: ServiceEnvironments<ServiceInstance>;
  registrations: readonly Registration[];
}

/** An instance of a service, as it is found by its address. */
interface Registration {
  readonly service: Service;
  readonly instance: ServiceInstance;
  /** `unfollowed`: it only says that somebody was there when the list was asked for. */
  readonly state: 'present' | 'departed' | 'unfollowed';
  /** Ms, as the clock counts them: when a departed instance is no longer known. */
  until: number;
}

/**
 * How long, in ms, calls to an instance that left its service go to those that are there. It counts from the moment when the
 * last list that the client keeps has lost it, and so has every list that it handed out: what remains are calls under way
 * and answers that the application keeps for itself, for as long as clients take between two polls. Most networks
 * give an address to its next user later than that; one that registers is known by its new service at once.
 */
const DEPARTED_FOR = 10_000;

const NONE = byEnvironment<ServiceInstance>([]);

/**
 * @param random a number from 0 up to 1, for the choice by weight
 * @param now ms
 * @param onRouted told of each call to an address that is known, by its outgoing tag
 */
export function createServiceDirectory(
  random: () => number = Math.random,
  now = Date.now,
  onRouted: (tag: string | undefined, outcome: RoutingOutcome) => void = () => {},
): ServiceDirectory {
  const sources = new Map<object, Map<string, Service>>();
  const byHost = new Map<string, Map<number, Registration[]>>();
  let canaries = 0;
  /** When the last canary that departed is no longer known. */
  let canariesUntil = 0;

  const isCanary = ({ instance }: Registration) => instance.environment !== undefined;
  const enter = (registration: Registration) => {
    const { host, port } = registration.instance;
    let ports = byHost.get(host);
    if (ports === undefined) {
      ports = new Map();
      byHost.set(host, ports);
    }
    const others = ports.get(port);
    if (others === undefined) ports.set(port, [registration]);
    else others.push(registration);
    if (!isCanary(registration)) return;
    if (registration.until === Number.POSITIVE_INFINITY) canaries++;
    else canariesUntil = Math.max(canariesUntil, registration.until);
  };
  const remove = (registration: Registration) => {
    const { host, port } = registration.instance;
    const ports = byHost.get(host);
    const others = ports?.get(port)?.filter(other => other !== registration);
    if (others === undefined || others.length === 0) ports?.delete(port);
    else ports?.set(port, others);
    if (ports?.size === 0) byHost.delete(host);
    if (isCanary(registration) && registration.until === Number.POSITIVE_INFINITY) canaries--;
  };
  const find = (host: string, port: number) => byHost.get(host)?.get(port);

  /** True when a list has come to be followed: what is known of the service is another thing then. */
  const follow = (service: Service): boolean => {
    if (service.followed.size === service.lists.length) return false;
    const before = service.followed.size;
    for (const { clusters, isFollowed } of service.lists) {
      if (!service.followed.has(clusters) && isFollowed()) service.followed.add(clusters);
    }
    return service.followed.size > before;
  };
  const arrange = (service: Service) => {
    const { present, departed, unfollowed } = viewOf(service.lists, ({ clusters }) => service.followed.has(clusters));
    const former = service.registrations;
    for (const registration of former) remove(registration);
    service.environments = byEnvironment(present);
    const always = { service, until: Number.POSITIVE_INFINITY };
    const registrations: Registration[] = [
      ...present.map(instance => ({ ...always, instance, state: 'present' as const })),
      ...departed.map(instance => ({ ...always, instance, state: 'departed' as const })),
      ...unfollowed.map(instance => ({ ...always, instance, state: 'unfollowed' as const })),
    ];
    const time = now();
    for (const registration of registrations) {
      const { state, instance } = registration;
      const others = find(instance.host, instance.port) ?? [];
      const isNews = state === 'unfollowed' && !former.some(one => one.instance === instance);
      // Somebody came to an address that another service had left.
      if (isNews) for (const other of others) if (other.until !== Number.POSITIVE_INFINITY) other.until = time;
      enter(registration);
    }
    for (const { instance, state, until } of former) {
      if (state === 'unfollowed' || until <= time) continue;
      if (find(instance.host, instance.port)?.some(other => other.service === service)) continue;
      const last = { service, instance, state: 'departed' as const, until: Math.min(until, time + DEPARTED_FOR) };
      registrations.push(last);
      enter(last);
    }
    service.registrations = registrations;
  };

  /** What an address belongs to; where that is nothing any more, what it belonged to a moment ago. */
  const lookUp = (host: string, port: number): readonly Registration[] | undefined => {
    const registrations = find(host, port);
    if (registrations === undefined) return undefined;
    let isChanged = false;
    for (const { service } of registrations) {
      if (!follow(service)) continue;
      arrange(service);
      isChanged = true;
    }
    return isChanged ? find(host, port) : registrations;
  };
  const isInUse = (registrations: readonly Registration[]) => {
    for (const { state } of registrations) if (state === 'present') return true;
    return false;
  };
  const counts = ({ state, until }: Registration, inUse: boolean) =>
    inUse ? state === 'present' : state === 'departed' && until > now();

  return {
    get hasCanaries() {
      return canaries > 0 || (canariesUntil > 0 && now() < canariesUntil);
    },

    learn(source, { service: name, clusters, time, instances, isFollowed }) {
      const services = sources.get(source) ?? new Map<string, Service>();
      sources.set(source, services);
      let service = services.get(name);
      if (service === undefined) {
        service = { name, lists: [], followed: new Set(), environments: NONE, registrations: [] };
        services.set(name, service);
      }
      const own = instances.map(instance => ({ ...instance, host: normalHost(instance.host) }));
      const lists = withList(service.lists, { service: name, clusters, time, instances: own, isFollowed });
      if (lists === service.lists) return;
      service.lists = lists;
      follow(service);
      arrange(service);
    },

    forget(source) {
      for (const { registrations } of sources.get(source)?.values() ?? []) {
        for (const registration of registrations) remove(registration);
      }
      sources.delete(source);
    },

    aim(host, port, tag) {
      const registrations = lookUp(host, port) ?? lookUp(normalHost(host), port);
      if (registrations === undefined) return undefined;
      const inUse = isInUse(registrations);
      let consulted = 0;
      let first: Service | undefined;
      let isRight = inUse;
      for (const registration of registrations) {
        if (!counts(registration, inUse)) continue;
        consulted++;
        first ??= registration.service;
        isRight &&= registration.instance.environment === registration.service.environments.for(tag).environment;
      }
      if (first === undefined) return undefined;
      const wanted = wantedEnvironment(tag);
      if (isRight) {
        onRouted(tag, first.environments.for(tag).environment === wanted ? 'own' : 'baseline');
        return undefined;
      }

      const services =
        consulted === 1 ? [first] : registrations.filter(one => counts(one, inUse)).map(one => one.service);
      const own = commonCandidates(services, environments => environments.for(tag));
      if (own.length > 0) {
        onRouted(tag, own[0]?.environment === wanted ? 'own' : 'baseline');
        return pickByWeight(own, random);
      }
      const mayAnswer = registrations.every(
        one => !counts(one, inUse) || !isCanary(one) || one.instance.environment === wanted,
      );
      // The application's choice offers all of them, whichever it meant.
      if (inUse && mayAnswer) {
        onRouted(tag, 'as sent');
        return undefined;
      }
      const baseline = commonCandidates(services, environments => environments.baseline);
      if (baseline.length > 0) {
        onRouted(tag, wanted === undefined ? 'own' : 'baseline');
        return pickByWeight(baseline, random);
      }
      onRouted(tag, mayAnswer ? 'as sent' : 'nobody');
      // Gone, with nobody in its place: the call fails as it would without us.
      return mayAnswer ? undefined : { unreachable: [...new Set(services.map(({ name }) => name))] };
    },
  };

  /** The instances that calls to every one of these services may go to; usable for each, where there are such. */
  function commonCandidates(
    services: readonly Service[],
    of: (environments: ServiceEnvironments<ServiceInstance>) => EnvironmentInstances<ServiceInstance>,
  ): readonly ServiceInstance[] {
    const [first, ...others] = services as [Service, ...Service[]];
    if (others.length === 0) return of(first.environments).candidates;
    const offered = ({ host, port }: ServiceInstance, service: Service) =>
      find(host, port)?.find(
        ({ service: other, state, instance }) =>
          other === service && state === 'present' && instance.environment === of(service.environments).environment,
      )?.instance;
    const common = of(first.environments).instances.filter(instance =>
      others.every(service => offered(instance, service) !== undefined),
    );
    const usable = common.filter(
      instance => instance.isUsable && others.every(service => offered(instance, service)?.isUsable),
    );
    return usable.length > 0 ? usable : common;
  }
}
