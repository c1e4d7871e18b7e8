import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { isInstanceTag } from '../../names/tag';
import { canaryGroup } from '../plan/group-name';
import { type Runtime, systemRuntime } from '../remoting/runtime';
import { announcementGroup, groupBeside } from './announcement-name';
import { type Announcement, type Announcements, announcements } from './announcements';
import { type Asked, type BrokerQuestions, brokerQuestions } from './broker-questions';
import { STAND_IN_SUFFIX } from './consumer-client-id';
import { type Source, whoIsThere } from './memory';
import { otherCanaries, type Wanted } from './other-canaries';
import type { WatchedBroker } from './watched-brokers';
import { type WatchedClusters, watchedClusters } from './watched-clusters';

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
  /** For people who look: nothing is decided by it. */
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
   * How many stand-ins are there, of this process as well, be it beside a canary in one of the topics; undefined: nobody
   * answered. Never rejects.
   */
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
  readonly tls?: TlsMode | undefined;
}

interface Shared {
  readonly presence: Presence;
  users: number;
}

/** One of each process: in a simulation there are several, each with a runtime of its own. */
const shared = new WeakMap<Runtime, Map<string, Shared>>();

/** The presence that all consumers of these servers and this account share in the process. */
export function sharedPresence(servers: PresenceServers, runtime: Runtime = systemRuntime): Presence {
  const { namesrv = '', proxyRemoting = '', credentials, tls } = servers;
  const all = shared.get(runtime) ?? new Map<string, Shared>();
  shared.set(runtime, all);
  const key = JSON.stringify([namesrv, proxyRemoting, credentials, tls]);
  const entry = all.get(key) ?? { presence: presence(servers, runtime), users: 0 };
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
const baselinesOf = (group: string) => announcementGroup('baseline', group);

/** What is asked, and whom. */
interface Asking {
  readonly clusters: WatchedClusters;
  readonly questions: BrokerQuestions;
  readonly proxy: WatchedBroker | undefined;
  readonly now: () => number;
}

function presence({ namesrv, proxyRemoting, credentials, tls }: PresenceServers, runtime: Runtime): Presence {
  const { clock } = runtime;
  const clusters = watchedClusters(runtime, {
    namesrv,
    credentials,
    tls,
    proxyRemoting,
    isInUse: cluster => announced.isAnnouncedOn(cluster),
    onBrokers(cluster, brokers) {
      announced.putOnNew(cluster, brokers);
      questions.forgetOld();
    },
  });
  const announced: Announcements = announcements(clock, clusters);
  const questions: BrokerQuestions = brokerQuestions(clock, clusters.linkTo);
  const proxy = proxyRemoting === undefined ? undefined : { name: 'proxy', address: proxyRemoting };
  const asking = { clusters, questions, proxy, now: clock.now };
  const others = otherCanariesOf(asking);
  const { announce } = announced;
  return {
    announceCanary: (group, tag, topics) => announce(canariesOf(group), tag, topics),
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
    announceBaseline: (group, topics) => announce(baselinesOf(group), 'baseline', topics),
    canaries: (group, topics, tags = []) => canaries(asking, group, topics, [...tags]),
    otherCanaries: others,
    standIns: (group, topics) => standIns(asking, group, topics),
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
  const { questions, proxy, now } = asking;
  let isOfAllTags = false;
  const about = new Set<string>();
  const askMembersOfEach = async (server: WatchedBroker) => {
    const members = await askMembers(asking, server, group, tags);
    for (const [at, { answered }] of members.entries()) if (answered) about.add(tags[at] as string);
    return members;
  };
  let asked = await askBrokers(asking, topics, async broker => {
    const announcements = await questions.ask(broker, canariesOf(group), async link =>
      tagsOf(await link.producers(canariesOf(group))),
    );
    isOfAllTags ||= announcements.answered;
    if (!announcements.isRefused) return [announcements];
    const members = await askMembersOfEach(broker);
    // With no tag to ask for, that nobody may say who announced himself is all there is to know.
    return members.length > 0 ? members : [{ ...announcements, answered: true }];
  });
  if (nobodyAnswered(asked) && proxy) {
    const members = await askMembersOfEach(proxy);
    if (!nobodyAnswered(members)) asked = members;
  }
  const { names, isComplete } = whoIsThere(asked, now());
  return {
    tags: names,
    isComplete,
    about: isOfAllTags ? undefined : about,
    problem: asked.find(({ problem }) => problem !== undefined)?.problem,
  };
}

/** Asks who is connected in the group of each tag, which is longer there than it lives. */
function askMembers(
  { questions }: Asking,
  server: WatchedBroker,
  group: string,
  tags: readonly string[],
): Promise<Asked[]> {
  const asked = tags.map(tag =>
    questions.ask(server, `members ${canaryGroup(group, tag)}`, async link => {
      const members = await link.consumers(canaryGroup(group, tag));
      return members.some(clientId => !clientId.endsWith(STAND_IN_SUFFIX)) ? [tag] : [];
    }),
  );
  return Promise.all(asked);
}

async function standIns(asking: Asking, group: string, topics: readonly string[]): Promise<number | undefined> {
  const { questions, proxy, now } = asking;
  const members = async (server: WatchedBroker) => [
    await questions.ask(server, `stand-in members ${group}`, async link =>
      (await link.consumers(group)).filter(clientId => clientId.endsWith(STAND_IN_SUFFIX)),
    ),
  ];
  let asked = await askBrokers(asking, topics, async broker => {
    const groups = [standInsOf(group), ...topics.map(topic => besideOf(group, topic))];
    const asked = await Promise.all(groups.map(name => questions.ask(broker, name, link => link.producers(name))));
    return asked.some(({ isRefused }) => isRefused) ? members(broker) : asked;
  });
  if (nobodyAnswered(asked) && proxy) asked = await members(proxy);
  return nobodyAnswered(asked) ? undefined : whoIsThere(asked, now()).names.size;
}

/** How often it is asked for canaries that announce nothing, ms. */
const OTHERS_MS = 3_000;

function otherCanariesOf(asking: Asking): (wanted: Wanted) => Promise<ReadonlySet<string>> {
  const { on } = otherCanaries(canariesOf);
  const answers = new Map<string, { readonly at: number; readonly tags: Promise<ReadonlySet<string>> }>();
  return wanted => {
    const name = `others ${JSON.stringify(wanted)}`;
    const known = answers.get(name);
    const now = asking.now();
    if (known !== undefined && now - known.at < OTHERS_MS) return known.tags;
    const asked = askBrokers(asking, wanted.topics, async broker => [
      await asking.questions.ask(broker, name, link => on(link, broker.name, wanted)),
    ]);
    const tags = asked.then(sources => whoIsThere(sources, asking.now()).names);
    answers.set(name, { at: now, tags });
    return tags;
  };
}

async function isDeclared(asking: Asking, group: string, topics: readonly string[]): Promise<boolean | undefined> {
  const asked = await askBrokers(asking, topics, async broker => [
    await asking.questions.ask(broker, declaredOf(group), link => link.producers(declaredOf(group))),
  ]);
  return nobodyAnswered(asked) ? undefined : whoIsThere(asked, asking.now()).names.size > 0;
}

/** Asks all brokers. */
async function askBrokers(
  { clusters }: Asking,
  topics: readonly string[],
  askOne: (broker: WatchedBroker) => Promise<Asked[]>,
): Promise<Asked[]> {
  const cluster = clusters.of(topics);
  if (cluster === undefined) return [];
  const brokers = await cluster.brokers.current();
  const asked = (await Promise.all(brokers.map(askOne))).flat();
  if (asked.some(({ answered, isRefused }) => !answered && !isRefused)) cluster.brokers.doubt();
  if (asked.length > 0) return asked;
  return [{ answered: false, memory: undefined, problem: cluster.brokers.problem, isRefused: false }];
}

function nobodyAnswered(asked: readonly Source[]): boolean {
  return !asked.some(({ answered }) => answered);
}

/** The tags in canaries' client ids; whatever else is in the group is not ours. */
function tagsOf(clientIds: readonly string[]): string[] {
  return clientIds.map(clientId => clientId.split('@', 1)[0]).filter(isInstanceTag);
}
