/** Among whom standing in is shared out. Pure. */
import type { ProcessId } from '../presence/announcement-name';
import { orderOf } from './rendezvous';

export interface Sharing {
  /** The id of this process, which is one of the peers. */
  readonly own: string;
  readonly peers: readonly ProcessId[];
}

/** @param peers undefined: nobody may say who they are. This process may not be among them yet */
export function sharingOf(own: ProcessId, peers: readonly ProcessId[] | undefined): Sharing | undefined {
  if (peers === undefined) return undefined;
  const all = new Map([...peers, own].map(peer => [peer.id, peer]));
  return { own: own.id, peers: [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

export function isSame(one: Sharing | undefined, other: Sharing | undefined): boolean {
  if (one?.peers.length !== other?.peers.length) return false;
  return one?.peers.every(({ id }, index) => id === other?.peers[index]?.id) ?? true;
}

/** See {@link Share.turn}. @param limit how many are to stand in @param group the canary's */
export function turnOf(sharing: Sharing | undefined, limit: number, group: string): number {
  if (sharing === undefined || sharing.peers.length <= limit) return 0;
  return Math.floor(orderOf(sharing.peers, group).indexOf(sharing.own) / limit);
}

/** Of those who stand in, as many as are wanted come before this process, or are none that it could come before. */
export function areEnough(sharing: Sharing, limit: number, group: string, standing: readonly string[]): boolean {
  const order = orderOf(sharing.peers, group);
  const own = order.indexOf(sharing.own);
  return standing.filter(id => order.indexOf(id) < own).length >= limit;
}
