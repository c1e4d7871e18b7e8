/**
 * What a registry's client was told of one service: several lists, of different ages and of different clusters. A client
 * asks for each combination of clusters apart, so that one list says that an instance is there which a newer one no longer
 * has. What the newest says of an instance holds.
 */
import type { Address } from './address';

/** An instance as a registry has it. */
export interface ServiceInstance extends Address {
  /** The tag it is registered with; undefined: the baseline. */
  readonly environment: string | undefined;
  readonly isUsable: boolean;
  /** Its share of the calls. */
  readonly weight: number;
  /** Undefined: the registry has no clusters. */
  readonly cluster?: string | undefined;
}

export interface ServiceList {
  /** The clusters that were asked for, separated by commas: tells the lists of a service apart. Empty: all clusters. */
  readonly clusters: string;
  /** The registry's clock at the answer, in ms. */
  readonly time: number;
  readonly instances: readonly ServiceInstance[];
}

/** A list of instances that a registry's client was answered. */
export interface LearnedList extends ServiceList {
  readonly service: string;
  /**
   * Whether the client still keeps this list up to date. A service of which there are only lists that were asked for once
   * is not used: calls would go to instances that are long gone.
   */
  isFollowed(): boolean;
}

/** Answers overtake one another by less than this, in ms; a longer way back is another server's clock. */
const OVERTAKEN = 2000;

function isOvertaken(list: ServiceList, by: ServiceList): boolean {
  const age = by.time - list.time;
  return age > 0 && age < OVERTAKEN;
}

/**
 * The lists of a service, the oldest first, after one more came in: it takes the place of the former one for the same
 * clusters, unless it was overtaken by that (the very same lists then).
 */
export function withList<L extends ServiceList>(lists: readonly L[], added: L): readonly L[] {
  const former = lists.find(({ clusters }) => clusters === added.clusters);
  if (former !== undefined && isOvertaken(added, former)) return lists;
  const others = lists.filter(list => list !== former);
  const younger = others.findIndex(other => isOvertaken(added, other));
  const at = younger < 0 ? others.length : younger;
  return [...others.slice(0, at), added, ...others.slice(at)];
}

/** Whether a list would have an instance if it were there. */
function covers({ clusters }: ServiceList, { cluster }: ServiceInstance): boolean {
  return clusters === '' || cluster === undefined || clusters.split(',').includes(cluster);
}

/** The instances of a service, each address once. */
export interface ServiceView {
  readonly present: readonly ServiceInstance[];
  /** An older list has them still, and so may have the application. */
  readonly departed: readonly ServiceInstance[];
  /** Of clusters that were only asked for once, by nobody who still listens: nothing is known of them by now. */
  readonly unfollowed: readonly ServiceInstance[];
}

/**
 * @param lists the oldest first
 * @param isFollowed whether the client still keeps a list up to date
 */
export function viewOf<L extends ServiceList>(lists: readonly L[], isFollowed: (list: L) => boolean): ServiceView {
  const followed = lists.filter(isFollowed);
  const view = {
    present: [] as ServiceInstance[],
    departed: [] as ServiceInstance[],
    unfollowed: [] as ServiceInstance[],
  };
  const seen = new Set<string>();
  // From the newest on: what it has no word of, older ones may say.
  for (let at = lists.length - 1; at >= 0; at--) {
    const list = lists[at] as L;
    const newer = lists.slice(at + 1);
    for (const instance of list.instances) {
      const key = `${instance.port} ${instance.host}`;
      if (seen.has(key)) continue;
      const isGone = newer.some(other => covers(other, instance));
      // An answer that was asked for once stays as old as it is for good.
      if (isGone && !isFollowed(list)) continue;
      seen.add(key);
      if (!followed.some(other => covers(other, instance))) view.unfollowed.push(instance);
      else if (isGone) view.departed.push(instance);
      else view.present.push(instance);
    }
  }
  return view;
}
