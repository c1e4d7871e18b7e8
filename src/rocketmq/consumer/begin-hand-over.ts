/** Begins the hand-over of a consumer of the baseline, with what its canaries are known from. */
import type { Settings } from '../../config/settings';
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import { retentionOf } from '../../names/retention';
import type { BaselineHandOver } from '../hand-over/baseline-hand-over';
import type { SteeredIntake } from '../hand-over/intake';
import type { HandOverSource } from '../hand-over/source';
import type { StandInMaker } from '../hand-over/stand-in';
import type { ClusterServers } from '../remoting/cluster-servers';
import { proxyOf } from '../remoting/proxies';
import type { ClientConnection } from './client';

export interface HandOverMeans {
  readonly intake: SteeredIntake;
  /** See {@link ClientKind.sharesQueues}. */
  readonly sharesQueues: boolean;
  readonly settings: Settings;
  readonly log: Log;
  /** Told of each tag that is managed or stood in for. */
  onTag(tag: string): void;
  serversOf(connection: ClientConnection): ClusterServers | undefined;
}

/** Undefined where nobody can say which canaries are there, and it is said so. */
export function beginHandOver(
  means: HandOverMeans,
  connection: ClientConnection,
  standIns: StandInMaker,
): BaselineHandOver | undefined {
  const { intake, settings, log, onTag } = means;
  const source = sourceOf(means, connection);
  if (source === undefined) return undefined;
  const { baselineHandOver } =
    require('../hand-over/baseline-hand-over') as typeof import('../hand-over/baseline-hand-over');
  const { mqTags: declared, mqIgnoreTags: ignored, mqRetention, mqStandIns: mostStandIns } = settings;
  const retention = retentionOf(mqRetention);
  return baselineHandOver<SteeredIntake>({
    plan: intake,
    source,
    standIns,
    declared,
    ignored,
    retention,
    mostStandIns,
    log,
    onTag,
  });
}

/** Where it is known from who is there. */
function sourceOf(
  { intake, sharesQueues, settings, log, serversOf }: HandOverMeans,
  connection: ClientConnection,
): HandOverSource | undefined {
  const { group } = intake;
  const servers = serversOf(connection);
  if (servers !== undefined) {
    const { brokerSource } = require('../hand-over/broker-source') as typeof import('../hand-over/broker-source');
    return brokerSource(intake, servers, settings.key, log);
  }
  // Only clients of a proxy have one, and it knows only what it is asked for.
  if (!sharesQueues || settings.mqTags.length === 0) {
    log.say(handOverLines.noNameServer, { group });
    return undefined;
  }
  const { proxySource } = require('../hand-over/proxy-source') as typeof import('../hand-over/proxy-source');
  const proxy = settings.mqProxyRemoting ?? proxyOf(connection.endpoint);
  log.say(handOverLines.proxyOnly, { group, proxy });
  return proxySource(intake, { proxyRemoting: proxy, credentials: connection.credentials, tls: settings.mqTls });
}
