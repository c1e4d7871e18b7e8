import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isInstanceTag } from '../../tag';
import { VERSION } from '../../version';
import {
  type BrokerAdministration,
  BrokerAdministrationError,
  brokerAdministration,
} from '../administration/broker-administration';
import { canaryGroup } from '../plan/group-name';
import type { Credentials } from '../remoting/signature';
import { announcementGroup, announcerClientId } from './announcement-name';
import { type BrokerLink, brokerLink } from './broker-link';
import { MEMORY_MS, type Memory, remember, type Source, whoIsThere } from './memory';
import { STAND_IN_SUFFIX } from './stand-in-client-id';
import { type WatchedBroker, type WatchedBrokers, watchedBrokers } from './watched-brokers';

export interface Announcement {
  /** What a broker says against it: without the right to be there, it is seen by nobody. */
  readonly refusal: string | undefined;
  /** Takes it back, when it is the last of its kind in this process. Bounded in time; never rejects. */
  withdraw(): Promise<void>;
}

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

/**
 * Who is there, by announcements that are kept on every broker of the clusters that host the topics, and end with the
 * process that made them.
 */
export interface Presence {
  /** Resolves when every broker that can be reached has taken it, after 3 s at the latest. Never rejects. */
  announceCanary(group: string, tag: string, topics: readonly string[]): Promise<Announcement>;
  announceStandIn(canaryGroup: string, topics: readonly string[]): Promise<Announcement>;
  announceDeclared(canaryGroup: string, topics: readonly string[]): Promise<Announcement>;
  /** For people who look: nothing is decided by it. */
  announceBaseline(group: string, topics: readonly string[]): Promise<Announcement>;
  /**
   * The canaries of a group. Never rejects.
   *
   * @param tags those to ask for where announcements cannot be looked up: by who is connected in the group of each
   */
  canaries(group: string, topics: readonly string[], tags?: Iterable<string>): Promise<CanariesSeen>;
  /** How many stand-ins are there, of this process as well; undefined: nobody answered. Never rejects. */
  standIns(canaryGroup: string, topics: readonly string[]): Promise<number | undefined>;
  /** Whether a baseline process declares the tag; undefined: nobody answered. Never rejects. */
  isDeclared(canaryGroup: string, topics: readonly string[]): Promise<boolean | undefined>;
  /** Ends it for this caller; for the last one announcements end with it. */
  close(): void;
}

export interface PresenceServers {
  /** `host:port;host:port`; absent: only the proxy is asked. */
  readonly namesrv?: string | undefined;
  /** `host:port` of the proxy's remoting endpoint, asked who is connected in a group where no broker answers. */
  readonly proxyRemoting?: string | undefined;
  readonly credentials?: Credentials | undefined;
}

const shared = new Map<string, { readonly presence: Presence; users: number }>();

/** The presence that all consumers of these servers and this account share in the process. */
export function sharedPresence(servers: PresenceServers): Presence {
  const { namesrv = '', proxyRemoting = '', credentials } = servers;
  const key = JSON.stringify([namesrv, proxyRemoting, credentials]);
  const entry = shared.get(key) ?? { presence: presence(servers), users: 0 };
  shared.set(key, entry);
  entry.users++;
  let isClosed = false;
  return {
    ...entry.presence,
    close() {
      if (isClosed) return;
      isClosed = true;
      entry.users--;
      if (entry.users > 0) return;
      shared.delete(key);
      entry.presence.close();
    },
  };
}

const ANNOUNCE_MS = 3_000;
const WITHDRAW_MS = 3_000;
/** Within a round, those who ask the same get the same answer. */
const ROUND_MS = 400;
/** A cluster that nobody asked about for so long is not looked up any more. */
const UNUSED_MS = 300_000;

const canariesOf = (group: string) => announcementGroup('canary', group);
const standInsOf = (group: string) => announcementGroup('stand-in', group);
const declaredOf = (group: string) => announcementGroup('declared', group);
const baselinesOf = (group: string) => announcementGroup('baseline', group);

interface Announced {
  readonly clientId: string;
  readonly clusters: Set<Cluster>;
  users: number;
}

interface Cluster {
  readonly brokers: WatchedBrokers;
  usedAt: number;
}

/** A server's answer to a question: who is there, of those that the question is about. */
type Question = (link: BrokerLink) => Promise<readonly string[]>;

interface Asked extends Source {
  readonly problem: string | undefined;
  /** Set when the server refused to answer. */
  readonly isRefused: boolean;
}

