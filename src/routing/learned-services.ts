/** What registries' clients have told of their services, as it is found by address. */
import { normalHost } from './address';
import { type AddressBook, isLasting, type Registration, type Service } from './address-book';
import { byEnvironment } from './service-environments';
import { type LearnedList, type ServiceInstance, viewOf, withList } from './service-lists';

export interface LearnedServices {
  /** @param source the registry client that says so: two of them may have services of the same name */
  learn(source: object, list: LearnedList): void;
  forget(source: object): void;
  /** What an address belongs to; where that is nothing any more, what it belonged to a moment ago. */
  lookUp(host: string, port: number): readonly Registration[] | undefined;
}

/**
 * How long, in ms, calls to an instance that left its service go to those that are there. It counts from the moment when the
 * last list that the client keeps has lost it, and so has every list that it handed out: what remains are calls under way
 * and answers that the application keeps for itself, for as long as clients take between two polls. Most networks
 * give an address to its next user later than that; one that registers is known by its new service at once.
 */
const DEPARTED_FOR = 10_000;

const NONE = byEnvironment<ServiceInstance>([]);

/** @param now ms */
export function createLearnedServices(book: AddressBook, now: () => number): LearnedServices {
  const sources = new Map<object, Map<string, Service>>();

  return {
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
      arrange(service, book, now());
    },

    forget(source) {
      for (const { registrations } of sources.get(source)?.values() ?? []) {
        for (const registration of registrations) book.remove(registration);
      }
      sources.delete(source);
    },

    lookUp(host, port) {
      const registrations = book.find(host, port);
      if (registrations === undefined) return undefined;
      let isChanged = false;
      for (const { service } of registrations) {
        if (!follow(service)) continue;
        arrange(service, book, now());
        isChanged = true;
      }
      return isChanged ? book.find(host, port) : registrations;
    },
  };
}

/** True when a list has come to be followed: what is known of the service is another thing then. */
function follow(service: Service): boolean {
  if (service.followed.size === service.lists.length) return false;
  const before = service.followed.size;
  for (const { clusters, isFollowed } of service.lists) {
    if (!service.followed.has(clusters) && isFollowed()) service.followed.add(clusters);
  }
  return service.followed.size > before;
}

/** Enters what the lists of a service say into the book, in place of what they said before. */
function arrange(service: Service, book: AddressBook, time: number): void {
  const { present, departed, unfollowed } = viewOf(service.lists, ({ clusters }) => service.followed.has(clusters));
  const former = service.registrations;
  for (const registration of former) book.remove(registration);
  service.environments = byEnvironment(present);
  const always = { service, until: Number.POSITIVE_INFINITY };
  const registrations: Registration[] = [
    ...present.map(instance => ({ ...always, instance, state: 'present' as const })),
    ...departed.map(instance => ({ ...always, instance, state: 'departed' as const })),
    ...unfollowed.map(instance => ({ ...always, instance, state: 'unfollowed' as const })),
  ];
  for (const registration of registrations) {
    const { state, instance } = registration;
    const others = book.find(instance.host, instance.port) ?? [];
    const isNews = state === 'unfollowed' && !former.some(other => other.instance === instance);
    // Somebody came to an address that another service had left.
    if (isNews) for (const other of others) if (!isLasting(other)) other.until = time;
    book.enter(registration);
  }
  for (const { instance, state, until } of former) {
    if (state === 'unfollowed' || until <= time) continue;
    if (book.find(instance.host, instance.port)?.some(other => other.service === service)) continue;
    const last = { service, instance, state: 'departed' as const, until: Math.min(until, time + DEPARTED_FOR) };
    registrations.push(last);
    book.enter(last);
  }
  service.registrations = registrations;
}
