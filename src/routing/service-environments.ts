/** The instances of a service by environment: put in order once for each list, so that a call only has to look. */
import { type Presence, takesOwn, wantedEnvironment } from './choose-instances';

interface Instance {
  readonly environment: string | undefined;
  readonly isUsable: boolean;
}

/** What there is of one environment of a service. */
export interface EnvironmentInstances<T> extends Presence {
  /** The tag; undefined: the baseline. */
  readonly environment: string | undefined;
  readonly instances: readonly T[];
  /** Those that calls are sent to: the usable ones; where there is none of those, all. */
  readonly candidates: readonly T[];
}

export interface ServiceEnvironments<T> {
  /** Those that a call with the outgoing tag `tag` may go to, as `chooseInstances` says: maybe none. */
  for(tag: string | undefined): EnvironmentInstances<T>;
  /** The baseline's: maybe none. */
  readonly baseline: EnvironmentInstances<T>;
}

export function byEnvironment<T extends Instance>(instances: readonly T[]): ServiceEnvironments<T> {
  const environments = new Map<string | undefined, T[]>([[undefined, []]]);
  for (const instance of instances) {
    const others = environments.get(instance.environment);
    if (others === undefined) environments.set(instance.environment, [instance]);
    else others.push(instance);
  }
  const all = new Map<string | undefined, EnvironmentInstances<T>>();
  for (const [environment, instances] of environments) {
    const usable = instances.filter(({ isUsable }) => isUsable);
    all.set(environment, {
      environment,
      instances,
      candidates: usable.length > 0 ? usable : instances,
      count: instances.length,
      usable: usable.length,
    });
  }
  const baseline = all.get(undefined) as EnvironmentInstances<T>;
  return {
    baseline,
    for(tag) {
      const own = all.get(wantedEnvironment(tag));
      return own !== undefined && takesOwn(own, baseline) ? own : baseline;
    },
  };
}
