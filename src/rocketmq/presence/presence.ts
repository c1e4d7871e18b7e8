import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { isInstanceTag } from '../../names/tag';
import { canaryGroup } from '../plan/group-name';
import { proxyList } from '../remoting/proxies';
import { type Runtime, systemRuntime } from '../remoting/runtime';
import { announcementGroup, groupBeside, type ProcessId, processOf } from './announcement-name';
import { type Announcement, type Announcements, announcements } from './announcements';
import { type Asking, askForAnnouncements } from './asked-announcements';
import { type BrokerQuestions, brokerQuestions } from './broker-questions';
import { isStandInId } from './consumer-client-id';
import { membersOf, proxyServer } from './members';
import { otherCanariesOf, type Wanted } from './other-canaries';
import { type SettingsVersion, settingsAnnouncement } from './settings-announcement';
import { watchedClusters } from './watched-clusters';

export type { Announcement } from './announcements';

export interface CanariesSeen {
  /** Tags of canaries that are there, by any of the brokers that answer; when none does, by their last answers. */
  readonly tags: ReadonlySet<string>;
  /** False: nobody answered, and absence proves nothing. */
  readonly isComplete: boolean;
  /** The tags that the answers are about; undefined: all that there may be. */
  readonly about: ReadonlySet<string> | undefined;
  /** Why a server gave no answer, in words; undefined when all did. */
  readonly problem: string | undefined;
}

export interface Baselines {
  readonly own: ProcessId;
  /** Undefined: nobody may say who they are. */
  readonly peers: readonly ProcessId[] | undefined;
}

/**
 * Who is there, by announcements that are kept on every broker of the clusters that host the topics, and end with the
 * process that made them.
 */
export interface Presence {
  /** Resolves when every broker that can be reached has taken it, after 3 s at the latest. Never rejects. */
  announceCanary(group: string, tag: string, topics: readonly string[]): Promise<Announcement>;
  announceStandIn(canaryGroup: string, topics: readonly string[]): Promise<Announcement>;
  /** The stand-in of a canary that is there and does not subscribe to these topics. */
  announceBeside(canaryGroup: string, topics: readonly string[]): Promise<Announcement>;
  announceDeclared(canaryGroup: string, topics: readonly string[]): Promise<Announcement>;
  /** A canary's consumer gets copies of the baseline's messages, in a group of their own. */
  announceCopies(canaryGroup: string, tag: string, topics: readonly string[]): Promise<Announcement>;
  /** Stand-ins are shared out among those who announce it. */
  announceBaseline(group: string, topics: readonly string[]): Promise<Announcement>;
  /**
   * The canaries of a group. Never rejects.
   *
   * @param tags those to ask for where announcements cannot be looked up: by who is connected in the group of each
   */
  canaries(group: string, topics: readonly string[], tags?: Iterable<string>): Promise<CanariesSeen>;
  /**
   * Tags of the canaries of a group that announce nothing; see other-canaries.ts. Asked every few seconds: within that time
   * the answer is the former one. Where nobody may say it there are none. Never rejects.
   */
  otherCanaries(wanted: Wanted): Promise<ReadonlySet<string>>;
  /**
   * Ids of the stand-ins that are there, of this process as well, be it beside a canary in one of the topics: those of
   * processes, or of members of the group where nobody may see announcements. Undefined: nobody answered. Never rejects.
   */
  standIns(canaryGroup: string, topics: readonly string[]): Promise<ReadonlySet<string> | undefined>;
  /**
   * Whether a process, be it this one, gets copies for a canary; undefined: nobody answered. Never rejects.
   *
   * @param groups the canary's, and that of the copies
   */
  hasCopies(groups: CopiesGroups, topics: readonly string[]): Promise<boolean | undefined>;
  /** The baseline's processes in a group, that have announced themselves; undefined: nobody answered. Never rejects. */
  baselines(group: string, topics: readonly string[]): Promise<Baselines | undefined>;
  /** Whether a baseline process declares the tag; undefined: nobody answered. Never rejects. */
  isDeclared(canaryGroup: string, topics: readonly string[]): Promise<boolean | undefined>;
  /** Ends it for this caller; for the last one announcements end with it. */
  close(): void;
}

