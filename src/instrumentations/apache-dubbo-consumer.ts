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
import type { Agent } from '../agent/agent';
import type { Exports, Instrumentation } from '../agent/instrumentation';
import { oncePerObject } from '../foreign-objects/once-per-object';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import type { Attachments } from '../propagation/rpc-attachments';
import { wantedEnvironment } from '../routing/choose-instances';
import { type ConnectionState, chooseConnection, takesCalls } from '../routing/connection-choice';
import { type FirstAttempt, startFirstAttempt } from '../routing/first-attempt';
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
  readonly provider: Provider;
  /** `host:port`. */
  readonly host: string;
  readonly environment: string | undefined;
}
/** What the registry says of a service: its providers, without the consumers that are registered beside them. */
interface Offer {
  readonly entries: readonly Entry[];
  readonly byHost: ReadonlyMap<string, readonly Entry[]>;
  readonly hasCanaries: boolean;
}
const NO_PROVIDERS: readonly Provider[] = [];

interface Scheduler {
  readonly queue: {
    readonly requestQueue: ReadonlyMap<number, Call>;
    consume(answer: { requestId: number; err: unknown }): void;
  };
  readonly dubboServiceUrlMapper: ReadonlyMap<string, readonly Provider[]>;
  readonly dubboCluster: { readonly dubboClusterTransportMap: ReadonlyMap<string, ReadonlySet<Transport>> };
  sendRequest(call: Call, transport?: Transport): void;
}

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
  requires: { files: ['lib/err.js'] },
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

/** The library makes one every three seconds; only the first is waited for. */
const firstAttempts = new WeakMap<Transport, FirstAttempt>();

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
  const attempt = startFirstAttempt();
  firstAttempts.set(transport, attempt);
  // Behind the library's own listeners: it has taken notice by then.
  transport.transport.once('connect', attempt.end).once('close', attempt.end);
}

const stateOf = (transport: Transport | undefined): ConnectionState => {
  if (transport === undefined) return 'down';
  return transport.isAvailable ? 'up' : (firstAttempts.get(transport)?.state ?? 'down');
};

/** Versions and groups as in the library's findDubboClusterByService. */
const fits = (provider: Provider, { version, group }: Call) =>
  (!version || version === '*' || provider.version === version) && (!group || provider.group === group);

function patchScheduler(prototype: object, agent: Agent, ScheduleError: new (message: string) => Error): void {
  const { guard, routing } = agent;
  /** What the registry says of a service, read once: the library replaces its lists, it does not change them. */
  const offerOf = oncePerObject((providers: readonly Provider[]): Offer => {
    const offer = { entries: [] as Entry[], byHost: new Map<string, Entry[]>(), hasCanaries: false };
    for (const provider of providers) {
      const { hostname, port, url } = provider;
      // Not `query`: the library parses the whole URL as a query string and so loses the first parameter.
      const parameters = Object.fromEntries(url.searchParams);
      if (isDubboConsumer(parameters)) continue;
      const entry = { provider, host: `${hostname}:${port}`, environment: routing.environmentOf(parameters) };
      offer.entries.push(entry);
      offer.byHost.set(entry.host, [...(offer.byHost.get(entry.host) ?? []), entry]);
      if (entry.environment !== undefined) offer.hasCanaries = true;
    }
    return offer;
  });
  const transportOf = (scheduler: Scheduler, { host, provider }: Entry): Transport | undefined => {
    for (const transport of scheduler.dubboCluster.dubboClusterTransportMap.get(provider.hostname) ?? []) {
      if (transport.host === host) return transport;
    }
    return undefined;
  };

  /** The connection that a call is sent by, the error that it ends with, or undefined: it waits. */
  const choose = (scheduler: Scheduler, call: Call, proposed: Transport | undefined): Transport | Error | undefined => {
    const { dubboInterface, version, group } = call;
    const { entries, byHost, hasCanaries } = offerOf(
      scheduler.dubboServiceUrlMapper.get(dubboInterface) ?? NO_PROVIDERS,
    );
    const tag = tags.get(call);
    if (proposed?.isAvailable) {
      const wanted = wantedEnvironment(tag);
      for (const { provider, environment } of byHost.get(proposed.host) ?? []) {
        // The library's choice stands where it may: at once, without a look at the others.
        if ((environment !== wanted && hasCanaries) || !fits(provider, call)) continue;
        routing.chosen(tag, environment);
        return proposed;
      }
    }
    const reader = {
      environment: ({ environment }: Entry) => environment,
      isUsable: (entry: Entry) => takesCalls(stateOf(transportOf(scheduler, entry))),
    };
    const fitting = entries.filter(({ provider }) => fits(provider, call));
    const chosen = routing.choose(fitting, tag, reader, dubboInterface).map(entry => {
      const transport = transportOf(scheduler, entry);
      return { transport, state: stateOf(transport), isProposed: entry.host === proposed?.host, weight: 1 };
    });
    const choice = chooseConnection(chosen, Math.random);
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
      if (transport !== undefined) firstAttempts.get(transport)?.onSettled(() => goOn(scheduler, call));
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
