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
import type { EventEmitter } from 'node:events';
import type { Agent } from '../agent';
import type { Exports, Instrumentation } from '../loader/instrumentation';
import { type AnyFunction, wrapMethod } from '../loader/wrap';
import { oncePerObject } from '../once-per-object';
import type { Attachments } from '../propagation/rpc-attachments';
import { isDubboConsumer } from '../routing/instance-environment';

/** A call, of which the library says `ctx`. */
interface Call {
  readonly requestId: number;
  readonly dubboInterface: string;
  readonly version?: string;
  readonly group?: string;
  readonly attachments: Attachments;
  /** Empty while the call waits for a connection: then the next one takes it. */
  invokedByHost: string;
}
/** A provider as the registry has it, of which the library says `DubboUrl`. */
interface Provider {
  readonly hostname: string;
  readonly port: number;
  readonly version: string;
  readonly group: string;
  readonly url: URL;
}
/** The connection to one address; there is one for each address that was ever in a list. */
interface Transport {
  /** `host:port`. */
  readonly host: string;
  readonly isAvailable: boolean;
  readonly transport: EventEmitter;
}
/** What the registry says of a provider. */
interface Entry {
  /** `host:port`. */
  readonly host: string;
  readonly environment: string | undefined;
  /** Consumers are registered beside providers. */
  readonly isConsumer: boolean;
}
interface Scheduler {
  readonly queue: {
    readonly requestQueue: ReadonlyMap<number, Call>;
    consume(answer: { requestId: number; err: unknown }): void;
  };
  readonly dubboServiceUrlMapper: ReadonlyMap<string, readonly Provider[]>;
  readonly dubboCluster: { readonly dubboClusterTransportMap: ReadonlyMap<string, ReadonlySet<Transport>> };
  sendRequest(call: Call, transport?: Transport): void;
}

/** Milliseconds that calls wait for the first connection to a provider before they go to the baseline instead. */
const PATIENCE = 1000;
/** What `invokedByHost` says of a call that waits for the connections of its own environment, not for any. */
const WAITING = 'waiting for a connection';

export const apacheDubboConsumer: Instrumentation = {
  module: 'apache-dubbo-consumer',
  versions: '>=4.0.0 <5',
  files: {
    'lib/context.js': (exports: Exports, agent) => patchContext(exports.default, agent),
    'lib/scheduler.js': (exports: Exports, agent, copy) =>
      patchScheduler(exports.default.prototype, agent, copy.require('lib/err.js').DubboScheduleError),
    'lib/dubbo-tcp-transport.js': (exports: Exports, agent) => patchTransport(exports.default.prototype, agent),
  },
};

/** The outgoing tag of each call that has one. */
const tags = new WeakMap<Call, string>();

function patchContext(Context: object, agent: Agent): void {
  wrapMethod<AnyFunction>(
    Context,
    'init',
    original =>
      function init(this: unknown) {
        const call: Call = original.call(this);
        agent.guard('taking the tag of a Dubbo call', undefined, () => {
          const tag = agent.context.outgoingTag();
          if (tag !== undefined) tags.set(call, tag);
        });
        return call;
      },
  );
}

/** The first attempt to connect to a provider, and what waits for its end. */
interface FirstAttempt {
  /** `slow`: it lasts longer than {@link PATIENCE}. */
  state: 'running' | 'slow' | 'over';
  /** Told when it is no longer running. */
  readonly waiting: Set<() => void>;
}
/** Of later attempts (the library makes one every three seconds) nothing is awaited: calls fall back meanwhile. */
const firstAttempts = new WeakMap<Transport, FirstAttempt>();
const attemptOf = (transport: Transport | undefined) => transport && firstAttempts.get(transport);

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
          const attachments = agent.attachments.inject(call.attachments, tags.get(call));
          // The encoder's view of the call: application code sees the attachments it set.
          return attachments === call.attachments
            ? call
            : Object.create(call, { attachments: { value: attachments, enumerable: true } });
        });
        return original.call(this, sent);
      },
  );
}

