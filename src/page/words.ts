/** What the page says of what it draws. Pure. */
import { perSecond as rateInWords } from '../inspection/cluster/amounts';
import type { Group } from '../inspection/fleet/fleet-shape';

/** In the place of a number. */
const UNKNOWN = '–';

export function amount(count: number | null): string {
  return count === null ? UNKNOWN : count.toLocaleString('en');
}

export function perSecond(rate: number | null): string {
  return rate === null ? UNKNOWN : rateInWords(rate);
}

export function waiting(backlog: number | null): string {
  return backlog === 0 ? 'none waiting' : `${amount(backlog)} waiting`;
}

/** `vm@22758@0@mwxcanvt`: the clients put host (or address) and process first. */
export function processOf(clientId: string): { readonly host: string; readonly pid: string } | undefined {
  const [, host, pid] = /^([^@]+)@(\d+)/.exec(clientId) ?? [];
  return host === undefined || pid === undefined ? undefined : { host, pid };
}

export function memberName(clientId: string): string {
  const process = processOf(clientId);
  return process === undefined ? clientId : `${process.host}, ${process.pid}`;
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

/** Who takes the messages of an environment: of its groups that are shown. */
export function saidOf(tag: string | null, groups: readonly Group[]): { text: string; className: string } {
  const count = (isOne: (group: Group) => boolean) => groups.filter(isOne).length;
  const all = groups.length;
  const lying = count(isLeftLying);
  const own = count(({ takenBy }) => takenBy === 'consumers');
  const standIns = count(({ takenBy }) => takenBy === 'stand-ins');
  const both = count(({ takenBy }) => takenBy === 'both');
  const unknown = count(({ takenBy }) => takenBy === 'unknown');
  const className = lying > 0 ? 'alarm' : standIns + both > 0 ? 'standing-in' : '';
  if (all === 0 || unknown === all) return { text: 'not known', className };
  if (tag === null) {
    if (own === 0) return { text: 'nobody is online', className };
    return { text: own === all ? 'what no canary takes' : `${own} of ${all} groups are taken`, className };
  }
  const whole = [
    [lying, 'nobody takes its messages'],
    [both, 'handing over'],
    [standIns, 'the baseline stands in'],
    [own, 'takes its own messages'],
    [all - lying - both - standIns - own - unknown, 'never there: the baseline takes them'],
  ] as const;
  const [, text] = whole.find(([part]) => part === all) ?? [];
  if (text !== undefined) return { text, className };
  const parts = [
    ...(own > 0 ? [`${own} of ${all} groups are taken by the canary`] : []),
    ...(both > 0 ? [`${both} of ${all} are handed over`] : []),
    ...(standIns > 0 ? [`in ${standIns} of ${all} the baseline stands in`] : []),
    ...(lying > 0 ? [`nobody takes ${lying} of ${all}`] : []),
  ];
  return { text: parts.join(', '), className };
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
