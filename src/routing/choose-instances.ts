import { BASE } from '../tag';

/** How to read an instance of some registry. */
export interface InstanceReader<T> {
  /** The tag it is registered with; undefined: the baseline. */
  environment(instance: T): string | undefined;
  /** False for one that gets no calls: unhealthy, disabled. An environment with none but those counts as absent. */
  isUsable?(instance: T): boolean;
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
 * Where neither has a usable instance, unusable ones stand for them: the application sees what it would have seen. The
 * very same array when none is excluded; O(instances).
 */
export function chooseInstances<T>(
  instances: readonly T[],
  tag: string | undefined,
  reader: InstanceReader<T>,
): readonly T[] {
  const wanted = tag === BASE ? undefined : tag;
  let own = 0;
  let baseline = 0;
  let hasUsableOwn = false;
  let hasUsableBaseline = false;
  for (const instance of instances) {
    const environment = reader.environment(instance);
    if (environment !== wanted && environment !== undefined) continue;
    const isUsable = reader.isUsable === undefined || reader.isUsable(instance);
    if (environment === wanted) {
      own++;
      hasUsableOwn ||= isUsable;
    }
    if (environment === undefined) {
      baseline++;
      hasUsableBaseline ||= isUsable;
    }
  }
  const takeOwn = hasUsableOwn || (!hasUsableBaseline && own > 0);
  const chosen = takeOwn ? wanted : undefined;
  if ((takeOwn ? own : baseline) === instances.length) return instances;
  return instances.filter(instance => reader.environment(instance) === chosen);
}
