/** What people ask a cluster and the agent does not: each question is one command of the remoting protocol, and changes nothing. */
import type { RemotingConnectionOptions } from '../../rocketmq/remoting/connection';
import { type AnnouncementQuestions, announcementQuestions } from './announced-processes';
import { asking } from './ask';
import { type GroupQuestions, groupQuestions } from './consumer-groups';
import { type DeadLetterQuestions, deadLetterQuestions } from './dead-letters';
import { type MessageQuestions, messageQuestions } from './messages';
import { type RateQuestions, rateQuestions } from './rates';
import { type RouteQuestions, routeQuestions } from './routes';
import { type ServerQuestions, serverQuestions } from './server-questions';
import { type WaitingQuestions, waitingQuestions } from './waiting-message';

export interface ClusterInspection
  extends RouteQuestions,
    ServerQuestions,
    GroupQuestions,
    AnnouncementQuestions,
    MessageQuestions,
    DeadLetterQuestions,
    WaitingQuestions,
    RateQuestions {
  close(): void;
}

const TIMEOUT_MS = 3_000;

/** All addresses are `host:port`. Each question rejects with BrokerAdministrationError or RemotingError. */
export function clusterInspection(
  { credentials, tls }: Pick<RemotingConnectionOptions, 'credentials' | 'tls'>,
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {},
): ClusterInspection {
  const { ask, close } = asking({ credentials, tls }, timeoutMs);
  return {
    ...routeQuestions(ask),
    ...serverQuestions(ask, credentials),
    ...groupQuestions(ask),
    ...announcementQuestions(ask),
    ...messageQuestions(ask),
    ...deadLetterQuestions(ask),
    ...waitingQuestions(ask),
    ...rateQuestions(ask),
    close,
  };
}
