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
import { startLines } from '../../lines/start';
import type { Log } from '../../log';
import { checkFilters, lookForGroup } from '../administration/group-preparation';
import { createIntake, type Intake, type OwnIntake } from '../hand-over/intake';
import { consumerPlan } from '../plan/consumer-plan';
import { copiesGroup, ownGroup } from '../plan/group-name';
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
import { copiesPart } from './copies';
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
  /** The settings say something else now of which tags are known beforehand, and which are ignored. */
  tagsChanged(): void;
  /** The consumers of the application that are not closed. */
  consumers(): readonly ConsumerReport[];
}

export interface SessionsOptions {
  /** Those of the tags may change: then `tagsChanged` is told. */
  readonly settings: Settings;
  /** True: they may. */
  readonly isLive: boolean;
  /** Which version of them is in force; undefined: they have no document. */
  readonly version?: ClusterServers['version'];
  readonly log: Log;
  /** Told of each tag that is managed or stood in for. */
  onTag(tag: string): void;
  /** Told of the groups of each consumer that the application makes. */
  onOpened(group: string): void;
  /** Told what failed of ours; the application goes on. */
  report(what: string, error: unknown): void;
  /** Told of a consumer of a canary that cannot get the copies which the settings ask for: it may end the process. */
  onNoCopies(line: typeof groupLines.noCopies, values: { readonly group: string; readonly problem: string }): void;
}

function both(one: (tag: string) => void, other: (tag: string) => void): (tag: string) => void {
  return tag => {
    one(tag);
    other(tag);
  };
}

interface Opened {
  readonly ref: WeakRef<Session>;
  /** What it is opened with, and started again. */
  readonly ownSettings: Settings;
  /** Its client is told once what it takes. */
  readonly isFixed: boolean;
}

const SWITCHED_OFF = { reason: 'a broker has SQL92 filters switched off', isSwitchedOff: true };
/** The broker's words, 4.5.2 to 5.5.0, for a group with `consumeEnable=false`. */
const MAY_NOT_CONSUME = /subscription group no permission/i;

export function createSessions(options: SessionsOptions): Sessions {
  const { settings, isLive, version, log, onTag, onOpened, report, onNoCopies } = options;
  const ready = groupReadiness(settings, log);
  const side = filterSide(settings, log);
  const seeSimilar = similarTags(settings.tag, log);
  const sayMissing = ownGroups(log);
  const means = { ready, log, onTag: both(seeSimilar, onTag), onNoCopies };
  /** Keeps none alive. */
  let opened: Opened[] = [];

  const serversOf = (client: ClientKind, connection: ClientConnection): ClusterServers | undefined => {
    const { namesrv: own, credentials, endpoint } = connection;
    const namesrv = settings.mqNamesrv ?? own;
    if (namesrv === undefined) return undefined;
    // Clients that share queues are those of a proxy.
    const proxyRemoting = settings.mqProxyRemoting ?? (client.sharesQueues ? proxyOf(endpoint) : undefined);
    return { namesrv, proxyRemoting, credentials, tls: settings.mqTls, version };
  };

  return {
    open(group, client, beginning) {
      const ownSettings = { ...settingsFor(settings, client, group, log) };
      const mayIgnore = isLive && client.canStandIn !== false;
      const intake = createIntake(consumerPlan(group, { ...ownSettings }, mayIgnore), {
        side: settings.mqFilterSide === 'client' ? 'client' : 'broker',
        beginning,
      });
      if (client.blindness !== undefined) sayBlindness(intake, client.blindness, log);
      sayNoCopies(intake, copiesProblem(client, settings), onNoCopies);
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
      const isFixed = client.canStandIn === false;
      opened = [
        ...opened.filter(({ ref }) => ref.deref() !== undefined),
        { ref: new WeakRef(session), ownSettings, isFixed },
      ];
      for (const its of groupsOf(intake)) onOpened(its);
      return session;
    },

    sayUnplanned(group) {
      if (settings.tag === undefined) return;
      log.say(hookLines.unchangedConsumer, { group });
    },

    sayGroupIsMissing: ({ group }, endpoint) => sayMissingGroup(group, endpoint, settings, log),

    onError(intake, error) {
      const text = errorText(error);
      const { group, baselineGroup } = intake;
      if (MAY_NOT_CONSUME.test(text) && group !== baselineGroup) log.say(handOverLines.mayNotConsume, { group });
      return SQL92_DISABLED.test(text) ? side.onBrokerCannot(intake, SWITCHED_OFF) : 'pass';
    },

    tagsChanged: () => settleTags(opened, settings, log),

    consumers: () => opened.flatMap(({ ref }) => ref.deref()?.report() ?? []),
  };
}

