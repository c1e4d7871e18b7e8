import type { Settings } from './config/settings';
import { createTagContext, type TagContext } from './context/active-tag';
import { createBaggageBridge } from './context/opentelemetry';
import { createGuard, type Guard } from './loader/guard';
import { createLog, type Log } from './log';
import { createHeaderPropagation, type HeaderPropagation } from './propagation/http-headers';
import { type AttachmentPropagation, createAttachmentPropagation } from './propagation/rpc-attachments';
import type { ConsumerReport } from './rocketmq/consumer/consumer-report';
import type { Sessions } from './rocketmq/consumer/sessions';
import { createRouting, type Routing } from './routing/routing';
import { type Counts, createCounts } from './telemetry/counts';
import { meterProvider } from './telemetry/meter-provider';

/** What instrumentations ask: everything that is decided, nothing that belongs to a library. */
export interface Agent {
  readonly settings: Settings;
  readonly log: Log;
  readonly guard: Guard;
  readonly context: TagContext;
  readonly headers: HeaderPropagation;
  readonly attachments: AttachmentPropagation;
  /** Which instances a call may go to, and what this process registers itself with. */
  readonly routing: Routing;
  /** Opens a session for each consumer of a message broker. Loaded when it is asked for: with the first consumer. */
  readonly sessions: Sessions;
  /** Counts what it does. */
  readonly counts: Counts;
  /** The consumers that the application has. Loads nothing. */
  consumers(): readonly ConsumerReport[];
}

export function createAgent(settings: Settings): Agent {
  const { key, inbound, interop, tag, mqTags, mqIgnoreTags, status } = settings;
  const log = createLog(settings.logLevel);
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
  let sessions: Sessions | undefined;
  const malformed = (carrier: string, kind: string) => {
    counts.malformedTag(carrier);
    log.debug(`a malformed tag in the ${carrier} ${kind} was dropped`);
  };
  return {
    settings,
    log,
    guard,
    counts,
    consumers: () => sessions?.consumers() ?? [],
    context: createTagContext({ instanceTag: tag, bridge }),
    headers: createHeaderPropagation({
      key,
      inbound,
      interop,
      onMalformed: header => malformed(header, 'header of an inbound request'),
    }),
    attachments: createAttachmentPropagation({
      key,
      inbound,
      interop,
      onMalformed: name => malformed(name, 'attachment of an inbound call'),
    }),
    routing: createRouting(settings, log, counts),
    get sessions() {
      if (sessions === undefined) {
        const { createSessions } = require('./consuming') as typeof import('./consuming');
        sessions = createSessions({ settings, log, onTag: counts.knowTag, report: guard.report });
      }
      return sessions;
    },
  };
}
