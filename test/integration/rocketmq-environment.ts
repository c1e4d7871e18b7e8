/** A real RocketMQ, and plain applications that produce to it and consume from it, for the RocketMQ tests. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import type { Rocketmq, RocketmqOptions } from '../../fixtures/rocketmq';
import type { Client as ClientDescription, ClientVersion } from '../../fixtures/rocketmq-clients/client';
import { CLIENTS, DEFAULT_CLIENT, type VersionName, versionOf } from '../../fixtures/rocketmq-clients/clients';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { PRELOAD, type RunningChild, start } from './child';
import { createSandbox, type Sandbox } from './sandbox';

type Environment = Readonly<Record<string, string>>;

export interface Got {
  readonly got: string;
  readonly id: string;
  readonly topic: string;
  readonly attempt: number;
  /** How many messages were in handling as it came, itself included (gRPC client). */
  readonly atOnce: number;
  readonly properties: Readonly<Record<string, string>>;
  /** A text of the native client. */
  readonly keys: readonly string[] | string;
  /** The tag of a message (native client). */
  readonly tags?: string;
  /** The baggage header of the call that the handler made; null: none. */
  readonly downstream: string | null;
}

export interface ConsumerApp {
  readonly child: RunningChild;
  /** What it received so far. */
  got(): Got[];
  /** Lines of its output that hold `key`. */
  lines(key: string): Record<string, unknown>[];
  /** Waits until a client of the remoting protocol pulls from its queues (the native one does not tell); others need no waiting. */
  rebalanced(): Promise<void>;
  /** Waits until it received messages with exactly these bodies, in any order. @throws with its output when it did not. */
  receives(bodies: readonly string[], timeout?: number): Promise<void>;
}

/** A client in one of its versions (fixtures/rocketmq-clients). */
export type Client = VersionName;

export interface ConsumerSettings {
  /** Default: rocketmq-client-nodejs. */
  readonly client?: Client;
  /** Further options of the client's constructor. */
  readonly clientOptions?: Readonly<Record<string, unknown>>;
  readonly broadcast?: boolean;
  /** A handler of a kind that the client refuses. */
  readonly plainHandler?: boolean;
  readonly group: string;
  readonly subscriptions: Readonly<Record<string, string | { readonly sql: string }>>;
  readonly mode?: 'push' | 'pull';
  readonly loops?: readonly ('forOf' | 'map' | 'index' | 'later')[];
  /** Milliseconds that the handler takes; that a loop `later` acknowledges later. */
  readonly handleMs?: number;
  readonly ackMs?: number;
  /** A class of the application's own for its push consumer (gRPC client). */
  readonly ofClass?: 'ownStartup' | 'ownRequests';
  /** On SIGTERM it shuts its consumer down, says so and ends (gRPC client). */
  readonly shutsDown?: boolean;
  readonly later?: Readonly<Record<string, string | { readonly tag?: string; readonly sql?: string }>>;
  readonly failFirst?: readonly string[];
  /** A topic to which its handler sends each message on, as `on <body>`. */
  readonly forwardsTo?: string;
  /** How long a handler works, in ms. */
  readonly workMs?: number;
  /** A second consumer of the same group is started in the process, which the client refuses (native client). */
  readonly twice?: boolean;
  /** The application takes orders of the test by HTTP (clients of the remoting protocol). */
  readonly takesOrders?: boolean;
}

export interface Message {
  readonly topic: string;
  readonly body: string;
  readonly [option: string]: unknown;
}

export interface ProducerApp {
  readonly child: RunningChild;
  /** Sends from within a request with these headers; the message's id. */
  send(message: Message, headers?: Readonly<Record<string, string>>): Promise<string>;
}

export interface RocketmqEnvironment {
  readonly rocketmq: Rocketmq;
  readonly sandbox: Sandbox;
  /** Starts a consumer and, unless told otherwise, waits until it runs. */
  consumer(settings: ConsumerSettings, env?: Environment, wait?: boolean): Promise<ConsumerApp>;
  producer(topics: readonly string[], env?: Environment, client?: Client, clientOptions?: object): Promise<ProducerApp>;
  /** Starts another application, with the addresses and `settings` in its environment. */
  start(script: string, settings: object, env: Environment): RunningChild;
  stop(): Promise<void>;
}

export const GRAY = { baggage: 'gray_tag=gray' };

