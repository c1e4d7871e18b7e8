import { BASE } from '../names/tag';

/** How to read an instance of some registry. */
export interface InstanceReader<T> {
  /** The tag it is registered with; undefined: the baseline. */
  environment(instance: T): string | undefined;
  /** False for one that gets no calls: unhealthy, disabled. An environment with none but those counts as absent. */
  isUsable?(instance: T): boolean;
}

/** The environment that a call with the outgoing tag `tag` asks for; undefined: the baseline. */
export function wantedEnvironment(tag: string | undefined): string | undefined {
  return tag === BASE ? undefined : tag;
}

/** How many instances an environment has, and how many of them take calls. */
export interface Presence {
  readonly count: number;
  readonly usable: number;
}

/**
 * Whether a call goes to its own environment, or else to the baseline. Where neither has a usable instance, unusable ones
 * stand for them: the application sees what it would have seen.
 */
export function takesOwn(own: Presence, baseline: Presence): boolean {
  return own.usable > 0 || (baseline.usable === 0 && own.count > 0);
}

/**
 * The instances that a call with the outgoing tag `tag` may go to: those of its own environment, else the baseline's.
 *
 * | tag              | own environment | baseline | result                                          |
 * |------------------|-----------------|----------|-------------------------------------------------|
 * | gray             | some            | any      | gray                                            |
 * | gray             | none            | some     | baseline                                        |
 * | none, or `base`  | (the baseline)  | some     | baseline                                        |
 * | any              | none            | none     | none: canaries of others never get the call     |
 *
 * The very same array when none is excluded; O(instances), and nothing is allocated then.
 */
export function chooseInstances<T>(
  instances: readonly T[],
  tag: string | undefined,
  reader: InstanceReader<T>,
): readonly T[] {
  const wanted = wantedEnvironment(tag);
  let own = 0;
  let usableOwn = 0;
  let baseline = 0;
  let usableBaseline = 0;
  for (const instance of instances) {
    const environment = reader.environment(instance);
    if (environment !== wanted && environment !== undefined) continue;
    const usable = reader.isUsable === undefined || reader.isUsable(instance) ? 1 : 0;
    if (environment === wanted) {
      own++;
      usableOwn += usable;
    }
    if (environment === undefined) {
      baseline++;
      usableBaseline += usable;
    }
  }
  if (own === instances.length || (own === 0 && baseline === instances.length)) return instances;
  const chosen = takesOwn({ count: own, usable: usableOwn }, { count: baseline, usable: usableBaseline })
    ? wanted
    : undefined;
  return instances.filter(instance => reader.environment(instance) === chosen);
}
