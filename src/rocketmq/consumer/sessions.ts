/**
 * What an environment means for the consumers of a process: opens their sessions, and says what has to be said of them. Knows
 * no client library.
 */

import type { Settings } from '../../config/settings';
import { errorText } from '../../foreign-objects/error-text';
import { groupLines } from '../../lines/groups';
import { handOverLines } from '../../lines/hand-over';
import { hookLines } from '../../lines/hooks';
import { textWithCode } from '../../lines/line';
import type { Log } from '../../log';
import { checkFilters, lookForGroup } from '../administration/group-preparation';
import { createIntake, type Intake, type OwnIntake } from '../hand-over/intake';
import { consumerPlan } from '../plan/consumer-plan';
import { ownGroup } from '../plan/group-name';
import type { Beginning } from '../plan/subscription';
import type { ClusterServers } from '../remoting/cluster-servers';
import { SQL92_DISABLED } from '../remoting/codes';
import { proxyOf } from '../remoting/proxies';
import { baselineDuties } from './baseline-duties';
import { beginHandOver, type HandOverMeans } from './begin-hand-over';
import { canaryDuties } from './canary-duties';
import { canaryPart } from './canary-part';
import type { ClientConnection, ClientKind } from './client';
import type { ConsumerReport } from './consumer-report';
import { type Duties, NO_DUTIES } from './duties';
import { filterSide } from './filter-side';
import { type GroupReadiness, groupReadiness } from './group-readiness';
import { ownGroups } from './own-group';
import { createSession, type Session } from './session';
import { similarTags } from './similar-tags';

/** A consumer that would take the messages of every environment where it must not: it is not made. */
export class BlindConsumerError extends Error {
  override readonly name = 'BlindConsumerError';
}

export interface Sessions {
  /**
   * The session of a consumer that the application makes for `group`.
   *
   * @param beginning where its client begins, if that is for the client to decide
   * @throws FilterSideError when the brokers are to filter and the client cannot ask them to
   * @throws BlindConsumerError when it must not take every message, and nobody can tell it which
   */
  open(group: string, client: ClientKind, beginning?: Beginning): Session;
  /** Says, in a canary, that a consumer was left as it is, which takes the messages of the baseline. */
  sayUnplanned(group: string): void;
  /** Says once that the brokers do not know the canary's group, and how to create it. */
  sayGroupIsMissing(intake: Intake, endpoint: string): void;
  /**
   * What to do about an error of a consumer, be it a stand-in: `retry` when it will not come again, because the client
   * filters from now on; else it is the application's, and is explained once where there is something to say.
   */
  onError(intake: Intake, error: unknown): 'retry' | 'pass';
  /** The consumers of the application that are not closed. */
  consumers(): readonly ConsumerReport[];
}

export interface SessionsOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** Told of each tag that is managed or stood in for. */
  onTag(tag: string): void;
  /** Told of the groups of each consumer that the application makes. */
  onOpened(group: string): void;
  /** Told what failed of ours; the application goes on. */
  report(what: string, error: unknown): void;
}

const SWITCHED_OFF = { reason: 'a broker has SQL92 filters switched off', isSwitchedOff: true };
/** The broker's words, 4.5.2 to 5.5.0, for a group with `consumeEnable=false`. */
const MAY_NOT_CONSUME = /subscription group no permission/i;

