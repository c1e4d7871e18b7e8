/** Who is registered at which address. */
import type { ServiceEnvironments } from './service-environments';
import type { LearnedList, ServiceInstance } from './service-lists';

export interface Service {
  readonly name: string;
  lists: readonly LearnedList[];
  /** Those of `lists` that are kept up to date; once they are, they stay so. */
  readonly followed: Set<string>;
  environments: ServiceEnvironments<ServiceInstance>;
  registrations: readonly Registration[];
}

/** An instance of a service, as it is found by its address. */
export interface Registration {
  readonly service: Service;
  readonly instance: ServiceInstance;
  /** `unfollowed`: it only says that somebody was there when the list was asked for. */
  readonly state: 'present' | 'departed' | 'unfollowed';
  /** Ms, as the clock counts them: when a departed instance is no longer known. */
  until: number;
}

export function isCanary({ instance }: Registration): boolean {
  return instance.environment !== undefined;
}

/** Whether it is known for good: until it is removed. */
export function isLasting({ until }: Registration): boolean {
  return until === Number.POSITIVE_INFINITY;
}

export interface AddressBook {
  /** False: there is no canary, and was none a moment ago. */
  readonly hasCanaries: boolean;
  enter(registration: Registration): void;
  remove(registration: Registration): void;
  find(host: string, port: number): readonly Registration[] | undefined;
}

/** @param now ms */
export function createAddressBook(now: () => number): AddressBook {
  const byHost = new Map<string, Map<number, Registration[]>>();
  let canaries = 0;
  /** When the last canary that departed is no longer known. */
  let canariesUntil = 0;

  return {
    get hasCanaries() {
      return canaries > 0 || (canariesUntil > 0 && now() < canariesUntil);
    },
    enter(registration) {
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
      if (isLasting(registration)) canaries++;
      else canariesUntil = Math.max(canariesUntil, registration.until);
    },
    remove(registration) {
      const { host, port } = registration.instance;
      const ports = byHost.get(host);
      const others = ports?.get(port)?.filter(other => other !== registration);
      if (others === undefined || others.length === 0) ports?.delete(port);
      else ports?.set(port, others);
      if (ports?.size === 0) byHost.delete(host);
      if (isCanary(registration) && isLasting(registration)) canaries--;
    },
    find: (host, port) => byHost.get(host)?.get(port),
  };
}
