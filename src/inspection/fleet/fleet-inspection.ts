/** Asks a cluster about its fleet, again and again. */
import type { Broker } from '../../rocketmq/administration/broker';
import { type BrokerAdministration, brokerAdministration } from '../../rocketmq/administration/broker-administration';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import { type FilterExpression, isTagged } from '../../rocketmq/plan/filter-expression';
import { type AnnouncedProcess, announcementsIn } from '../cluster/announced-processes';
import { type Answer, isKnown, type Settle, settling, valueIn } from '../cluster/answer';
import { listsProducers } from '../cluster/broker-version';
import { type ClusterInspection, clusterInspection } from '../cluster/cluster-inspection';
import type { GroupStats } from '../cluster/consumer-groups';
import { askNameServers, askRelease, listedBrokers, markersByGroup } from '../cluster/name-servers';
import { askProxies } from '../cluster/proxies';
import { oldestWaiting } from '../cluster/waiting-message';
import { fleetOf } from './fleet';
import type { BrokerAnswers, FleetQuestion, GroupAnswers } from './fleet-answers';
import type { Fleet } from './fleet-shape';
import { isOwnTopic, type Lane, lanesOf, topicsOf } from './lanes';

export interface FleetInspection {
  /** The fleet as the brokers know it now. Never rejects. */
  look(): Promise<Fleet>;
  close(): void;
}

export function fleetInspection({ credentials, tls, ...question }: FleetQuestion): FleetInspection {
  const settle = settling(credentials);
  const inspection = clusterInspection({ credentials, tls });
  const administration = brokerAdministration({ namesrv: question.namesrv, credentials, tls });
  const asking: Asking = { question, inspection, administration, settle };

  return {
    async look() {
      const at = Date.now();
      const [nameServers, markers] = await Promise.all([
        askNameServers(question.namesrv, inspection, settle),
        settle(markersByGroup(administration)),
      ]);
      const heard = await Promise.all(
        listedBrokers(nameServers).map(broker => askWhoIsThere(asking, broker, valueIn(markers) ?? new Map())),
      );
      const lanes = lanesOf({ question, markers, brokers: heard });
      const answering = heard.flatMap(({ broker, release }) => (isKnown(release) ? (broker.address ?? []) : []));
      const groups = lanes.map(({ group }) => group);
      const [brokers, proxies] = await Promise.all([
        Promise.all(heard.map(broker => askGroups(asking, broker, lanes))),
        askProxies(answering, question.proxyRemoting, groups, inspection, settle),
      ]);
      return fleetOf({ at, question, nameServers, markers, brokers, proxies });
    },
    close() {
      inspection.close();
      administration.close();
    },
  };
}

interface Asking {
  readonly question: Omit<FleetQuestion, 'credentials' | 'tls'>;
  readonly inspection: ClusterInspection;
  readonly administration: BrokerAdministration;
  readonly settle: Settle;
}

/** By the baseline's group. */
type Markers = ReadonlyMap<string, readonly Marker[]>;

/** What a broker tells before it is known which groups there are. */
type Heard = Omit<BrokerAnswers, 'groups' | 'put'>;

async function askWhoIsThere(asking: Asking, broker: Broker, markers: Markers): Promise<Heard> {
  const { inspection, settle } = asking;
  const { address } = broker;
  const release = await askRelease(broker, inspection, settle);
  if (address === undefined || !isKnown(release)) {
    return { broker, release, announcements: release as Answer<never>, isListed: true };
  }
  const announced = await settle(announcementsOn(asking, address, release.value, markers));
  return {
    broker,
    release,
    announcements: isKnown(announced) ? { value: announced.value.processes } : announced,
    isListed: valueIn(announced)?.isListed ?? true,
  };
}

/** All announcements; from brokers that cannot list them, those in groups that have markers or were asked for. */
async function announcementsOn(
  { question, inspection }: Asking,
  address: string,
  release: string | undefined,
  markers: Markers,
): Promise<{ readonly processes: readonly AnnouncedProcess[]; readonly isListed: boolean }> {
  const listed = listsProducers(release) ? await inspection.announcements(address) : undefined;
  if (listed !== undefined) return { processes: listed, isListed: true };
  const groups = question.groups.length > 0 ? question.groups : [...markers.keys()];
  const asked = groups.map(group => {
    const tags = new Set([...(markers.get(group) ?? []).map(({ tag }) => tag), ...question.tags]);
    return announcementsIn(inspection, address, group, [...tags]);
  });
  return { processes: (await Promise.all(asked)).flat(), isListed: false };
}

async function askGroups(asking: Asking, heard: Heard, lanes: readonly Lane[]): Promise<BrokerAnswers> {
  const { inspection, settle } = asking;
  const { address } = heard.broker;
  if (address === undefined || !isKnown(heard.release)) return { ...heard, groups: new Map(), put: new Map() };
  const asked = lanes.map(async lane => [lane.group, await askGroup(asking, heard.broker, lane)] as const);
  const groups = new Map(await Promise.all(asked));
  const topics = new Set([...groups.values()].flatMap(({ taken }) => [...taken.keys()]));
  const put = [...topics].map(async topic => [topic, await settle(inspection.putPerSecond(address, topic))] as const);
  return { ...heard, groups, put: new Map(await Promise.all(put)) };
}

async function askGroup(
  { question, inspection, administration, settle }: Asking,
  broker: Broker,
  { group, marker, tag }: Lane,
): Promise<GroupAnswers> {
  const { address = '' } = broker;
  const [members, stats, settings, deadLetters] = await Promise.all([
    settle(inspection.members(address, group)),
    settle(inspection.stats(address, group)),
    settle(administration.groupSettings(broker, group)),
    settle(inspection.deadLetters(address, group)),
  ]);
  // Of the baseline: its gRPC clients do not tell a filter that changed, so what waits for it is not known.
  const waiting = tag === undefined ? [] : (valueIn(stats)?.queues ?? []).filter(isWaiting);
  const filterOf = (topic: string) =>
    tag !== undefined && marker?.topics?.includes(topic) ? onlyTagged(question.assumed.key, tag) : undefined;
  const oldest = await settle(oldestWaiting(inspection, address, valueIn(members), waiting, filterOf));
  const topics = topicsOf([{ members, stats }], marker);
  const taken = topics.map(
    async topic => [topic, await settle(inspection.takenPerSecond(address, topic, group))] as const,
  );
  return { members, stats, settings, deadLetters, oldest, taken: new Map(await Promise.all(taken)) };
}

function onlyTagged(key: string, tag: string): FilterExpression {
  return { type: 'SQL92', expression: isTagged({ key, hasBaggage: false }, tag) };
}

function isWaiting({ topic, committed, end }: GroupStats['queues'][number]): boolean {
  return committed < end && !isOwnTopic(topic);
}
