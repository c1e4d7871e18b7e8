import type { Settings } from './config/settings';
import { createTagContext, type TagContext } from './context/active-tag';
import { createBaggageBridge } from './context/opentelemetry';
import { createGuard, type Guard } from './loader/guard';
import { createLog, type Log } from './log';
import { createHeaderPropagation, type HeaderPropagation } from './propagation/http-headers';
import { type AttachmentPropagation, createAttachmentPropagation } from './propagation/rpc-attachments';
import type { MessagePolicy } from './rocketmq/message-policy';
import { createRouting, type Routing } from './routing/routing';

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
  /** Group names, filters and groups' creation. Loaded when a RocketMQ client is. */
  readonly messages: MessagePolicy;
}

export function createAgent(settings: Settings): Agent {
  const { key, inbound, interop } = settings;
  const log = createLog(settings.logLevel);
  const guard = createGuard(log);
  const bridge = createBaggageBridge({
    key,
    readTags: inbound === 'accept',
    onError: error => guard.report('the OpenTelemetry bridge', error),
  });
  let messages: MessagePolicy | undefined;
  return {
    settings,
    log,
    guard,
    context: createTagContext({ instanceTag: settings.tag, bridge }),
    headers: createHeaderPropagation({
      key,
      inbound,
      interop,
      onMalformed: header => log.debug(`a malformed tag in the ${header} header of an inbound request was dropped`),
    }),
    attachments: createAttachmentPropagation({
      key,
      inbound,
      interop,
      onMalformed: name => log.debug(`a malformed tag in the ${name} attachment of an inbound call was dropped`),
    }),
    routing: createRouting(settings, log),
    get messages() {
      if (messages === undefined) {
        const { createMessagePolicy } =
          require('./rocketmq/message-policy') as typeof import('./rocketmq/message-policy');
        messages = createMessagePolicy(settings, log);
      }
      return messages;
    },
  };
}
