/** What `status` and `page` ask a cluster, and what it answers. What the answers make is said in fleet.ts. */

import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import type { Broker } from '../../rocketmq/administration/broker';
import type { GroupSettings } from '../../rocketmq/administration/groups';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import type { Answer } from '../cluster/answer';
import type { GroupStats } from '../cluster/consumer-groups';
import type { DeadLetters } from '../cluster/dead-letters';
import type { GroupMembers } from '../cluster/group-members';
import type { NameServerAnswer } from '../cluster/name-servers';
import type { ProxyAnswers } from '../cluster/proxies';
import type { OldestWaiting } from '../cluster/waiting-message';
import type { AssumedSettings } from '../problems/facts';

export interface FleetQuestion {
  /** `host:port;host:port` */
  readonly namesrv: string;
  /** `host:port;host:port` of proxies' remoting endpoints, besides those that brokers know. */
  readonly proxyRemoting?: string | undefined;
  /** The baseline's groups to look at; empty: all that are announced or marked. */
  readonly groups: readonly string[];
  /** Tags to look at besides those that are announced or marked. */
  readonly tags: readonly string[];
  /** Also groups of canaries that are given up, and that nobody is in. */
  readonly withGivenUp?: boolean;
  /** Settings that the fleet is taken to have. */
  readonly assumed: AssumedSettings;
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
}

export interface GroupAnswers {
  readonly members: Answer<GroupMembers>;
  readonly stats: Answer<GroupStats>;
  /** Undefined: the broker has no such group. */
  readonly settings: Answer<GroupSettings | undefined>;
  readonly deadLetters: Answer<DeadLetters>;
  /** The oldest message that waits and that the filter of a canary's members selects. */
  readonly oldest: Answer<OldestWaiting | undefined>;
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
  readonly question: Omit<FleetQuestion, 'credentials' | 'tls'>;
  readonly nameServers: readonly NameServerAnswer[];
  /** By the baseline's group. */
  readonly markers: Answer<ReadonlyMap<string, readonly Marker[]>>;
  readonly brokers: readonly BrokerAnswers[];
  /** Undefined: none was asked. */
  readonly proxies?: ProxyAnswers;
}
