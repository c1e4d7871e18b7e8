/** A real RocketMQ, and plain applications that produce to it and consume from it, for the RocketMQ tests. */
import { createServer } from 'node:http';
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
  readonly properties: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
  /** The baggage header of the call that the handler made; null: none. */
  readonly downstream: string | null;
}

export interface ConsumerApp {
  readonly child: RunningChild;
  /** What it received so far. */
  got(): Got[];
  /** Lines of its output that hold `key`. */
  lines(key: string): Record<string, unknown>[];
  /** Waits until it received messages with exactly these bodies, in any order. @throws with its output when it did not. */
  receives(bodies: readonly string[], timeout?: number): Promise<void>;
}

export interface ConsumerSettings {
  readonly group: string;
  readonly subscriptions: Readonly<Record<string, string | { readonly sql: string }>>;
  readonly mode?: 'push' | 'pull';
  readonly loops?: readonly ('forOf' | 'map' | 'index')[];
  readonly later?: Readonly<Record<string, { readonly tag?: string; readonly sql?: string }>>;
  readonly failFirst?: readonly string[];
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
  producer(topics: readonly string[], env?: Environment): Promise<ProducerApp>;
  /** Starts another application, with the addresses and `settings` in its environment. */
  start(script: string, settings: object, env: Environment): RunningChild;
  stop(): Promise<void>;
}

export const GRAY = { baggage: 'gray_tag=gray' };

export async function rocketmqEnvironment(options: RocketmqOptions = {}): Promise<RocketmqEnvironment> {
  const [rocketmq, sandbox] = await Promise.all([
    startRocketmq(options),
    createSandbox({ dependencies: { 'rocketmq-client-nodejs': '^1.0.8' } }),
  ]);
  const echo = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
  const children: RunningChild[] = [];

  const app = (script: string, settings: object, env: Environment): RunningChild => {
    const child = start({
      args: [...(env.WITHOUT_AGENT ? [] : PRELOAD), script],
      cwd: sandbox.directory,
      env: {
        HOME: sandbox.directory,
        ECHO: `http://127.0.0.1:${(echo.address() as AddressInfo).port}`,
        APP: JSON.stringify({ endpoints: rocketmq.endpoints, ...settings }),
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
      const child = app('rocketmq/consumer.js', settings, env);
      const lines = (key: string) => parseLines(child.stdout).filter(line => key in line);
      const got = () => lines('got') as unknown as Got[];
      if (wait) await child.waitFor('"started"');
      return {
        child,
        lines,
        got,
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
    async producer(topics, env = {}) {
      const child = app('rocketmq/producer.js', { topics }, env);
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
      sandbox.remove();
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
