/**
 * nacos-naming 2.x, the naming half of `nacos`: a canary registers with its tag, and a service is answered with the
 * instances that the call being handled may go to. What a client keeps up to date is learned for calls to addresses that
 * the application picked from a list of its own.
 */
import type { Agent } from '../agent';
import type { Exports, Instrumentation } from '../loader/instrumentation';
import { overlay } from '../loader/overlay';
import { type AnyFunction, wrapMethod } from '../loader/wrap';
import type { InstanceReader } from '../routing/choose-instances';
import { isDubboConsumer } from '../routing/instance-environment';

/** An instance as the server answers it. */
interface Host {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
interface ServiceInfo {
  /** The server's clock at the answer, in ms. */
  readonly lastRefTime?: number;
  readonly hosts?: readonly Host[];
  getKey(): string;
}
interface HostReactor {
  readonly _closed?: boolean;
  /** By service key: the next poll of each service that is followed. */
  readonly _futureMap?: ReadonlyMap<string, unknown>;
}

export const nacosNaming: Instrumentation = {
  module: 'nacos-naming',
  versions: '>=2.0.0 <3',
  files: {
    'lib/naming/client.js': (NacosNamingClient: Exports, agent) => patchClient(NacosNamingClient.prototype, agent),
    'lib/naming/host_reactor.js': (HostReactor: Exports, agent) => patchHostReactor(HostReactor.prototype, agent),
  },
};

const isUsable = (host: Host) =>
  host.healthy !== false && host.enabled !== false && host.weight !== 0 && !isDubboConsumer(host.metadata);

function patchClient(prototype: object, agent: Agent): void {
  const { context, guard, routing } = agent;
  const reader: InstanceReader<Host> = { environment: ({ metadata }) => routing.environmentOf(metadata), isUsable };

  wrapMethod<AnyFunction>(
    prototype,
    'registerInstance',
    original =>
      function registerInstance(this: unknown, serviceName: unknown, instance: unknown, ...rest: unknown[]) {
        const registered = guard('registering an instance with Nacos', instance, () => {
          if (typeof instance !== 'object' || instance === null) return instance;
          const { metadata } = instance as { metadata?: object };
          const changed = routing.registration(metadata);
          return changed === metadata ? instance : overlay(instance, { metadata: changed });
        });
        return original.call(this, serviceName, registered, ...rest);
      },
  );

  for (const name of ['selectInstances', 'getAllInstances']) {
    wrapMethod<AnyFunction>(
      prototype,
      name,
      original =>
        async function (this: unknown, ...args: unknown[]) {
          // The tag of whoever asks, not of whoever brings the answer.
          const tag = guard('taking the tag of a query to Nacos', undefined, () => context.outgoingTag());
          const hosts: unknown = await original.apply(this, args);
          return guard('choosing instances of Nacos', hosts, () =>
            Array.isArray(hosts) ? routing.choose(hosts as Host[], tag, reader, String(args[0])) : hosts,
          );
        },
    );
  }
}

/** As the application names it: without the group and cluster that it need not name. */
const nameOf = (key: string) => key.replace(/^DEFAULT_GROUP@@/, '').replace(/@@DEFAULT$/, '');

/** Answers overtake one another by less than this, in ms; a longer way back is another server's clock. */
const OVERTAKEN = 2000;

function patchHostReactor(prototype: object, agent: Agent): void {
  const { guard, routing } = agent;
  /** Of each client: the time of the last answer about each service. */
  const times = new WeakMap<object, Map<string, number>>();
  const isOvertaken = (reactor: object, name: string, time: number) => {
    const known = times.get(reactor) ?? new Map<string, number>();
    times.set(reactor, known);
    const age = (known.get(name) ?? 0) - time;
    if (age > 0 && age < OVERTAKEN) return true;
    known.set(name, time);
    return false;
  };

  // 2.0 to 2.6: called with each answer and each push of the server.
  wrapMethod<AnyFunction>(
    prototype,
    'processServiceJSON',
    original =>
      function processServiceJSON(this: HostReactor, ...args: unknown[]) {
        const service = original.apply(this, args) as ServiceInfo | undefined;
        guard('learning the instances of a service from Nacos', undefined, () => {
          if (service?.hosts === undefined || this._closed) return;
          const key = service.getKey();
          const name = nameOf(key);
          if (isOvertaken(this, name, service.lastRefTime ?? 0)) return;
          const instances = service.hosts
            .filter(({ metadata }) => !isDubboConsumer(metadata))
            .map(host => ({
              host: host.ip,
              port: host.port,
              environment: routing.environmentOf(host.metadata),
              isUsable: isUsable(host),
              weight: host.weight ?? 1,
            }));
          routing.learn(this, name, instances, () => this._futureMap?.has(key) ?? false);
        });
        return service;
      },
  );
  wrapMethod<AnyFunction>(
    prototype,
    '_close',
    original =>
      function _close(this: HostReactor, ...args: unknown[]) {
        guard('forgetting the services of a Nacos client', undefined, () => routing.forget(this));
        return original.apply(this, args);
      },
  );
}