export function createSessions({ settings, log, onTag, onOpened, report }: SessionsOptions): Sessions {
  const ready = groupReadiness(settings, log);
  const side = filterSide(settings, log);
  const seeSimilar = similarTags(settings.tag, log);
  const sayMissing = ownGroups(log);
  const onTagInUse = (tag: string) => {
    seeSimilar(tag);
    onTag(tag);
  };
  const means = { ready, log, onTag: onTagInUse };
  /** Keeps none alive. */
  let opened: WeakRef<Session>[] = [];

  const serversOf = (client: ClientKind, connection: ClientConnection): ClusterServers | undefined => {
    const { namesrv: own, credentials, endpoint } = connection;
    const namesrv = settings.mqNamesrv ?? own;
    if (namesrv === undefined) return undefined;
    // Clients that share queues are those of a proxy.
    const proxyRemoting = settings.mqProxyRemoting ?? (client.sharesQueues ? proxyOf(endpoint) : undefined);
    return { namesrv, proxyRemoting, credentials, tls: settings.mqTls };
  };

  return {
    open(group, client, beginning) {
      const ownSettings = settingsFor(settings, client, group, log);
      const intake = createIntake(consumerPlan(group, ownSettings), {
        side: settings.mqFilterSide === 'client' ? 'client' : 'broker',
        beginning,
      });
      if (client.blindness !== undefined) sayBlindness(intake, client.blindness, log);
      side.settle(intake, client);
      const serversOfIts = (connection: ClientConnection) => serversOf(client, connection);
      const session: Session = createSession({
        intake,
        client: client.name,
        duties: () => dutiesOf(intake, { ...means, settings: ownSettings, client, serversOf: serversOfIts }),
        async checkFilters(subscriptions, connection) {
          const servers = serversOfIts(connection);
          if (servers === undefined) return;
          if (intake.tag === undefined) {
            const isClosed = () => session.report() === undefined;
            sayMissing(group, () => lookForGroup(group, subscriptions, servers), isClosed);
          }
          const checked = checkFilters(intake, subscriptions, servers, log).then(obstacle => {
            if (obstacle !== undefined) side.onBrokerCannot(intake, obstacle);
          });
          // Only the client's own errors wait for this: filters can change while a consumer runs. But a filter that a broker
          // reads over would pass over messages with the first poll.
          if (intake.needsVersion5) await checked;
        },
        log,
        report,
      });
      opened = [...opened.filter(one => one.deref() !== undefined), new WeakRef(session)];
      onOpened(intake.group);
      if (intake.tag !== undefined) onOpened(ownGroup(group, intake.tag));
      return session;
    },

    sayUnplanned(group) {
      if (settings.tag === undefined) return;
      log.say(hookLines.unchangedConsumer, { group });
    },

    sayGroupIsMissing({ group }, endpoint) {
      const command = `mqadmin updateSubGroup -n '<name server>' -c '<cluster>' -g ${group}`;
      const help = `: set GRAY_MQ_NAMESRV and the agent creates it, or create it: ${command}`;
      log.say(groupLines.missing, { endpoint, group, help: settings.mqNamesrv === undefined ? help : '' });
    },

    onError(intake, error) {
      const text = errorText(error);
      const { group, baselineGroup } = intake;
      if (MAY_NOT_CONSUME.test(text) && group !== baselineGroup) log.say(handOverLines.mayNotConsume, { group });
      return SQL92_DISABLED.test(text) ? side.onBrokerCannot(intake, SWITCHED_OFF) : 'pass';
    },

    consumers: () => opened.flatMap(one => one.deref()?.report() ?? []),
  };
}

interface DutiesMeans extends Omit<HandOverMeans, 'intake' | 'sharesQueues'> {
  readonly client: ClientKind;
  readonly ready: GroupReadiness;
}

function dutiesOf(intake: OwnIntake, { client, ready, ...means }: DutiesMeans): Duties {
  const { settings, log, serversOf } = means;
  const { baselineGroup, group, tag, beginning } = intake;
  const { sharesQueues } = client;
  const isAuto = settings.mqBaseline === 'auto';
  if (tag === undefined) {
    const handOver = { intake, sharesQueues, ...means };
    return isAuto ? baselineDuties((...how) => beginHandOver(handOver, ...how)) : NO_DUTIES;
  }
  return canaryDuties({
    group,
    tag,
    sharesQueues,
    isAuto,
    serversOf,
    ready: (subscriptions, servers) => ready(intake, tag, subscriptions, servers),
    open(servers) {
      const { openCluster } = require('../hand-over/cluster') as typeof import('../hand-over/cluster');
      return openCluster(servers);
    },
    arrive(topics, cluster) {
      const { arrive } = require('../hand-over/canary-arrival') as typeof import('../hand-over/canary-arrival');
      return arrive({ baselineGroup, group, tag, beginning }, topics, cluster, log);
    },
    part: canaryPart(intake, tag, sharesQueues, log),
    log,
  });
}

/** The settings, as they can be kept by consumers of `client`. */
function settingsFor(settings: Settings, client: ClientKind, group: string, log: Log): Settings {
  if (settings.tag !== undefined || settings.mqBaseline !== 'auto' || client.canStandIn !== false) return settings;
  log.say(handOverLines.nobodyStandsIn, { group, client: client.name });
  return { ...settings, mqBaseline: 'all' };
}

/** @throws BlindConsumerError */
function sayBlindness({ isFiltered, group, baselineGroup, tag }: Intake, blindness: string, log: Log): void {
  if (!isFiltered) {
    log.say(groupLines.blindBaseline, { blindness, group });
    return;
  }
  const whose = tag === undefined ? 'messages are left to canaries' : `messages are those of ${tag}`;
  const blind = { blindness, whose, group: baselineGroup };
  log.say(groupLines.blindConsumer, blind);
  throw new BlindConsumerError(textWithCode(groupLines.blindConsumer, blind));
}
