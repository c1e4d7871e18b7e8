/**
 * In which order processes come to do one thing. Each of them finds the same order from the same list, without asking, and
 * one that comes or goes changes only its own places (rendezvous hashing; Thaler and Ravishankar, 1998).
 */
import type { ProcessId } from '../presence/announcement-name';

/**
 * Best first. One process of each host comes before a second one of any: a host that fails does not take the first two.
 *
 * @param name what is to be done
 */
export function orderOf(peers: readonly ProcessId[], name: string): string[] {
  const scored = peers.map(peer => ({ ...peer, score: score(`${peer.id} ${name}`) }));
  scored.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  const seen = new Map<string, number>();
  const rounds = scored.map(({ id, host }) => {
    const round = seen.get(host) ?? 0;
    seen.set(host, round + 1);
    return { id, round };
  });
  // A stable sort: within a round the scores count.
  return rounds.sort((a, b) => a.round - b.round).map(({ id }) => id);
}

/** FNV-1a of 32 bits, mixed as MurmurHash3 ends: names that differ in one character are to be far apart. */
function score(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
