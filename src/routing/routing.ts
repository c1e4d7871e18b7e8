/** Routing as instrumentations see it: registration, choice among instances, calls to addresses that were kept. */
import type { Settings } from '../config/settings';
import type { Counts } from '../counting/counts';
import { oncePerObject } from '../foreign-objects/once-per-object';
import { callLines } from '../lines/calls';
import type { Log } from '../log';
import type { Address } from './address';
import { chooseInstances, type InstanceReader, wantedEnvironment } from './choose-instances';
import { environmentOf, type Metadata, registrationMetadata } from './instance-environment';
import { createRoutes, type Routes } from './routes';
import { createServiceDirectory, type ServiceDirectory } from './service-directory';

/** Error code of a call that was not made: there is no instance that it may go to. */
export const NO_INSTANCE = 'ERR_GRAY_NO_INSTANCE';

export interface Routing {
  /** The tag that an instance's registration metadata names; undefined: the baseline. */
  environmentOf(metadata: object | null | undefined): string | undefined;
  /** What this process registers itself with: a copy with its tag, or the very same object in the baseline. */
  registration<M extends object>(metadata: M | undefined): M | undefined;
  /**
   * The instances that a call with the outgoing tag `tag` may go to: its own environment's, else the baseline's, else
   * none, which is said once for `service`. The very same array when none is excluded.
   */
  choose<T>(instances: readonly T[], tag: string | undefined, reader: InstanceReader<T>, service: string): readonly T[];
  /** Tells that a call with the outgoing tag `tag` goes to an instance of `environment` without having been asked. */
  chosen(tag: string | undefined, environment: string | undefined): void;
  readonly learn: ServiceDirectory['learn'];
  readonly forget: ServiceDirectory['forget'];
  /** False: no registry knows a canary; no call is aimed elsewhere by what registries say, whatever its address. */
  hasCanaries(): boolean;
  /** False: no call with this tag goes elsewhere, whatever its address. */
  mayAim(tag: string | undefined): boolean;
  /** Where a call by name goes that no registry knows of. See {@link Routes.find}. */
  readonly route: Routes['find'];
  /** See {@link Routes.target}. */
  readonly routeTarget: Routes['target'];
  /** From now on these routes hold. */
  readonly replaceRoutes: Routes['replace'];
  /**
   * The address that a call with the outgoing tag `tag` goes to instead of this one; undefined: unchanged.
   *
   * @returns an Error with the code `ERR_GRAY_NO_INSTANCE` when there is no instance that it may go to
   */
  aim(host: string, port: number, tag: string | undefined): Address | Error | undefined;
}

export function createRouting(settings: Settings, log: Log, counts: Counts): Routing {
  const { key, tag: instanceTag, interop } = settings;
  const directory = createServiceDirectory(undefined, undefined, counts.routed);
  const routes = createRoutes({ log, count: counts.routed });
  routes.replace(settings.routes);
  // Registries hand out new metadata with each change: what one says is read once.
  const environment = oncePerObject((metadata: object) => environmentOf(metadata as Metadata, key, interop));

  const noInstance = (services: readonly string[], tag: string | undefined) => {
    const caller = wantedEnvironment(tag) ?? 'the baseline';
    const said = { services: services.join(', '), caller };
    const line = services.length === 1 ? callLines.noInstance : callLines.noCommonInstance;
    log.say(line, said);
    return line.words(said);
  };

  const chosen = (tag: string | undefined, environment: string | undefined) =>
    counts.routed(tag, environment === wantedEnvironment(tag) ? 'own' : 'baseline');

  return {
    chosen,
    environmentOf(metadata) {
      return typeof metadata === 'object' && metadata !== null ? environment(metadata) : undefined;
    },
    registration: metadata => registrationMetadata(metadata, { key, tag: instanceTag, interop }),
    choose(instances, tag, reader, service) {
      const choice = chooseInstances(instances, tag, reader);
      const first = choice[0];
      if (first !== undefined) chosen(tag, reader.environment(first));
      else if (instances.length > 0) {
        counts.routed(tag, 'nobody');
        noInstance([service], tag);
      }
      return choice;
    },
    learn: directory.learn,
    forget: directory.forget,
    hasCanaries: () => directory.hasCanaries,
    mayAim: tag => directory.hasCanaries || (tag !== undefined && !routes.isEmpty),
    route: (host, port, tag) =>
      routes.isEmpty || tag === undefined || directory.knows(host, port) ? undefined : routes.find(host, port, tag),
    routeTarget: routes.target,
    replaceRoutes: routes.replace,
    aim(host, port, tag) {
      const target = directory.aim(host, port, tag);
      if (target === undefined || 'host' in target) return target;
      return Object.assign(new Error(noInstance(target.unreachable, tag)), { code: NO_INSTANCE });
    },
  };
}
