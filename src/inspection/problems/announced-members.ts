/** Which members of a group are processes that announce themselves: those alone run the agent in auto mode. Pure. */
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { hostOf, type Member } from '../cluster/group-members';

/**
 * The members that none of these announcements is of.
 *
 * A client id begins with the host, or its address, and the process id, whatever the client; where an application chose
 * another, as many of such members are taken for announced as there are announcements left.
 */
export function withoutAnnouncement(
  members: readonly Member[],
  announced: readonly AnnouncedProcess[],
): readonly Member[] {
  const matched = new Set<AnnouncedProcess>();
  const unmatched = members.filter(member => {
    const own = announced.filter(process => isOf(process, member));
    for (const process of own) matched.add(process);
    return own.length === 0;
  });
  let left = announced.length - matched.size;
  return unmatched.filter(member => placeIn(member) !== undefined || left-- <= 0);
}

function isOf({ announcer, address }: AnnouncedProcess, member: Member): boolean {
  const place = placeIn(member);
  if (place === undefined || place.pid !== announcer.pid) return false;
  if (!isAddress(place.host)) return place.host === announcer.host;
  if (address === undefined) return true;
  const host = hostOf(address);
  return host === place.host || host === hostOf(member.address);
}

function placeIn({ clientId }: Member): { readonly host: string; readonly pid: number } | undefined {
  const [, host, pid] = /^([^@]+)@(\d+)(?![\w.-])/.exec(clientId) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid) };
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
