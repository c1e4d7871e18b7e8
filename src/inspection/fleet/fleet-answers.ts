/** What `status` and `page` ask a cluster, again and again. What the answers make is said in fleet.ts. */

import type { Credentials } from '../../names/credentials';
import { type Broker, brokerAdministration } from '../../rocketmq/administration/broker-administration';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import { canaryGroup } from '../../rocketmq/plan/group-name';
import { type Answer, isKnown, settling, valueIn } from '../cluster/answer';
import {
  type AnnouncedProcess,
  clusterInspection,
  type GroupMembers,
  type GroupStats,
} from '../cluster/cluster-inspection';
import {
  askNameServers,
  askRelease,
  listedBrokers,
  markersByGroup,
  type NameServerAnswer,
} from '../cluster/name-servers';
import { fleetOf } from './fleet';
import type { Fleet } from './fleet-shape';
import { type Lane, lanesOf, topicsOf } from './lanes';

export interface FleetQuestion {
  /** `host:port;host:port` */
  readonly namesrv: string;
  /** The baseline's groups to look at; empty: all that are announced or marked. */
  readonly groups: readonly string[];
  /** Tags to look at besides those that are announced or marked. */
  readonly tags: readonly string[];
  readonly credentials?: Credentials | undefined;
}

export interface GroupAnswers {
  readonly members: Answer<GroupMembers>;
  readonly stats: Answer<GroupStats>;
  /** Messages a second, by topic. */
  readonly taken: ReadonlyMap<string, Answer<number>>;
}

export interface BrokerAnswers {
  readonly broker: Broker;
  readonly release: Answer<string | undefined>;
  readonly announcements: Answer<readonly AnnouncedProcess[]>;
  /** False: only the announcements in groups that are known otherwise. */
  readonly isListed: boolean;
  readonly groups: ReadonlyMap<string, GroupAnswers>;
  /** Messages a second, by topic. */
  readonly put: ReadonlyMap<string, Answer<number>>;
}

export interface FleetAnswers {
  /** ms since 1970 */
  readonly at: number;
  readonly question: Omit<FleetQuestion, 'credentials'>;
  readonly nameServers: readonly NameServerAnswer[];
  /** By the baseline's group. */
  readonly markers: Answer<ReadonlyMap<string, readonly Marker[]>>;
  readonly brokers: readonly BrokerAnswers[];
}

export interface FleetInspection {
  /** The fleet as the brokers know it now. Never rejects. */
  look(): Promise<Fleet>;
  close(): void;
}

export function fleetInspection({ credentials, ...question }: FleetQuestion): FleetInspection {
  const settle = settling(credentials);
  const inspection = clusterInspection(credentials);
  const administration = brokerAdministration({ namesrv: question.namesrv, credentials });
  const addresses = question.namesrv.split(';');

  /** All announcements; from brokers that cannot list them, those in groups that have markers or were asked for. */
  async function announcementsOn(
    address: string,
    markers: ReadonlyMap<string, readonly Marker[]>,
  ): Promise<{ readonly processes: readonly AnnouncedProcess[]; readonly isListed: boolean }> {
    const listed = await inspection.announcements(address);
    if (listed !== undefined) return { processes: listed, isListed: true };
    const groups = question.groups.length > 0 ? question.groups : [...markers.keys()];
    const asked = groups.flatMap(group => {
      const tags = new Set([...(markers.get(group) ?? []).map(({ tag }) => tag), ...question.tags]);
      return [
        inspection.announcementsOf(address, 'canary', group),
        inspection.announcementsOf(address, 'baseline', group),
        ...[...tags].flatMap(tag => [
          inspection.announcementsOf(address, 'stand-in', canaryGroup(group, tag)),
          inspection.announcementsOf(address, 'declared', canaryGroup(group, tag)),
        ]),
      ];
    });
    return { processes: (await Promise.all(asked)).flat(), isListed: false };
  }

  async function askGroup(address: string, { group, marker }: Lane): Promise<GroupAnswers> {
    const [members, stats] = await Promise.all([
      settle(inspection.members(address, group)),
      settle(inspection.stats(address, group)),
    ]);
    const topics = topicsOf([{ members, stats }], marker);
    const taken = topics.map(
      async topic => [topic, await settle(inspection.takenPerSecond(address, topic, group))] as const,
    );
    return { members, stats, taken: new Map(await Promise.all(taken)) };
  }

  async function look(): Promise<Fleet> {
    const at = Date.now();
    const [nameServers, markers] = await Promise.all([
      askNameServers(addresses, inspection, settle),
      settle(markersByGroup(administration)),
    ]);
    const heard = await Promise.all(
      listedBrokers(nameServers).map(async broker => {
        const { address } = broker;
        const release = await askRelease(broker, inspection, settle);
        if (address === undefined || !isKnown(release)) {
          return { broker, release, announcements: release as Answer<never>, isListed: true };
        }
        const announced = await settle(announcementsOn(address, valueIn(markers) ?? new Map()));
        return {
          broker,
          release,
          announcements: isKnown(announced) ? { value: announced.value.processes } : announced,
          isListed: valueIn(announced)?.isListed ?? true,
        };
      }),
    );
    const lanes = lanesOf({ question, markers, brokers: heard });
    const brokers = await Promise.all(
      heard.map(async (of): Promise<BrokerAnswers> => {
        const { address } = of.broker;
        if (address === undefined || !isKnown(of.release)) return { ...of, groups: new Map(), put: new Map() };
        const asked = lanes.map(async lane => [lane.group, await askGroup(address, lane)] as const);
        const groups = new Map(await Promise.all(asked));
        const topics = new Set([...groups.values()].flatMap(({ taken }) => [...taken.keys()]));
        const put = [...topics].map(
          async topic => [topic, await settle(inspection.putPerSecond(address, topic))] as const,
        );
        return { ...of, groups, put: new Map(await Promise.all(put)) };
      }),
    );
    return fleetOf({ at, question, nameServers, markers, brokers });
  }

  return {
    look,
    close() {
      inspection.close();
      administration.close();
    },
  };
}
