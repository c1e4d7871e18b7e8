/** A real RocketMQ, and plain applications that produce to it and consume from it, for the RocketMQ tests. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Rocketmq, type RocketmqOptions, startRocketmq } from '../../fixtures/rocketmq';
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

/**
 * The clients, by the name of their package; the older ali-ons has a sandbox of its own. apache-rocketmq is put into the
 * sandbox by the test that uses it.
 */
export type Client = 'rocketmq-client-nodejs' | 'ali-ons 3' | 'ali-ons 2' | 'rocketmq 2' | 'apache-rocketmq';

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

/** What applications with clients of the remoting protocol bring along. */
const COMMON = { urllib: '^2.44.0', co: '^4.6.0' };

const SCRIPTS: Partial<Record<Client, { readonly consumer: string; readonly producer: string }>> = {
  'rocketmq-client-nodejs': { consumer: 'rocketmq/consumer.js', producer: 'rocketmq/producer.js' },
  'apache-rocketmq': { consumer: 'rocketmq/apache-rocketmq.js', producer: 'rocketmq/apache-rocketmq.js' },
};
const ALI_ONS = { consumer: 'rocketmq/ali-ons.js', producer: 'rocketmq/ali-ons.js' };

/** @param dependencies what the applications have besides their clients */
export async function rocketmqEnvironment(
  options: RocketmqOptions = {},
  dependencies: Readonly<Record<string, string>> = {},
): Promise<RocketmqEnvironment> {
  const [rocketmq, sandbox, older] = await Promise.all([
    startRocketmq(options),
    createSandbox({
      dependencies: {
        'rocketmq-client-nodejs': '^1.0.8',
        'ali-ons': '^3.12.0',
        rocketmq: '^2.0.1',
        ...COMMON,
        ...dependencies,
      },
    }),
    createSandbox({ dependencies: { 'ali-ons': '^2.0.4', ...COMMON } }),
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

  const app = (script: string, settings: object, env: Environment, client?: Client): RunningChild => {
    const cwd = (client === 'ali-ons 2' ? older : sandbox).directory;
    const isGrpc = client === undefined || client === 'rocketmq-client-nodejs';
    const addresses = isGrpc ? { endpoints: rocketmq.endpoints } : { namesrv: rocketmq.namesrv };
    const child = start({
      args: [...(env.WITHOUT_AGENT ? [] : PRELOAD), script],
      cwd,
      env: {
        HOME: cwd,
        ECHO: urlOf(echo),
        ADDRESS_SERVER: urlOf(addressServer),
        CLIENT: client?.split(' ')[0] ?? '',
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
      const { client = 'rocketmq-client-nodejs', ...rest } = settings;
      const child = app((SCRIPTS[client] ?? ALI_ONS).consumer, rest, env, client);
      const lines = (key: string) => parseLines(child.stdout).filter(line => key in line);
      const got = () => lines('got') as unknown as Got[];
      if (wait) await child.waitFor('"started"');
      return {
        child,
        lines,
        got,
        async rebalanced() {
          if (SCRIPTS[client] === undefined) await child.waitFor('"pulling"');
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
    async producer(topics, env = {}, client = 'rocketmq-client-nodejs', clientOptions = {}) {
      const child = app((SCRIPTS[client] ?? ALI_ONS).producer, { topics, clientOptions }, env, client);
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
      sandbox.remove();
      older.remove();
      await rocketmq.stop();
    },
  };
}

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line) as Record<string, unknown>);
}