export interface CopiesGroups {
  readonly canaryGroup: string;
  readonly copiesGroup: string;
}

export interface PresenceServers {
  /** `host:port;host:port`; absent: only the proxy is asked. */
  readonly namesrv?: string | undefined;
  /**
   * `host:port;host:port` of proxies' remoting endpoints, asked who is connected in a group where no broker says who announced
   * himself.
   */
  readonly proxyRemoting?: string | undefined;
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
  /** What is announced beside; undefined: the settings have no document. */
  readonly version?: SettingsVersion | undefined;
}

interface Shared {
  readonly presence: Presence;
  /** Those of all who share it. */
  readonly proxies: Set<string>;
  users: number;
}

/** One of each process: in a simulation there are several, each with a runtime of its own. */
const shared = new WeakMap<Runtime, Map<string, Shared>>();

/** The presence that all consumers of these servers and this account share in the process. */
export function sharedPresence(servers: PresenceServers, runtime: Runtime = systemRuntime): Presence {
  const { namesrv = '', proxyRemoting = '', credentials, tls } = servers;
  const all = shared.get(runtime) ?? new Map<string, Shared>();
  shared.set(runtime, all);
  // What is announced is announced once, whatever proxies the clients of a process are connected to.
  const key = JSON.stringify([namesrv, namesrv === '' ? proxyRemoting : '', credentials, tls]);
  const proxies = all.get(key)?.proxies ?? new Set<string>();
  for (const proxy of proxyList(proxyRemoting)) proxies.add(proxy);
  const entry = all.get(key) ?? { presence: presence(servers, runtime, proxies), proxies, users: 0 };
  all.set(key, entry);
  entry.users++;
  let isClosed = false;
  return {
    ...entry.presence,
    close() {
      if (isClosed) return;
      isClosed = true;
      entry.users--;
      if (entry.users > 0) return;
      all.delete(key);
      entry.presence.close();
    },
  };
}

const canariesOf = (group: string) => announcementGroup('canary', group);
const standInsOf = (group: string) => announcementGroup('stand-in', group);
const besideOf = (group: string, topic: string) => announcementGroup('beside', groupBeside(group, topic));
const declaredOf = (group: string) => announcementGroup('declared', group);
const copiesOf = (group: string) => announcementGroup('copies', group);
const baselinesOf = (group: string) => announcementGroup('baseline', group);

function presence(
  { namesrv, credentials, tls, version }: PresenceServers,
  runtime: Runtime,
  proxies: Set<string>,
): Presence {
  const { clock } = runtime;
  const clusters = watchedClusters(runtime, {
    namesrv,
    credentials,
    tls,
    proxies,
    isInUse: cluster => announced.isAnnouncedOn(cluster),
    onBrokers(cluster, brokers) {
      announced.putOnNew(cluster, brokers);
      questions.forgetOld();
    },
  });
  const announced: Announcements = announcements(runtime, clusters);
  const questions: BrokerQuestions = brokerQuestions(clock, clusters.linkTo);
  const asking: Asking = {
    clusters,
    questions,
    clock,
    get proxies() {
      return [...proxies].map(proxyServer);
    },
  };
  const { announce } = announced;
  const withSettings = settingsAnnouncement(announced, version);
  return {
    announceCanary: (group, tag, topics) => withSettings(announce(canariesOf(group), tag, topics), topics),
    announceStandIn: (group, topics) => announce(standInsOf(group), 'stand-in', topics),
    async announceBeside(group, topics) {
      const all = await Promise.all(topics.map(topic => announce(besideOf(group, topic), 'stand-in', [topic])));
      return {
        refusal: all.find(({ refusal }) => refusal !== undefined)?.refusal,
        async withdraw() {
          await Promise.all(all.map(one => one.withdraw()));
        },
      };
    },
    announceDeclared: (group, topics) => announce(declaredOf(group), 'declared', topics),
    announceCopies: (group, tag, topics) => announce(copiesOf(group), tag, topics),
    announceBaseline: (group, topics) => withSettings(announce(baselinesOf(group), 'baseline', topics), topics),
    canaries: (group, topics, tags = []) => canaries(asking, group, topics, [...tags]),
    otherCanaries: otherCanariesOf(asking, canariesOf),
    standIns: (group, topics) => standIns(asking, group, topics),
    hasCopies: (groups, topics) => hasCopies(asking, groups, topics),
    async baselines(group, topics) {
      const own = processOf(announced.clientIdFor('baseline'));
      const { names, isComplete, isRefused } = await askForAnnouncements(asking, topics, [baselinesOf(group)], all);
      if (isComplete) return { own, peers: [...names].map(processOf) };
      return isRefused ? { own, peers: undefined } : undefined;
    },
    isDeclared: (group, topics) => isDeclared(asking, group, topics),
    close: clusters.close,
  };
}

