import type { Settings } from './config/settings';
import { createTagContext, type TagContext } from './context/active-tag';
import { createBaggageBridge } from './context/opentelemetry';
import { createGuard, type Guard } from './loader/guard';
import { createLog, type Log } from './log';
import { createHeaderPropagation, type HeaderPropagation } from './propagation/http-headers';
import type { MessagePolicy } from './rocketmq/message-policy';
import { createRouting, type Routing } from './routing/routing';

/** What instrumentations ask: everything that is decided, nothing that belongs to a library. */
export interface Agent {
  readonly settings: Settings;
  readonly log: Log;
  readonly guard: Guard;
  readonly context: TagContext;
  readonly headers: HeaderPropagation;
  /** Which instances a call may go to, and what this process registers itself with. */
  readonly routing: Routing;
  /** Group names, filters and groups' creation. Loaded when a RocketMQ client is. */
  readonly messages: MessagePolicy;
}

export function createAgent(settings: Settings): Agent {
  const log = createLog(settings.logLevel);
  const guard = createGuard(log);
  const bridge = createBaggageBridge({
    key: settings.key,
    readTags: settings.inbound === 'accept',
    onError: error => guard.report('the OpenTelemetry bridge', error),
  });
  let messages: MessagePolicy | undefined;
  return {
    settings,
    log,
    guard,
    context: createTagContext({ instanceTag: settings.tag, bridge }),
    headers: createHeaderPropagation({
      key: settings.key,
      inbound: settings.inbound,
      interop: settings.interop,
      onMalformed: header => log.debug(`a malformed tag in the ${header} header of an inbound request was dropped`),
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
