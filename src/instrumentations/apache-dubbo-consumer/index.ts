/**
 * apache-dubbo-consumer 4.x, callers of Dubbo services: a call carries the tag of the flow that made it, and goes to a
 * provider of its own environment.
 *
 * The library sends from other flows than the caller's: calls made before a connection is up wait in a queue, and the
 * first connection to any host of their service takes them all, whichever environment it belongs to. It looks for
 * connections by host name alone, where several providers (and consumers, which register beside them) may live.
 *
 * Hooks, 4.0.0: `Context.init` (each call begins with it, in the caller's flow); `Scheduler.prototype.sendRequest` (every
 * call comes through it with the connection that the library chose, from the call itself or from the queue);
 * `DubboTcpTransport.prototype.init` and `write` (each attempt to connect; each call that is sent).
 */
import type { Agent } from '../../agent/agent';
import type { Exports, Instrumentation } from '../../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { callTags } from './call-tags';
import { followFirstAttempt, onFirstAttemptSettled } from './first-attempts';
import type { Call, Scheduler, Transport } from './library';
import { createProviderChoice } from './provider-choice';

export const apacheDubboConsumer: Instrumentation = {
  module: 'apache-dubbo-consumer',
  versions: '>=4.0.0 <5',
  files: {
    'lib/context.js': (exports: Exports, agent) => patchContext(exports.default, agent),
    'lib/scheduler.js': (exports: Exports, agent, copy) =>
      patchScheduler(exports.default.prototype, agent, copy.require('lib/err.js').DubboScheduleError),
    'lib/dubbo-tcp-transport.js': (exports: Exports, agent) => patchTransport(exports.default.prototype, agent),
  },
  requires: { files: ['lib/err.js'] },
};

function patchContext(Context: object, agent: Agent): void {
  wrapMethod<AnyFunction>(
    Context,
    'init',
    original =>
      function init(this: unknown) {
        const call: Call = original.call(this);
        agent.guard('taking the tag of a Dubbo call', undefined, () => {
          const tag = agent.context.outgoingTag();
          if (tag !== undefined) callTags.set(call, tag);
        });
        return call;
      },
  );
}

function patchTransport(prototype: object, agent: Agent): void {
  wrapMethod<AnyFunction>(
    prototype,
    'init',
    original =>
      function init(this: Transport) {
        original.call(this);
        agent.guard('following the connection to a Dubbo provider', undefined, () => followFirstAttempt(this));
      },
  );

  wrapMethod<AnyFunction>(
    prototype,
    'write',
    original =>
      function write(this: unknown, call: Call) {
        const sent = agent.guard('writing the tag of a Dubbo call', call, () => {
          const attachments = agent.attachments.inject(call.attachments, callTags.get(call));
          // The encoder's view of the call: application code sees the attachments it set.
          return attachments === call.attachments
            ? call
            : Object.create(call, { attachments: { value: attachments, enumerable: true } });
        });
        return original.call(this, sent);
      },
  );
}

/** What `invokedByHost` says of a call that waits for the connections of its own environment, not for any. */
const WAITING = 'waiting for a connection';

function patchScheduler(prototype: object, agent: Agent, ScheduleError: new (message: string) => Error): void {
  const providers = createProviderChoice(agent.routing);

  /** The connection that a call is sent by, the error that it ends with, or undefined: it waits. */
  function aim(scheduler: Scheduler, call: Call, proposed: Transport | undefined): Transport | Error | undefined {
    if (proposed !== undefined && providers.accepts(scheduler, call, proposed)) return proposed;
    const { dubboInterface, version, group } = call;
    const choice = providers.choose(scheduler, call, proposed);
    // Both texts are the library's.
    if (choice === 'nobody') return new ScheduleError(`Could not find any agent worker with ${dubboInterface}`);
    if (choice === 'unreachable') return new ScheduleError(`${dubboInterface}?group=${group}&version=${version}`);
    if (choice === 'queue') {
      call.invokedByHost = '';
      return undefined;
    }
    if ('send' in choice) return choice.send.transport;
    call.invokedByHost = WAITING;
    for (const { transport } of choice.wait) {
      if (transport !== undefined) onFirstAttemptSettled(transport, () => goOn(scheduler, call));
    }
    return undefined;
  }

  wrapMethod<AnyFunction>(
    prototype,
    'sendRequest',
    original =>
      function sendRequest(this: Scheduler, call: Call, proposed?: Transport) {
        const target = agent.guard('choosing the provider of a Dubbo call', proposed, () => aim(this, call, proposed));
        if (target instanceof Error) this.queue.consume({ requestId: call.requestId, err: target });
        else if (target !== undefined) original.call(this, call, target);
      },
  );
}

/** A connection that a call waits for is up, or has failed. */
function goOn(scheduler: Scheduler, call: Call): void {
  const isThere = scheduler.queue.requestQueue.get(call.requestId) === call;
  if (!isThere || call.invokedByHost !== WAITING) return;
  try {
    scheduler.sendRequest(call);
  } catch (err) {
    // As a call that does not wait: what fails in sending (an argument that cannot be encoded) is its result.
    scheduler.queue.consume({ requestId: call.requestId, err });
  }
}