const VERSIONS: readonly ClientVersion[] = (CLIENTS as readonly ClientDescription[]).flatMap(
  ({ versions }) => versions,
);
/** What is installed beside one another; each version that cannot be has a sandbox of its own. */
const TOGETHER = VERSIONS.filter(({ isApart }) => !isApart);
const APART = VERSIONS.filter(({ isApart }) => isApart);

/**
 * @param dependencies what the applications have besides their clients
 * @param apart clients that are to be there of those that cannot be installed beside others
 */
export async function rocketmqEnvironment(
  options: RocketmqOptions = {},
  dependencies: Readonly<Record<string, string>> = {},
  apart: readonly ClientVersion[] = APART,
): Promise<RocketmqEnvironment> {
  const installed = Object.assign({}, ...TOGETHER.map(version => version.dependencies), dependencies);
  const [rocketmq, sandbox, ...others] = await Promise.all([
    takeRocketmq(options),
    createSandbox({ dependencies: installed }),
    ...apart.map(version => createSandbox({ dependencies: version.dependencies })),
  ]);
  const echo = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  // On a busy machine the end of an idle connection reaches an application only with its next call, which then fails.
  echo.keepAliveTimeout = 300_000;
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
  // Older clients of the remoting protocol ask an address server for the name servers.
  const addressServer = createServer((_request, response) => response.end(rocketmq.namesrv));
  await new Promise<void>(resolve => addressServer.listen(0, '127.0.0.1', resolve));
  const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const children: RunningChild[] = [];

  const app = (script: string, settings: object, env: Environment, name: Client = DEFAULT_CLIENT): RunningChild => {
    const { client, version } = versionOf(name);
    const cwd = (others[apart.indexOf(version)] ?? sandbox).directory;
    const addresses = client.protocol === 'grpc' ? { endpoints: rocketmq.endpoints } : { namesrv: rocketmq.namesrv };
    const child = start({
      args: [...(env.WITHOUT_AGENT ? [] : PRELOAD), script],
      cwd,
      env: {
        HOME: cwd,
        ECHO: urlOf(echo),
        ADDRESS_SERVER: urlOf(addressServer),
        CLIENT: client.module,
        APP: JSON.stringify({ ...addresses, ...settings }),
        ...env,
      },
    });
    children.push(child);
    return child;
  };

  return {
    rocketmq,
    sandbox,
    start: app,
    async consumer(settings, env = {}, wait = true) {
      const { client: name = DEFAULT_CLIENT, ...rest } = settings;
      const { client } = versionOf(name);
      const child = app(fileOf(client, client.consumer), rest, env, name);
      const lines = (key: string) => parseLines(child.stdout).filter(line => key in line);
      const got = () => lines('got') as unknown as Got[];
      if (wait) await child.waitFor('"started"');
      return {
        child,
        lines,
        got,
        async rebalanced() {
          if (client.saysPulling) await child.waitFor('"pulling"');
        },
        async receives(bodies, timeout = 30_000) {
          const wanted = [...bodies].sort().join();
          const end = Date.now() + timeout;
          const bodiesSoFar = () =>
            got()
              .map(message => message.got)
              .sort()
              .join();
          while (bodiesSoFar() !== wanted) {
            if (Date.now() > end) throw child.failure(`received [${bodiesSoFar()}], not [${wanted}]`);
            await new Promise(resolve => setTimeout(resolve, 50));
          }
        },
      };
    },
    async producer(topics, env = {}, name = DEFAULT_CLIENT, clientOptions = {}) {
      const { client } = versionOf(name);
      const child = app(fileOf(client, client.producer), { topics, clientOptions }, env, name);
      const { port } = JSON.parse(await child.waitFor('"port"')) as { port: number };
      return {
        child,
        async send(message, headers = {}) {
          const response = await fetch(`http://127.0.0.1:${port}/`, {
            method: 'POST',
            headers,
            body: JSON.stringify(message),
          });
          const text = await response.text();
          if (response.status !== 200) throw child.failure(`answered ${response.status}: ${text}`);
          const { id, changed } = JSON.parse(text) as { id: string; changed: boolean };
          if (changed) throw new Error("the application's properties were changed");
          return id;
        },
      };
    },
    async stop() {
      await Promise.all(children.map(child => child.stop('SIGKILL')));
      echo.close();
      addressServer.close();
      for (const { remove } of [sandbox, ...others]) remove();
      await rocketmq.stop();
    },
  };
}

/** Within a sandbox. */
function fileOf({ module }: ClientDescription, file: string): string {
  return posix.join('clients', module, file);
}

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line) as Record<string, unknown>);
}
