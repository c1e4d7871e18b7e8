/** What `doctor` asks a cluster about one topic, group and tag. What the answers mean is said in doctor-checks.ts. */

import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import type { Interop } from '../../names/interop';
import type { Broker } from '../../rocketmq/administration/broker';
import { type BrokerAdministration, brokerAdministration } from '../../rocketmq/administration/broker-administration';
import type { TopicHost } from '../../rocketmq/administration/cluster-map';
import type { FilterProblem } from '../../rocketmq/administration/filter-check';
import type { GroupSettings } from '../../rocketmq/administration/groups';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import type { GroupSubscriptions } from '../../rocketmq/hand-over/written-subscriptions';
import { consumerPlan, plannedFilter } from '../../rocketmq/plan/consumer-plan';
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { canaryGroup } from '../../rocketmq/plan/group-name';
import { NOTHING_LEFT_OUT, withTags } from '../../rocketmq/plan/left-out';
import { groupBeside } from '../../rocketmq/presence/announcement-name';
import { proxyList } from '../../rocketmq/remoting/proxies';
import { type AnnouncedProcess, announcementsIn } from '../cluster/announced-processes';
import { type Answer, isKnown, type Settle, settling, valueIn } from '../cluster/answer';
import { type ClusterInspection, clusterInspection } from '../cluster/cluster-inspection';
import type { DeadLetters } from '../cluster/dead-letters';
import type { GroupMembers } from '../cluster/group-members';
import {
  askNameServers,
  askRelease,
  listedBrokers,
  markersByGroup,
  type NameServerAnswer,
  subscriptionsOf,
} from '../cluster/name-servers';
import { askProxies, type ProxyAnswers } from '../cluster/proxies';
import { type OldestWaiting, oldestWaiting } from '../cluster/waiting-message';

export interface DoctorQuestion {
  /** `host:port;host:port`; absent: only the proxy is asked. */
  readonly namesrv?: string | undefined;
  /**
   * `host:port;host:port` of proxies' remoting endpoints: asked who is connected; without name servers the first is all that is
   * asked.
   */
  readonly proxyRemoting?: string | undefined;
  readonly topic: string;
  readonly group: string;
  readonly tag: string;
  /** Name of the message property. */
  readonly key: string;
  readonly interop: Interop;
  /** What the application subscribes to. */
  readonly filter: FilterExpression;
  readonly filterSide: 'auto' | 'broker' | 'client';
  readonly baselineMode: 'auto' | 'all' | 'none';
  /** Tags that the baseline never takes. */
  readonly ignoredTags: readonly string[];
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
}

/** Of one group on one broker. */
export interface GroupOnBroker {
  /** Undefined: the broker has no such group. */
  readonly settings: Answer<GroupSettings | undefined>;
  readonly members: Answer<GroupMembers>;
  /** Of each queue of the topic on this broker: the group's offset, undefined where it has none. */
  readonly committed: Answer<readonly (number | undefined)[]>;
  readonly deadLetters: Answer<DeadLetters>;
  /** Of a canary's: the oldest message that waits and that the filter of its members selects. */
  readonly oldest: Answer<OldestWaiting | undefined>;
}

export interface BrokerPicture {
  readonly broker: Broker;
  /** Whether it answers anything at all, and its release. */
  readonly release: Answer<string | undefined>;
  /** What it says against the filters that the canary and the baseline use. */
  readonly filterProblems: {
    readonly canary: Answer<FilterProblem | undefined>;
    readonly baseline: Answer<FilterProblem | undefined>;
  };
  /** The end of each queue of the topic. */
  readonly ends: Answer<readonly number[]>;
  readonly baseline: GroupOnBroker;
  readonly canary: GroupOnBroker;
  /** Of all applications. */
  readonly groupCount: Answer<number>;
  /** What it says against creating groups; undefined: nothing. */
  readonly refusalOfGroups: Answer<string | undefined>;
  readonly announcements: Answer<readonly AnnouncedProcess[]>;
}