/** Those that consumers of the process may join for this one. */
function groupsOf({ group, baselineGroup, tag }: Intake): string[] {
  return tag === undefined ? [group] : [group, ownGroup(baselineGroup, tag), copiesGroup(baselineGroup, tag)];
}

function sayMissingGroup(group: string, endpoint: string, { mqNamesrv }: Settings, log: Log): void {
  const command = `mqadmin updateSubGroup -n '<name server>' -c '<cluster>' -g ${group}`;
  const help = `: set GRAY_MQ_NAMESRV and the agent creates it, or create it: ${command}`;
  log.say(groupLines.missing, { endpoint, group, help: mqNamesrv === undefined ? help : '' });
}

/** Tells consumers of the baseline which tags are declared now, and which are ignored: for its next life, and for this one. */
function settleTags(opened: readonly Opened[], { mqTags, mqIgnoreTags }: Settings, log: Log): void {
  for (const { ref, ownSettings, isFixed } of opened) {
    const session = ref.deref();
    if (session === undefined || session.intake.tag !== undefined) continue;
    if (isFixed) {
      log.say(startLines.tagsLater, { group: session.intake.group });
      continue;
    }
    Object.assign(ownSettings, { mqTags, mqIgnoreTags });
    session.settleTags(mqTags, mqIgnoreTags);
  }
}

interface DutiesMeans extends Omit<HandOverMeans, 'intake' | 'sharesQueues'> {
  readonly client: ClientKind;
  readonly ready: GroupReadiness;
  readonly onNoCopies: SessionsOptions['onNoCopies'];
}

function dutiesOf(intake: OwnIntake, { client, ready, onNoCopies, ...means }: DutiesMeans): Duties {
  const { settings, log, serversOf } = means;
  const { baselineGroup, group, tag, beginning } = intake;
  const { sharesQueues } = client;
  const isAuto = settings.mqBaseline === 'auto';
  if (tag === undefined) {
    const handOver = { intake, sharesQueues, ...means };
    return isAuto ? baselineDuties((...how) => beginHandOver(handOver, ...how)) : NO_DUTIES;
  }
  const open = (servers: ClusterServers) => {
    const { openCluster } = require('../hand-over/cluster') as typeof import('../hand-over/cluster');
    return openCluster(servers);
  };
  const hasCopies = settings.mqAlso !== undefined && copiesProblem(client, settings) === undefined;
  const refuse = (problem: string) => sayNoCopies(intake, problem, onNoCopies);
  return canaryDuties({
    group,
    tag,
    sharesQueues,
    isAuto,
    serversOf,
    ready: (subscriptions, servers) => ready(intake, tag, subscriptions, servers),
    open,
    arrive(topics, cluster) {
      const { arrive } = require('../hand-over/canary-arrival') as typeof import('../hand-over/canary-arrival');
      return arrive({ baselineGroup, group, tag, beginning }, topics, cluster, log);
    },
    part: canaryPart(intake, tag, sharesQueues, log),
    copies: hasCopies ? copiesPart({ intake, tag, open, refuse, log }) : undefined,
    log,
  });
}

function sayNoCopies({ group }: Intake, problem: string | undefined, say: SessionsOptions['onNoCopies']): void {
  if (problem !== undefined) say(groupLines.noCopies, { group, problem });
}

/** Why consumers of this client cannot get the copies that the settings ask for, where that is known beforehand. */
function copiesProblem(
  { name, canStandIn, sharesQueues }: ClientKind,
  { mqAlso, mqNamesrv }: Pick<Settings, 'mqAlso' | 'mqNamesrv'>,
): string | undefined {
  if (mqAlso === undefined) return undefined;
  if (canStandIn === false) return `${name} offers no way to make a second consumer beside it`;
  // Clients of the remoting protocol know name servers themselves.
  if (!sharesQueues || mqNamesrv !== undefined) return undefined;
  return 'no name server is known, and nobody can make their group: set GRAY_MQ_NAMESRV';
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
