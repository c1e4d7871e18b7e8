/** How announcements are named on brokers: as producer groups, and as the client ids of those that are in them. */

/**
 * What a process announces: that it is a canary in a group; that it stands in for one, or declares its tag, by the canary's
 * group; that it stands in for one that is there, in a topic that it does not subscribe to, by {@link groupBeside}; that it
 * hands messages over in the baseline's group; that a canary gets copies of the baseline's messages, by the canary's group; and which version of the settings it has, by the digits of their document.
 */
export type AnnouncementKind = 'canary' | 'stand-in' | 'beside' | 'declared' | 'baseline' | 'copies' | 'settings';

const PREFIX = 'rocketmq-gray.';
const KINDS: readonly AnnouncementKind[] = [
  'canary',
  'stand-in',
  'beside',
  'declared',
  'baseline',
  'copies',
  'settings',
];

/** @param group of a canary, and in the baseline: the baseline's group; else the canary's */
export function announcementGroup(kind: AnnouncementKind, group: string): string {
  return `${PREFIX}${kind}.${group}`;
}

/** A topic of a canary's group. Neither name has a dot in it. */
export function groupBeside(canaryGroup: string, topic: string): string {
  return `${canaryGroup}.${topic}`;
}

/** What a producer group's name says; undefined: it is none of ours. */
export function parseAnnouncementGroup(
  producerGroup: string,
): { readonly kind: AnnouncementKind; readonly group: string } | undefined {
  if (!producerGroup.startsWith(PREFIX)) return undefined;
  const rest = producerGroup.slice(PREFIX.length);
  const kind = KINDS.find(name => rest.startsWith(`${name}.`));
  return kind && { kind, group: rest.slice(kind.length + 1) };
}

/** A process that announces something. */
export interface Announcer {
  /** Of a canary: its tag. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Of the agent; undefined: one that does not say it. */
  readonly version: string | undefined;
}

/**
 * The client id under which a process announces something.
 *
 * @param unique tells the process from others of the same host and id, such as those of containers
 */
export function announcerClientId({ name, host, pid, version }: Announcer, unique: string): string {
  return [name, host, pid, unique, ...(version === undefined ? [] : [version])].join('@');
}

/** A process, by what all its announcements have in common. */
export interface ProcessId {
  /** The same for no other process. */
  readonly id: string;
  readonly host: string;
}

/** Which process it is that announces something. */
export function processOf(clientId: string): ProcessId {
  const id = clientId.slice(clientId.indexOf('@') + 1);
  return { id, host: parseAnnouncer(clientId)?.host ?? id };
}

/** Undefined: whatever it is, it is no announcement of ours. */
export function parseAnnouncer(clientId: string): Announcer | undefined {
  const match = /^([^@]+)@(.+)@(\d+)@[0-9a-f]+(?:@([^@]+))?$/.exec(clientId);
  if (match === null) return undefined;
  const [, name = '', host = '', pid, version] = match;
  return { name, host, pid: Number(pid), version };
}
