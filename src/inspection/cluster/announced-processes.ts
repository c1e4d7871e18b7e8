/** The processes with an agent, as they announce themselves to brokers. */
import { refusal } from '../../rocketmq/administration/refusal';
import { bodyOf } from '../../rocketmq/administration/servers';
import { canaryGroup } from '../../rocketmq/plan/group-name';
import {
  type AnnouncementKind,
  type Announcer,
  announcementGroup,
  parseAnnouncementGroup,
  parseAnnouncer,
} from '../../rocketmq/presence/announcement-name';
import {
  GET_ALL_PRODUCER_INFO,
  GET_PRODUCER_CONNECTION_LIST,
  NO_PRODUCER,
  REQUEST_CODE_NOT_SUPPORTED,
  SYSTEM_ERROR,
} from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';

export interface AnnouncedProcess {
  readonly kind: AnnouncementKind;
  readonly group: string;
  readonly announcer: Announcer;
  /** `host:port`, where it is connected from; undefined: not told. */
  readonly address?: string;
}

export interface AnnouncementQuestions {
  /** All announcements on a broker; undefined: it cannot list them (before 4.9.3). */
  announcements(broker: string): Promise<AnnouncedProcess[] | undefined>;
  announcementsOf(broker: string, kind: AnnouncementKind, group: string): Promise<AnnouncedProcess[]>;
}

/** ProducerInfo.java has `remoteIP`, Connection.java has `clientAddr`: both with the port. */
interface Client {
  readonly clientId?: string;
  readonly clientAddr?: string;
  readonly remoteIP?: string;
}

export function announcementQuestions(ask: Ask): AnnouncementQuestions {
  return {
    async announcements(broker) {
      const response = await ask(broker, GET_ALL_PRODUCER_INFO, {}, { allowed: [REQUEST_CODE_NOT_SUPPORTED] });
      if (response.code === REQUEST_CODE_NOT_SUPPORTED) return undefined;
      // ProducerTableInfo.java
      const { data = {} } = bodyOf<{ data?: Record<string, Client[]> }>(response);
      return Object.entries(data).flatMap(([producerGroup, clients]) => {
        const announced = parseAnnouncementGroup(producerGroup);
        return announced === undefined ? [] : processesIn(announced.kind, announced.group, clients);
      });
    },
    async announcementsOf(broker, kind, group) {
      const fields = { producerGroup: announcementGroup(kind, group) };
      const response = await ask(broker, GET_PRODUCER_CONNECTION_LIST, fields, { allowed: [SYSTEM_ERROR] });
      if (response.code === SYSTEM_ERROR) {
        if (NO_PRODUCER.test(response.remark)) return [];
        throw refusal(broker, GET_PRODUCER_CONNECTION_LIST, response);
      }
      // ProducerConnection.java
      const { connectionSet = [] } = bodyOf<{ connectionSet?: Client[] }>(response);
      return processesIn(kind, group, connectionSet);
    },
  };
}

/** The announcements in a group of the baseline and in its canaries' of these tags; its canaries of other tags as well. */
export async function announcementsIn(
  inspection: AnnouncementQuestions,
  broker: string,
  group: string,
  tags: readonly string[],
): Promise<AnnouncedProcess[]> {
  const asked = await Promise.all([
    inspection.announcementsOf(broker, 'canary', group),
    inspection.announcementsOf(broker, 'baseline', group),
    ...tags.flatMap(tag => [
      inspection.announcementsOf(broker, 'stand-in', canaryGroup(group, tag)),
      inspection.announcementsOf(broker, 'declared', canaryGroup(group, tag)),
      inspection.announcementsOf(broker, 'copies', canaryGroup(group, tag)),
    ]),
  ]);
  return asked.flat();
}

function processesIn(kind: AnnouncementKind, group: string, clients: readonly Client[]): AnnouncedProcess[] {
  return clients.flatMap(({ clientId, clientAddr, remoteIP }) => {
    const announcer = parseAnnouncer(clientId ?? '');
    const address = clientAddr ?? remoteIP;
    return announcer === undefined ? [] : [{ kind, group, announcer, ...(address !== undefined && { address }) }];
  });
}