export interface DoctorPicture {
  /** ms since 1970 */
  readonly at: number;
  readonly question: Omit<DoctorQuestion, 'credentials' | 'tls'> & { readonly isSigned: boolean };
  readonly canaryGroup: string;
  /** What the agent makes of the application's filter. */
  readonly filters: { readonly canary: FilterExpression; readonly baseline: FilterExpression };
  readonly nameServers: readonly NameServerAnswer[];
  readonly topic: Answer<readonly TopicHost[] | undefined>;
  /** Those of the clusters that host the topic; all, when none does. */
  readonly brokers: readonly BrokerPicture[];
  /** Undefined: only a proxy is known. */
  readonly markers: Answer<readonly Marker[]> | undefined;
  /** Undefined: nobody was asked. */
  readonly subscriptions?: Answer<GroupSubscriptions>;
  /** What proxies say beside brokers; undefined: none was asked. */
  readonly proxies?: ProxyAnswers;
  /** What the proxy says where only that is known; undefined: name servers are. */
  readonly proxy:
    | {
        readonly address: string;
        readonly release: Answer<string | undefined>;
        readonly baseline: Answer<GroupMembers>;
        readonly canary: Answer<GroupMembers>;
      }
    | undefined;
}

/** Asks everything; what is not answered is part of the picture. Never rejects. */
export async function doctorPicture(asked: DoctorQuestion): Promise<DoctorPicture> {
  const { credentials, tls, ...question } = asked;
  const settle = settling(credentials);
  const inspection = clusterInspection({ credentials, tls });
  const administration = brokerAdministration({ namesrv: question.namesrv ?? '', credentials, tls });
  const group = canaryGroup(question.group, question.tag);
  const head = {
    at: Date.now(),
    question: { ...question, isSigned: credentials !== undefined },
    canaryGroup: group,
    filters: {
      canary: filterIn(question.tag, question),
      baseline: filterIn(undefined, question),
    },
  };
  try {
    if (question.namesrv === undefined) return await askProxy(head, inspection, settle);
    const nameServers = await askNameServers(question.namesrv, inspection, settle);
    const addresses = nameServers.map(({ address }) => address);
    const topic = await firstAnswer(addresses, address => settle(inspection.topic(address, question.topic)));
    const hosts = valueIn(topic) ?? [];
    const brokers = brokersInQuestion(nameServers, hosts);
    const answering = brokers.flatMap(({ address }) => address ?? []);
    const groups = [question.group, group];
    const [pictures, markers, subscriptions, proxies] = await Promise.all([
      Promise.all(brokers.map(broker => askBroker(broker, head, hosts, inspection, administration, settle))),
      settle(markersByGroup(administration).then(markers => markers.get(question.group) ?? [])),
      settle(subscriptionsOf(administration, question.group)),
      askProxies(answering, question.proxyRemoting, groups, inspection, settle),
    ]);
    return { ...head, nameServers, topic, brokers: pictures, markers, subscriptions, proxies, proxy: undefined };
  } finally {
    inspection.close();
    administration.close();
  }
}

type Head = Pick<DoctorPicture, 'at' | 'question' | 'canaryGroup' | 'filters'>;

/** What the agent makes of the application's filter, in the baseline while the canary is there. */
function filterIn(
  instanceTag: string | undefined,
  { group, topic, key, interop, baselineMode, ignoredTags, filter, tag }: Omit<DoctorQuestion, 'credentials' | 'tls'>,
): FilterExpression {
  const environment = { tag: instanceTag, key, interop, mqBaseline: baselineMode, mqIgnoreTags: ignoredTags };
  const plan = consumerPlan(group, environment);
  const isLeftOut = baselineMode === 'auto' && !ignoredTags.includes(tag);
  return plannedFilter(plan, filter, topic, isLeftOut ? withTags(NOTHING_LEFT_OUT, topic, [tag]) : NOTHING_LEFT_OUT);
}

async function firstAnswer<T>(
  addresses: readonly string[],
  question: (address: string) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  let last: Answer<T> = { problem: 'no server was asked', isRefusal: false };
  for (const address of addresses) {
    last = await question(address);
    if (isKnown(last)) return last;
  }
  return last;
}

