/** What the page says of what it draws. Pure. */
import { perSecond as rateInWords } from '../inspection/cluster/amounts';
import type { Group } from '../inspection/fleet/fleet-shape';

export function perSecond(rate: number | null): string {
  return rate === null ? 'rate not known' : rateInWords(rate);
}

export function waiting(backlog: number | null): string {
  if (backlog === null) return 'backlog not known';
  return backlog === 0 ? 'none waiting' : `${backlog.toLocaleString('en')} waiting`;
}

/** `vm@22758@0@mwxcanvt`: the clients put host (or address) and process first. */
export function memberName(clientId: string): string {
  const [, host, pid] = /^([^@]+)@(\d+)/.exec(clientId) ?? [];
  return host === undefined ? clientId : `${host}, ${pid}`;
}

/** Whether nobody takes what comes: a canary that was there, and for which the baseline does not stand in. */
export function isLeftLying({ tag, takenBy, phase, isDeclared }: Group): boolean {
  return tag !== null && takenBy === 'nobody' && (phase === 'managed' || phase === 'draining' || isDeclared);
}

/** Whether more waits than is on its way at any time: what a group takes in ten seconds. */
export function isBehind(group: Group): boolean {
  const { backlog, takenPerSecond } = group;
  if (isLeftLying(group)) return (backlog ?? 0) > 0;
  return (backlog ?? 0) > Math.max(20, 10 * (takenPerSecond ?? 0));
}

/** Who takes the messages of an environment. */
export function saidOf(tag: string | null, groups: readonly Group[]): { text: string; className: string } {
  if (groups.some(isLeftLying)) return { text: 'nobody takes its messages', className: 'alarm' };
  if (groups.some(({ takenBy }) => takenBy === 'both')) return { text: 'handing over', className: 'standing-in' };
  if (groups.some(({ takenBy }) => takenBy === 'stand-ins')) {
    return { text: 'the baseline stands in', className: 'standing-in' };
  }
  if (groups.some(({ takenBy }) => takenBy === 'consumers')) {
    return { text: tag === null ? 'what no canary takes' : 'takes its own messages', className: '' };
  }
  return groups.every(({ takenBy }) => takenBy === 'unknown')
    ? { text: 'not known', className: '' }
    : { text: tag === null ? 'nobody is online' : 'never there: the baseline takes them', className: '' };
}

/** Of a group of which nobody says who is connected. */
export function unseenMembers({ takenBy, consumers, standIns }: Group): string {
  if (takenBy === 'nobody') return 'nobody';
  if (takenBy === 'unknown') return 'who is there is not known';
  const parts = [
    ...(consumers > 0 ? [`${consumers} announced`] : []),
    ...(standIns > 0 ? [`${standIns} standing in`] : []),
  ];
  return parts.join(', ');
}
