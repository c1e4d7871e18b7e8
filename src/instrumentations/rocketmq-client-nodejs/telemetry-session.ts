/**
 * The telemetry stream of rocketmq-client-nodejs 1.x, on which a proxy refuses a group that does not exist: again and
 * again, once a second, and the client logs each time.
 */

import type { Patch } from '../../agent/instrumentation';
import { wrapClass } from '../../foreign-objects/wrap';
import type { ClientConsumer } from './client';
import { intakeOf } from './consumer-state';
import { loggerView } from './logger-view';

export const patchTelemetrySession: Patch = (exports, agent) => {
  exports.TelemetrySession = wrapClass(exports.TelemetrySession, (args, _newTarget, make) => {
    const changed = agent.guard('watching for a missing group', args, () => {
      const [client, endpoints, logger, ...rest] = args as [ClientConsumer, unknown, object, ...unknown[]];
      const intake = intakeOf(client);
      if (intake?.tag === undefined) return args;
      const onMissing = () => agent.sessions.sayGroupIsMissing(intake, client.endpoints.facade);
      return [client, endpoints, missingGroupLogger(logger, onMissing), ...rest];
    });
    return make(changed);
  });
};

/** A logger before the application's own: it lets the first line about a missing group through and drops the rest. */
function missingGroupLogger<L extends object>(logger: L, onMissing: () => void): L {
  let seen = false;
  return loggerView(logger, (name, method) => (...args) => {
    if (!seen || name === 'error') {
      const isMissing = name === 'error' && args.some(arg => GROUP_NOT_FOUND.test(describe(arg)));
      if (isMissing) {
        if (seen) return undefined;
        seen = true;
        onMissing();
      }
    } else if (RENEWALS.has(String(args[0]).split(',')[0] as string)) {
      return undefined;
    }
    return method(...args);
  });
}

/** The proxy's words, 5.5.0; with autoCreateSubscriptionGroup on or off. */
const GROUP_NOT_FOUND = /group not found|subscription group \S* ?not exist|not exist.*subscription group/i;

/** What the client's TelemetrySession (1.0.8) says with each new try: noise while the group is missing. */
const RENEWALS: ReadonlySet<string> = new Set([
  'Syncing settings to new stream',
  'Creating telemetry stream',
  'Begin to release telemetry session',
]);

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : '';
}