function brokersInQuestion(nameServers: DoctorPicture['nameServers'], hosts: readonly TopicHost[]): Broker[] {
  const clusters = new Set(hosts.map(({ cluster }) => cluster));
  return listedBrokers(nameServers, ({ cluster }) => clusters.size === 0 || clusters.has(cluster)).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

async function askBroker(
  broker: Broker,
  { question, canaryGroup, filters }: Head,
  hosts: readonly TopicHost[],
  inspection: ClusterInspection,
  administration: BrokerAdministration,
  settle: Settle,
): Promise<BrokerPicture> {
  const { topic } = question;
  const queues = Array.from(
    { length: hosts.find(host => host.broker === broker.name)?.readQueues ?? 0 },
    (_, id) => id,
  );
  const address = broker.address ?? '';
  const release = await askRelease(broker, inspection, settle);
  // One that does not answer costs its time once.
  const when = <T>(question: () => Promise<T>): Promise<Answer<T>> =>
    isKnown(release) ? settle(question()) : Promise.resolve(release);
  const maxOffsets = when(() => Promise.all(queues.map(queue => administration.maxOffset(broker, topic, queue))));
  const ofGroup = async (group: string): Promise<GroupOnBroker> => {
    const [settings, members, committed, deadLetters] = await Promise.all([
      when(() => administration.groupSettings(broker, group)),
      when(() => inspection.members(address, group)),
      when(() => Promise.all(queues.map(queue => administration.committedOffset(broker, group, topic, queue)))),
      when(() => inspection.deadLetters(address, group)),
    ]);
    const ends = valueIn(await maxOffsets) ?? [];
    // Of the baseline: its gRPC clients do not tell a filter that changed, so what waits for it is not known.
    const ownOffsets = group === canaryGroup ? (valueIn(committed) ?? []) : [];
    const waiting = ownOffsets.flatMap((offset, queueId) =>
      offset !== undefined && offset < (ends[queueId] ?? 0) ? [{ topic, queueId, committed: offset }] : [],
    );
    const oldest = await when(() =>
      oldestWaiting(inspection, address, valueIn(members), waiting, () => filters.canary),
    );
    return { settings, members, committed, deadLetters, oldest };
  };
  const compiled = (group: string, filter: FilterExpression) =>
    when(() => administration.filterProblem(broker, group, topic, filter));
  const [canaryFilter, baselineFilter, ends, baseline, canary, groupCount, refusalOfGroups, announcements] =
    await Promise.all([
      compiled(canaryGroup, filters.canary),
      compiled(question.group, filters.baseline),
      maxOffsets,
      ofGroup(question.group),
      ofGroup(canaryGroup),
      when(() => administration.countGroups(broker)),
      when(() => inspection.refusalOfGroups(address)),
      when(() => announcementsOf(inspection, address, question)),
    ]);
  const filterProblems = { canary: canaryFilter, baseline: baselineFilter };
  return { broker, release, filterProblems, ends, baseline, canary, groupCount, refusalOfGroups, announcements };
}

/** Those that concern the group and the tag. */
async function announcementsOf(
  inspection: ClusterInspection,
  address: string,
  { group, tag, topic }: Pick<DoctorQuestion, 'group' | 'tag' | 'topic'>,
): Promise<AnnouncedProcess[]> {
  const beside = groupBeside(canaryGroup(group, tag), topic);
  const announced = await Promise.all([
    announcementsIn(inspection, address, group, [tag]),
    inspection.announcementsOf(address, 'beside', beside),
  ]);
  return announced.flat().filter(({ kind, announcer }) => kind !== 'canary' || announcer.name === tag);
}

/** Where a proxy alone can be reached, it knows the topic and who is connected. */
async function askProxy(head: Head, inspection: ClusterInspection, settle: Settle): Promise<DoctorPicture> {
  const { proxyRemoting, topic, group } = head.question;
  const [address = ''] = proxyList(proxyRemoting);
  const [release, hosts, baseline, canary] = await Promise.all([
    settle(inspection.release(address)),
    settle(inspection.topic(address, topic)),
    settle(inspection.members(address, group)),
    settle(inspection.members(address, head.canaryGroup)),
  ]);
  const proxy = { address, release, baseline, canary };
  return { ...head, nameServers: [], topic: hosts, brokers: [], markers: undefined, proxy };
}
