import type { Settings } from '../config/settings';
import { createTagContext, type TagContext } from '../context/active-tag';
import { createBaggageBridge } from '../context/opentelemetry';
import { type Counts, createCounts } from '../counting/counts';
import { createLog, type Log } from '../log';
import { lineOutput, type Write } from '../log-output';
import { meterProvider } from '../metrics/meter-provider';
import { createHeaderPropagation, type HeaderPropagation } from '../propagation/http-headers';
import { malformedTags } from '../propagation/malformed-tags';
import { createMessagePropagation, type MessagePropagation } from '../propagation/message-properties';
import { type AttachmentPropagation, createAttachmentPropagation } from '../propagation/rpc-attachments';
import type { ConsumerReport } from '../rocketmq/consumer/consumer-report';
import type { Sessions } from '../rocketmq/consumer/sessions';
import { createRouting, type Routing } from '../routing/routing';
import { createGuard, type Guard } from './guard';
import { createIsolationFailure, type IsolationFailure } from './isolation-failure';
import { type RocketmqClients, rocketmqClients } from './rocketmq-clients';

/** What instrumentations ask: everything that is decided, nothing that belongs to a library. */
export interface Agent {
  readonly settings: Settings;
  readonly log: Log;
  readonly guard: Guard;
  /** Told of what keeps this process from being kept apart: ends a canary. */
  readonly failIsolation: IsolationFailure;
  /** The RocketMQ clients of this process. */
  readonly clients: RocketmqClients;
  readonly context: TagContext;
  readonly headers: HeaderPropagation;
  readonly attachments: AttachmentPropagation;
  readonly messages: MessagePropagation;
  /** Which instances a call may go to, and what this process registers itself with. */
  readonly routing: Routing;
  /** Opens a session for each consumer of a message broker. Loaded when it is asked for: with the first consumer. */
  readonly sessions: Sessions;
  /** Counts what it does. */
  readonly counts: Counts;
  /** The consumers that the application has. Loads nothing. */
  consumers(): readonly ConsumerReport[];
}

/** @param write takes the lines that people are told */
export function createAgent(settings: Settings, write: Write = lineOutput('stderr')): Agent {
  const { key, inbound, interop, tag, mqTags, mqIgnoreTags, status } = settings;
  const log = createLog(settings.logLevel, write);
  const counts = createCounts({
    instanceTag: tag,
    knownTags: [...mqTags, ...mqIgnoreTags],
    isWanted: () => status !== undefined || meterProvider() !== undefined,
  });
  const guard = createGuard(log, counts.hookError);
  const bridge = createBaggageBridge({
    key,
    readTags: inbound === 'accept',
    onError: error => guard.report('the OpenTelemetry bridge', error),
  });
  const clients = rocketmqClients();
  const malformed = malformedTags(log, counts.malformedTag);
  let sessions: Sessions | undefined;
  return {
    settings,
    log,
    guard,
    failIsolation: createIsolationFailure(settings, log, write),
    clients,
    counts,
    consumers: () => sessions?.consumers() ?? [],
    context: createTagContext({ instanceTag: tag, bridge }),
    headers: createHeaderPropagation({
      key,
      inbound,
      interop,
      onMalformed: (header, value) => malformed(header, 'header of an inbound request', value),
    }),
    attachments: createAttachmentPropagation({
      key,
      inbound,
      interop,
      onMalformed: (name, value) => malformed(name, 'attachment of an inbound call', value),
    }),
    messages: createMessagePropagation({ key, interop }),
    routing: createRouting(settings, log, counts),
    get sessions() {
      if (sessions === undefined) {
        const { createSessions } = require('./consuming') as typeof import('./consuming');
        const { knowTag: onTag } = counts;
        sessions = createSessions({ settings, log, onTag, onOpened: clients.planned, report: guard.report });
      }
      return sessions;
    },
  };
}
