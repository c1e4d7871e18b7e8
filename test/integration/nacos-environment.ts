/** A real Nacos, and plain applications that register with it and choose from it, for the tests of registries. */
import type { Nacos } from '../../fixtures/nacos';
import type { NodeVersion } from '../../fixtures/node-versions';
import { takeNacos } from '../../fixtures/warm-servers/take';
import { PRELOAD, type RunningChild, start } from './child';
import { createSandbox, type Sandbox, type SandboxOptions } from './sandbox';

type Environment = Readonly<Record<string, string>>;

/** What an application of Dubbo over Nacos has. */
export const DUBBO_DEPENDENCIES = {
  'apache-dubbo-consumer': '^4.0.0',
  'apache-dubbo-service': '^0.0.1',
  'apache-dubbo-registry': '^0.0.2',
  // What apache-dubbo-service uses and does not name.
  debug: '^4.4.3',
  'koa-compose': '^4.1.0',
};

export interface Instance {
  readonly ip: string;
  readonly port: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NacosEnvironment {
  readonly nacos: Nacos;
  readonly sandbox: Sandbox;
  /** Starts an application, with Nacos's address and `settings` in APP; WITHOUT_AGENT in its environment: bare. */
  start(script: string, settings: object, env?: Environment, node?: NodeVersion): RunningChild;
  /** Registers an instance that stays although it sends no heartbeats. */
  register(service: string, instance: Instance, namespace?: string): Promise<void>;
  deregister(service: string, instance: Instance): Promise<void>;
  /** The healthy instances of a service, by port. Clients of npm never tell that the last one has left. */
  instances(service: string): Promise<Instance[]>;
  stop(): Promise<void>;
}

/** How long (ms) Nacos waits for a heartbeat: longer than any test takes (PreservedMetadataKeys.java). */
const STAYS = {
  'preserved.heart.beat.timeout': '3600000',
  'preserved.ip.delete.timeout': '3600000',
};

/** Applications find `nacos` and the dependencies named. */
export async function nacosEnvironment({ dependencies, ...rest }: SandboxOptions = {}): Promise<NacosEnvironment> {
  const [nacos, sandbox] = await Promise.all([
    takeNacos(),
    createSandbox({ dependencies: { nacos: '^2.6.3', ...dependencies }, ...rest }),
  ]);
  const children: RunningChild[] = [];

  async function call(method: string, path: string, query: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(`http://${nacos.address}/nacos/v1/ns/${path}?${new URLSearchParams(query)}`, {
      method,
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text;
  }

  return {
    nacos,
    sandbox,
    start(script, settings, env = {}, node = undefined) {
      const child = start({
        args: [...(env.WITHOUT_AGENT ? [] : PRELOAD), script],
        cwd: sandbox.directory,
        env: {
          // Clients keep what they learn in files there.
          HOME: sandbox.directory,
          APP: JSON.stringify({ address: nacos.address, ...settings }),
          ...env,
        },
        ...(node !== undefined && { node }),
      });
      children.push(child);
      return child;
    },
    async register(serviceName, { ip, port, metadata }, namespaceId = 'public') {
      const stays = JSON.stringify({ ...metadata, ...STAYS });
      await call('POST', 'instance', { namespaceId, serviceName, ip, port: `${port}`, metadata: stays });
    },
    async deregister(serviceName, { ip, port }) {
      await call('DELETE', 'instance', { serviceName, ip, port: `${port}` });
    },
    async instances(serviceName) {
      const { hosts } = JSON.parse(await call('GET', 'instance/list', { serviceName, healthyOnly: 'true' })) as {
        hosts: Instance[];
      };
      return hosts
        .map(({ ip, port, metadata }) => ({ ip, port, metadata: without(metadata, STAYS) }))
        .sort((a, b) => a.port - b.port);
    },
    async stop() {
      await Promise.all(children.map(child => child.stop('SIGKILL')));
      sandbox.remove();
      await nacos.stop();
    },
  };
}

function without(all: Readonly<Record<string, string>>, some: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !(name in some)));
}