function followFirstAttempt(transport: Transport): void {
  if (firstAttempts.has(transport)) return;
  const attempt: FirstAttempt = { state: 'running', waiting: new Set() };
  firstAttempts.set(transport, attempt);
  const become = (state: FirstAttempt['state']) => {
    attempt.state = state;
    for (const goOn of attempt.waiting) goOn();
    attempt.waiting.clear();
  };
  // After the events that are due with the timer: a process that was busy starting has connections to take notice of.
  const beSlow = () => setImmediate(() => attempt.state === 'running' && become('slow'));
  const timer = setTimeout(beSlow, PATIENCE).unref();
  const end = () => {
    clearTimeout(timer);
    if (attempt.state !== 'over') become('over');
  };
  // Behind the library's own listeners: it has taken notice by then.
  transport.transport.once('connect', end).once('close', end);
}

function patchScheduler(prototype: object, agent: Agent, ScheduleError: new (message: string) => Error): void {
  const { guard, routing } = agent;
  /** What the registry says of each provider, read once: its lists are replaced, not changed. */
  const entryOf = oncePerObject(({ hostname, port, url }: Provider): Entry => {
    // Not `query`: the library parses the whole URL as a query string and so loses the first parameter.
    const parameters = Object.fromEntries(url.searchParams);
    return {
      host: `${hostname}:${port}`,
      environment: routing.environmentOf(parameters),
      isConsumer: isDubboConsumer(parameters),
    };
  });
  const transportOf = (scheduler: Scheduler, provider: Provider): Transport | undefined => {
    const { host } = entryOf(provider);
    for (const transport of scheduler.dubboCluster.dubboClusterTransportMap.get(provider.hostname) ?? []) {
      if (transport.host === host) return transport;
    }
    return undefined;
  };

  /** The connection that a call is sent by, the error that it ends with, or undefined: it waits. */
  const choose = (scheduler: Scheduler, call: Call, proposed: Transport | undefined): Transport | Error | undefined => {
    const { dubboInterface, version, group } = call;
    const providers = (scheduler.dubboServiceUrlMapper.get(dubboInterface) ?? []).filter(
      // Versions and groups as in the library's findDubboClusterByService.
      provider =>
        (!version || version === '*' || provider.version === version) &&
        (!group || provider.group === group) &&
        !entryOf(provider).isConsumer,
    );
    const reader = {
      environment: (provider: Provider) => entryOf(provider).environment,
      isUsable(provider: Provider) {
        const transport = transportOf(scheduler, provider);
        return transport?.isAvailable === true || attemptOf(transport)?.state === 'running';
      },
    };
    const chosen = routing.choose(providers, tags.get(call), reader, dubboInterface);
    // The library's choice stands where it may.
    if (proposed?.isAvailable && chosen.some(provider => entryOf(provider).host === proposed.host)) return proposed;
    const transports = chosen.map(provider => transportOf(scheduler, provider));
    const connected = transports.filter(transport => transport?.isAvailable);
    if (connected.length > 0) return connected[Math.floor(Math.random() * connected.length)];

    // Both texts are the library's.
    if (chosen.length === 0) return new ScheduleError(`Could not find any agent worker with ${dubboInterface}`);
    const attempts = transports.map(attemptOf).filter(attempt => attempt !== undefined);
    const running = attempts.filter(({ state }) => state === 'running');
    if (running.length > 0) {
      call.invokedByHost = WAITING;
      for (const { waiting } of running) waiting.add(() => goOn(scheduler, call));
    } else if (attempts.some(({ state }) => state === 'slow')) {
      // Nowhere else to go: as the library's own calls before any connection, until its time is over.
      call.invokedByHost = '';
    } else {
      return new ScheduleError(`${dubboInterface}?group=${group}&version=${version}`);
    }
    return undefined;
  };

  const goOn = (scheduler: Scheduler, call: Call) => {
    const isThere = scheduler.queue.requestQueue.get(call.requestId) === call;
    if (!isThere || call.invokedByHost !== WAITING) return;
    try {
      scheduler.sendRequest(call);
    } catch (err) {
      // As a call that does not wait: what fails in sending (an argument that cannot be encoded) is its result.
      scheduler.queue.consume({ requestId: call.requestId, err });
    }
  };

  wrapMethod<AnyFunction>(
    prototype,
    'sendRequest',
    original =>
      function sendRequest(this: Scheduler, call: Call, proposed?: Transport) {
        const target = guard('choosing the provider of a Dubbo call', proposed, () => choose(this, call, proposed));
        if (target instanceof Error) this.queue.consume({ requestId: call.requestId, err: target });
        else if (target !== undefined) original.call(this, call, target);
      },
  );
}