async function canaries(
  asking: Asking,
  group: string,
  topics: readonly string[],
  tags: readonly string[],
): Promise<CanariesSeen> {
  const announced = await askForAnnouncements(asking, topics, [canariesOf(group)], tagsOf);
  const { problem } = announced;
  if (announced.isComplete) return { tags: announced.names, isComplete: true, about: undefined, problem };
  // With no tag to ask for, that nobody may say who announced himself is all there is to know.
  if (tags.length === 0) {
    return { tags: announced.names, isComplete: announced.isRefused, about: new Set(), problem };
  }
  const members = await Promise.all(
    tags.map(tag => {
      const its = canaryGroup(group, tag);
      const pick = (clientIds: readonly string[]) => (clientIds.some(isNoStandIn) ? [tag] : []);
      return membersOf({ ...asking, brokers: announced.refusing }, its, `members ${its}`, pick);
    }),
  );
  const about = new Set(tags.filter((_, index) => members[index]?.isProven));
  const known = [...announced.names].filter(tag => !about.has(tag));
  return {
    tags: new Set([...known, ...members.flatMap(({ names }) => [...names])]),
    isComplete: about.size > 0,
    about,
    problem: members.find(({ problem }) => problem !== undefined)?.problem ?? (about.size === 0 ? problem : undefined),
  };
}

const all = (clientIds: readonly string[]) => clientIds;
const isNoStandIn = (clientId: string) => !isStandInId(clientId);

async function standIns(
  asking: Asking,
  group: string,
  topics: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const groups = [standInsOf(group), ...topics.map(topic => besideOf(group, topic))];
  const announced = await askForAnnouncements(asking, topics, groups, all);
  if (announced.isComplete) return new Set([...announced.names].map(clientId => processOf(clientId).id));
  const pick = (clientIds: readonly string[]) => clientIds.filter(clientId => !isNoStandIn(clientId));
  const servers = { ...asking, brokers: announced.refusing };
  const { names, isProven } = await membersOf(servers, group, `stand-in members ${group}`, pick);
  return isProven || names.size > 0 ? names : undefined;
}

async function hasCopies(
  asking: Asking,
  { canaryGroup, copiesGroup }: CopiesGroups,
  topics: readonly string[],
): Promise<boolean | undefined> {
  const announced = await askForAnnouncements(asking, topics, [copiesOf(canaryGroup)], clientIds => clientIds);
  if (announced.isComplete) return announced.names.size > 0;
  const servers = { ...asking, brokers: announced.refusing };
  const { names, isProven } = await membersOf(servers, copiesGroup, `members ${copiesGroup}`, clientIds => clientIds);
  return isProven || names.size > 0 ? names.size > 0 : undefined;
}

async function isDeclared(asking: Asking, group: string, topics: readonly string[]): Promise<boolean | undefined> {
  const announced = await askForAnnouncements(asking, topics, [declaredOf(group)], all);
  return announced.isComplete ? announced.names.size > 0 : undefined;
}

/** The tags in canaries' client ids; whatever else is in the group is not ours. */
function tagsOf(clientIds: readonly string[]): string[] {
  return clientIds.map(clientId => clientId.split('@', 1)[0]).filter(isInstanceTag);
}
