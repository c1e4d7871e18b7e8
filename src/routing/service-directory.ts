/**
 * Which service an address belongs to. Applications subscribe once, keep the list of instances and pick from it later:
 * by then only the address is left. Registries' lists are learned here, and a call to an address that is in one of them is
 * aimed at an instance of the call's own environment.
 */
import type { RoutingOutcome } from '../counting/counts';
import { type Address, normalHost } from './address';
import { createAddressBook, isCanary, type Registration, type Service } from './address-book';
import { wantedEnvironment } from './choose-instances';
import { commonCandidates } from './common-candidates';
import { createLearnedServices } from './learned-services';
import type { LearnedList } from './service-lists';
import { pickByWeight } from './weighted-choice';

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
  /** Whether the address is in one of the lists. */
  knows(host: string, port: number): boolean;
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
  const book = createAddressBook(now);
  const { learn, forget, lookUp } = createLearnedServices(book, now);

  const counts = ({ state, until }: Registration, inUse: boolean) =>
    inUse ? state === 'present' : state === 'departed' && until > now();

  /** For a call to an address that is not right for it. */
  function aimElsewhere(
    registrations: readonly Registration[],
    services: readonly Service[],
    inUse: boolean,
    tag: string | undefined,
  ): ReturnType<ServiceDirectory['aim']> {
    const wanted = wantedEnvironment(tag);
    const own = commonCandidates(services, book, environments => environments.for(tag));
    if (own.length > 0) {
      onRouted(tag, own[0]?.environment === wanted ? 'own' : 'baseline');
      return pickByWeight(own, random);
    }
    const mayAnswer = registrations.every(
      other => !counts(other, inUse) || !isCanary(other) || other.instance.environment === wanted,
    );
    // The application's choice offers all of them, whichever it meant.
    if (inUse && mayAnswer) {
      onRouted(tag, 'as sent');
      return undefined;
    }
    const baseline = commonCandidates(services, book, environments => environments.baseline);
    if (baseline.length > 0) {
      onRouted(tag, wanted === undefined ? 'own' : 'baseline');
      return pickByWeight(baseline, random);
    }
    onRouted(tag, mayAnswer ? 'as sent' : 'nobody');
    // Gone, with nobody in its place: the call fails as it would without us.
    return mayAnswer ? undefined : { unreachable: [...new Set(services.map(({ name }) => name))] };
  }

  return {
    get hasCanaries() {
      return book.hasCanaries;
    },
    learn,
    forget,
    knows: (host, port) => (lookUp(host, port) ?? lookUp(normalHost(host), port)) !== undefined,

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
      if (isRight) {
        onRouted(tag, first.environments.for(tag).environment === wantedEnvironment(tag) ? 'own' : 'baseline');
        return undefined;
      }
      const services =
        consulted === 1 ? [first] : registrations.filter(other => counts(other, inUse)).map(({ service }) => service);
      return aimElsewhere(registrations, services, inUse, tag);
    },
  };
}

function isInUse(registrations: readonly Registration[]): boolean {
  for (const { state } of registrations) if (state === 'present') return true;
  return false;
}
