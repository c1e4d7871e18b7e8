import type { LiveSettings } from '../config/live-settings';
import type { Settings } from '../config/settings';
import { createTagContext, type TagContext } from '../context/active-tag';
import { createBaggageBridge } from '../context/opentelemetry';
import { type Counts, createCounts } from '../counting/counts';
import { createLog, type Log } from '../log';
import { lineOutput, type Write } from '../log-output';
import { meterProvider } from '../metrics/meter-provider';
import { createEdgeRules, type EdgeRules } from '../propagation/edge-rules';
import { createHeaderPropagation, type HeaderPropagation } from '../propagation/http-headers';
import { malformedTags } from '../propagation/malformed-tags';
import { createMessagePropagation, type MessagePropagation } from '../propagation/message-properties';
import { type AttachmentPropagation, createAttachmentPropagation } from '../propagation/rpc-attachments';
import type { ConsumerReport } from '../rocketmq/consumer/consumer-report';
import type { Sessions } from '../rocketmq/consumer/sessions';
import { createRouting, type Routing } from '../routing/routing';
import { createGuard, type Guard } from './guard';
import { createIsolationFailure, type IsolationFailure, type Lack } from './isolation-failure';
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
  /** Which tag a request gets that comes in without one. */
  readonly edge: EdgeRules;
  readonly messages: MessagePropagation;
  /** Which instances a call may go to, and what this process registers itself with. */
  readonly routing: Routing;
  /** Opens a session for each consumer of a message broker. Loaded when it is asked for: with the first consumer. */
  readonly sessions: Sessions;
  /** Counts what it does. */
  readonly counts: Counts;
  /** Does as the settings say that change while it runs. */
  follow(live: Pick<LiveSettings, 'on' | 'onDocument' | 'document'>): void;
  /** The consumers that the application has. Loads nothing. */
  consumers(): readonly ConsumerReport[];
}

const NO_COPIES: Lack = { ends: 'would run without them and ends', goesOn: 'goes on without them' };

/**
 * @param settings the live ones among them may change: who tells so is told to `follow`
 * @param write takes the lines that people are told
 */
export function createAgent(settings: Settings, write: Write = lineOutput('stderr')): Agent {
  const { key, interop, tag, mqTags, mqIgnoreTags, rules, status } = settings;
  const log = createLog(settings.logLevel, write);
  const counts = createCounts({
    instanceTag: tag,
    knownTags: [...mqTags, ...mqIgnoreTags],
    isWanted: () => status !== undefined || meterProvider() !== undefined,
  });
  const guard = createGuard(log, counts.hookError);
  const bridge = createBaggageBridge({
    key,
    readTags: () => settings.inbound === 'accept',
    onError: error => guard.report('the OpenTelemetry bridge', error),
  });
  const failIsolation = createIsolationFailure(settings, log, write);
  const clients = rocketmqClients();
  const malformed = malformedTags(log, counts.malformedTag);
  const headerOptions = {
    key,
    inbound: settings.inbound,
    interop,
    onMalformed: (header: string, value: string) => malformed(header, 'header of an inbound request', value),
  };
  const attachmentOptions = {
    key,
    inbound: settings.inbound,
    interop,
    onMalformed: (name: string, value: string) => malformed(name, 'attachment of an inbound call', value),
  };
  const edge = createEdgeRules({ log, count: counts.ruled, knowTag: counts.knowTag });
  edge.replace(rules);
  const routing = createRouting(settings, log, counts);
  let sessions: Sessions | undefined;
  let followed: Pick<LiveSettings, 'onDocument' | 'document'> | undefined;
  return {
    settings,
    log,
    guard,
    failIsolation,
    clients,
    counts,
    consumers: () => sessions?.consumers() ?? [],
    context: createTagContext({ instanceTag: tag, bridge }),
    headers: createHeaderPropagation(headerOptions),
    attachments: createAttachmentPropagation(attachmentOptions),
    messages: createMessagePropagation({ key, interop }),
    edge,
    routing,
    follow(live) {
      followed = live;
      live.on(['logLevel'], () => log.setLevel(settings.logLevel));
      live.on(['rules'], () => edge.replace(settings.rules));
      live.on(['routes'], () => routing.replaceRoutes(settings.routes));
      live.on(['inbound'], () => {
        for (const options of [headerOptions, attachmentOptions]) options.inbound = settings.inbound;
      });
      live.on(['mqTags', 'mqIgnoreTags'], () => {
        for (const known of [...settings.mqTags, ...settings.mqIgnoreTags]) counts.knowTag(known);
        sessions?.tagsChanged();
      });
    },
    get sessions() {
      sessions ??= openSessions({ settings, log, counts, clients, guard, failIsolation }, followed);
      return sessions;
    },
  };
}

/** @param live what changes of the settings; undefined: nothing does */
function openSessions(
  {
    settings,
    log,
    counts,
    clients,
    guard,
    failIsolation,
  }: Pick<Agent, 'settings' | 'log' | 'counts' | 'clients' | 'guard' | 'failIsolation'>,
  live: Pick<LiveSettings, 'onDocument' | 'document'> | undefined,
): Sessions {
  const { createSessions } = require('./consuming') as typeof import('./consuming');
  return createSessions({
    settings,
    isLive: live !== undefined,
    version: live && { digits: () => live.document?.digits, onChange: live.onDocument },
    log,
    onTag: counts.knowTag,
    onOpened: clients.planned,
    report: guard.report,
    onNoCopies: (...said) => failIsolation(...said, undefined, NO_COPIES),
  });
}
