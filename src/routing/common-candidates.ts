import type { AddressBook, Service } from './address-book';
import type { EnvironmentInstances, ServiceEnvironments } from './service-environments';
import type { ServiceInstance } from './service-lists';

/**
 * The instances that calls to every one of these services may go to; usable for each, where there are such.
 *
 * @param services at least one
 * @param of the environment of a service that the call goes to
 */
export function commonCandidates(
  services: readonly Service[],
  { find }: Pick<AddressBook, 'find'>,
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
