/**
 * nacos-naming 2.x, the naming half of `nacos`: a canary registers with its tag, and a service is answered with the
 * instances that the call being handled may go to. What a client keeps up to date is learned for calls to addresses that
 * the application picked from a list of its own.
 */
import type { Agent } from '../agent/agent';
import type { Exports, Instrumentation } from '../agent/instrumentation';
import { overlay } from '../foreign-objects/overlay';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import type { InstanceReader } from '../routing/choose-instances';
import { isDubboConsumer } from '../routing/instance-environment';

/** An instance as the server answers it. */
interface Host {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
interface ServiceInfo {
  readonly name: string;
  /** The clusters that were asked for, separated by commas. */
  readonly clusters?: string;
  /** The server's clock at the answer, in ms. */
  readonly lastRefTime?: number;
  readonly hosts?: readonly Host[];
  getKey(): string;
}
interface HostReactor {
  readonly _closed?: boolean;
  /** By service key: the next poll of each service that is polled. */
  readonly _futureMap?: ReadonlyMap<string, unknown>;
  /** Keys of services whose first answer is awaited. */
  readonly _updatingSet?: ReadonlySet<string>;
  listenerCount(event: string): number;
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

/** As the application names it: without the group that it need not name. */
const nameOf = (service: string) => service.replace(/^DEFAULT_GROUP@@/, '');

/** The event that says that a list has changed, behind the key of the list. */
const CHANGED = '_changed';

function patchHostReactor(prototype: object, agent: Agent): void {
  const { guard, routing } = agent;
  const learned = new WeakSet<ServiceInfo>();

  const learn = (reactor: HostReactor, service: ServiceInfo | undefined) => {
    // Of an empty answer the client keeps the former list, which applications may have changed by then.
    if (service?.hosts === undefined || reactor._closed || learned.has(service)) return;
    learned.add(service);
    const key = service.getKey();
    routing.learn(reactor, {
      service: nameOf(service.name),
      clusters: service.clusters ?? '',
      time: service.lastRefTime ?? 0,
      instances: service.hosts
        .filter(({ metadata }) => !isDubboConsumer(metadata))
        .map(host => ({
          host: host.ip,
          port: host.port,
          environment: routing.environmentOf(host.metadata),
          isUsable: isUsable(host),
          weight: host.weight ?? 1,
          cluster: host.clusterName,
        })),
      isFollowed: () =>
        reactor._futureMap?.has(key) === true ||
        reactor._updatingSet?.has(key) === true ||
        reactor.listenerCount(key + CHANGED) > 0,
    });
  };

  // 2.0 to 2.6: called with each answer and each push of the server.
  wrapMethod<AnyFunction>(
    prototype,
    'processServiceJSON',
    original =>
      function processServiceJSON(this: HostReactor, ...args: unknown[]) {
        const service = original.apply(this, args) as ServiceInfo | undefined;
        guard('learning the instances of a service from Nacos', undefined, () => learn(this, service));
        return service;
      },
  );
  // From within, when the list has changed, with the hosts and the service: listeners make calls at once.
  wrapMethod<AnyFunction>(
    prototype,
    'emit',
    original =>
      function emit(this: HostReactor, ...args: unknown[]) {
        const [event, , service] = args;
        if (typeof event === 'string' && event.endsWith(CHANGED)) {
          guard('learning the instances of a service from Nacos', undefined, () => learn(this, service as ServiceInfo));
        }
        return original.apply(this, args);
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