function presence({ namesrv, proxyRemoting, credentials }: PresenceServers): Presence {
  let administration: BrokerAdministration | undefined;
  /** By address. */
  const links = new Map<string, BrokerLink>();
  /** By topics. */
  const clusters = new Map<string, Cluster>();
  /** By producer group. */
  const announced = new Map<string, Announced>();
  /** By the server's name and the question. */
  const memories = new Map<string, Memory>();
  const underWay = new Map<string, Promise<Asked>>();
  const announcer = { host: hostname(), pid: process.pid, version: VERSION };
  const unique = randomBytes(6).toString('hex');

  function linkTo(address: string): BrokerLink {
    let link = links.get(address);
    if (link === undefined) {
      const onUnreachable = () => {
        for (const { brokers } of clusters.values()) brokers.doubt();
      };
      link = brokerLink(address, { credentials, onUnreachable });
      links.set(address, link);
    }
    return link;
  }

  /** Undefined where no name server is given. */
  function clusterOf(topics: readonly string[]): Cluster | undefined {
    if (namesrv === undefined) return undefined;
    administration ??= brokerAdministration({ namesrv, credentials });
    const key = [...new Set(topics)].sort().join(' ');
    let cluster = clusters.get(key);
    if (cluster === undefined) {
      const created: Cluster = {
        brokers: watchedBrokers(administration, topics, brokers => onBrokers(key, created, brokers)),
        usedAt: 0,
      };
      cluster = created;
      clusters.set(key, cluster);
    }
    cluster.usedAt = performance.now();
    return cluster;
  }

  /** What is announced is announced on brokers that are new as well; links and clusters of no use end. */
  async function onBrokers(key: string, cluster: Cluster, brokers: readonly WatchedBroker[]): Promise<void> {
    const isNeeded = [...announced.values()].some(announcement => announcement.clusters.has(cluster));
    if (!isNeeded && performance.now() - cluster.usedAt > UNUSED_MS) {
      clusters.delete(key);
      cluster.brokers.close();
    } else {
      for (const [producerGroup, announcement] of announced) {
        if (announcement.clusters.has(cluster)) putOn(brokers, producerGroup, announcement.clientId);
      }
    }
    const all = await Promise.all([...clusters.values()].map(each => each.brokers.current()));
    const addresses = new Set(all.flat().map(({ address }) => address));
    for (const [address, link] of links) {
      if (address === proxyRemoting || addresses.has(address)) continue;
      links.delete(address);
      link.close();
    }
    for (const [key, { answeredAt }] of memories) {
      if (performance.now() - answeredAt > MEMORY_MS) memories.delete(key);
    }
  }

  /** What each of the brokers says against it. */
  function putOn(
    brokers: readonly WatchedBroker[],
    producerGroup: string,
    clientId: string,
  ): Promise<(string | undefined)[]> {
    return Promise.all(
      brokers.map(({ address }) =>
        linkTo(address)
          .announce(producerGroup, clientId)
          .catch(() => undefined),
      ),
    );
  }

  async function announce(producerGroup: string, name: string, topics: readonly string[]): Promise<Announcement> {
    const cluster = clusterOf(topics);
    if (cluster === undefined) return { refusal: undefined, withdraw: async () => {} };
    const announcement = announced.get(producerGroup) ?? {
      clientId: announcerClientId({ name, ...announcer }, unique),
      clusters: new Set<Cluster>(),
      users: 0,
    };
    announced.set(producerGroup, announcement);
    announcement.clusters.add(cluster);
    announcement.users++;
    const put = cluster.brokers
      .current()
      .then(brokers => (announced.has(producerGroup) ? putOn(brokers, producerGroup, announcement.clientId) : []));
    const refusals = (await within(ANNOUNCE_MS, put)) ?? [];
    let isWithdrawn = false;
    return {
      refusal: refusals.find(refusal => refusal !== undefined),
      async withdraw() {
        if (isWithdrawn) return;
        isWithdrawn = true;
        announcement.users--;
        if (announcement.users > 0) return;
        announced.delete(producerGroup);
        await within(WITHDRAW_MS, Promise.all([...links.values()].map(link => link.withdraw(producerGroup))));
      },
    };
  }

  /** Asks one server, unless it is being asked, or has just been. Never rejects. */
  function ask(server: WatchedBroker, name: string, question: Question): Promise<Asked> {
    const key = `${server.name} ${name}`;
    const now = performance.now();
    const memory = memories.get(key);
    const answering = underWay.get(key);
    if (answering !== undefined) return answering;
    if (memory !== undefined && now - memory.answeredAt < ROUND_MS) {
      return Promise.resolve({ answered: true, memory, problem: undefined, isRefused: false });
    }
    const link = linkTo(server.address);
    const asked = question(link)
      .then(
        names => {
          const at = performance.now();
          const memory = remember(memories.get(key), { names, at, connectedAt: link.connectedAt });
          memories.set(key, memory);
          return { answered: true, memory, problem: undefined, isRefused: false };
        },
        error => ({
          answered: false,
          memory: memories.get(key),
          problem: error instanceof Error ? error.message : String(error),
          isRefused: error instanceof BrokerAdministrationError,
        }),
      )
      .finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  }

  /** Asks all brokers. */
  async function askBrokers(
    topics: readonly string[],
    askOne: (broker: WatchedBroker) => Promise<Asked[]>,
  ): Promise<Asked[]> {
    const cluster = clusterOf(topics);
    if (cluster === undefined) return [];
    const brokers = await cluster.brokers.current();
    const asked = (await Promise.all(brokers.map(askOne))).flat();
    if (asked.some(({ answered, isRefused }) => !answered && !isRefused)) cluster.brokers.doubt();
    if (asked.length > 0) return asked;
    return [{ answered: false, memory: undefined, problem: cluster.brokers.problem, isRefused: false }];
  }

  /** Asks who is connected in the group of each tag, which is longer there than it lives. */
  function askMembers(server: WatchedBroker, group: string, tags: readonly string[]): Promise<Asked[]> {
    const asked = tags.map(tag =>
      ask(server, `members ${canaryGroup(group, tag)}`, async link => {
        const members = await link.consumers(canaryGroup(group, tag));
        return members.some(clientId => !clientId.endsWith(STAND_IN_SUFFIX)) ? [tag] : [];
      }),
    );
    return Promise.all(asked);
  }

  const proxy = proxyRemoting === undefined ? undefined : { name: 'proxy', address: proxyRemoting };
  const nobodyAnswered = (asked: readonly Source[]) => !asked.some(({ answered }) => answered);

  return {
    announceCanary: (group, tag, topics) => announce(canariesOf(group), tag, topics),
    announceStandIn: (group, topics) => announce(standInsOf(group), 'stand-in', topics),
    announceDeclared: (group, topics) => announce(declaredOf(group), 'declared', topics),
    announceBaseline: (group, topics) => announce(baselinesOf(group), 'baseline', topics),

    async canaries(group, topics, tags = []) {
      const list = [...tags];
      let isOfAllTags = false;
      const about = new Set<string>();
      const askEach = async (server: WatchedBroker) => {
        const members = await askMembers(server, group, list);
        for (const [at, { answered }] of members.entries()) if (answered) about.add(list[at] as string);
        return members;
      };
      let asked = await askBrokers(topics, async broker => {
        const announcements = await ask(broker, canariesOf(group), async link =>
          tagsOf(await link.producers(canariesOf(group))),
        );
        isOfAllTags ||= announcements.answered;
        if (!announcements.isRefused) return [announcements];
        const members = await askEach(broker);
        // With no tag to ask for, that nobody may say who announced himself is all there is to know.
        return members.length > 0 ? members : [{ ...announcements, answered: true }];
      });
      if (nobodyAnswered(asked) && proxy) {
        const members = await askEach(proxy);
        if (!nobodyAnswered(members)) asked = members;
      }
      const { names, isComplete } = whoIsThere(asked, performance.now());
      return {
        tags: names,
        isComplete,
        about: isOfAllTags ? undefined : about,
        problem: asked.find(({ problem }) => problem !== undefined)?.problem,
      };
    },

    async standIns(group, topics) {
      const members = async (server: WatchedBroker) => [
        await ask(server, `stand-in members ${group}`, async link =>
          (await link.consumers(group)).filter(clientId => clientId.endsWith(STAND_IN_SUFFIX)),
        ),
      ];
      let asked = await askBrokers(topics, async broker => {
        const announcements = await ask(broker, standInsOf(group), link => link.producers(standInsOf(group)));
        return announcements.isRefused ? members(broker) : [announcements];
      });
      if (nobodyAnswered(asked) && proxy) asked = await members(proxy);
      return nobodyAnswered(asked) ? undefined : whoIsThere(asked, performance.now()).names.size;
    },

    async isDeclared(group, topics) {
      const asked = await askBrokers(topics, async broker => [
        await ask(broker, declaredOf(group), link => link.producers(declaredOf(group))),
      ]);
      return nobodyAnswered(asked) ? undefined : whoIsThere(asked, performance.now()).names.size > 0;
    },

    close() {
      for (const { brokers } of clusters.values()) brokers.close();
      for (const link of links.values()) link.close();
      administration?.close();
      clusters.clear();
      links.clear();
    },
  };
}

/** The tags in canaries' client ids; whatever else is in the group is not ours. */
function tagsOf(clientIds: readonly string[]): string[] {
  return clientIds.map(clientId => clientId.split('@', 1)[0]).filter(isInstanceTag);
}

/** What `work` resolves with; undefined when it takes longer. */
function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    timer.unref();
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
