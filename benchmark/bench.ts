/** What scenarios work with: the machine's servers, the application's directory, and its processes. */
import { applicationEnvironment } from '../fixtures/applications/environment';
import type { NodeVersion } from '../fixtures/node-versions';
import type { Rocketmq } from '../fixtures/rocketmq';
import type { Progress } from '../fixtures/servers/progress';
import type { ServerProcesses } from '../fixtures/servers/server-processes';
import type { Contender } from './contenders';

export interface Bench {
  /** The one that contenders run on. */
  readonly node: NodeVersion;
  readonly processes: ServerProcesses;
  /** Started when a scenario asks for it. */
  rocketmq(): Promise<Rocketmq>;
  readonly rounds: number;
  /** How long one contender's work in one round should take, in ms. */
  readonly workMs: number;
  readonly onProgress: Progress;
}

/** A process of the application that does work when it is told to. */
export interface Worker {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** @throws Error of the process, or that it has ended */
  ask<Answer>(message: object): Promise<Answer>;
  /** Done when it has ended by itself. */
  ended(): Promise<void>;
  stop(): Promise<void>;
}

export interface Program {
  /** Its own among all that are started. */
  readonly name: string;
  /** In apps. */
  readonly file: string;
  /** Undefined: a process beside the contenders, bare and on the version of Node.js that runs the benchmark. */
  readonly contender?: Contender;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeArguments?: readonly string[];
}

const READY_MS = 60_000;
let started = 0;

/** @throws Error with the process's last words when it ends before it is ready, or is not ready in time */
export async function startWorker({ node, processes }: Bench, program: Program): Promise<Worker> {
  const { file, contender, environment, nodeArguments = [] } = program;
  const name = `${program.name}-${++started}`;
  const server = processes.startWithChannel(
    name,
    contender ? node.path : process.execPath,
    [...nodeArguments, ...(contender?.preload ?? []), `apps/${file}`],
    { ...applicationEnvironment(processes.directory), ...environment, ...contender?.environment },
  );
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  const ending = () => new Error(`${server.ended() ?? `${name} does not answer`}\n${processes.sampleLogs()}`);
  let becameReady: (ready: Record<string, unknown>) => void = () => {};
  const ready = new Promise<Record<string, unknown>>((resolve, reject) => {
    const timer = setTimeout(() => reject(ending()), READY_MS);
    becameReady = value => {
      clearTimeout(timer);
      resolve(value);
    };
    server.ending.then(() => {
      clearTimeout(timer);
      reject(ending());
      for (const { reject } of waiting.values()) reject(ending());
    });
  });
  const early = new Map<number, Record<string, unknown>>();
  server.channel.onMessage(({ ready, id, ...answer }) => {
    if (ready) return becameReady(ready as Record<string, unknown>);
    const request = waiting.get(id as number);
    if (!request) return early.set(id as number, answer);
    waiting.delete(id as number);
    if (answer.error) request.reject(new Error(`${name}: ${answer.error}`));
    else request.resolve(answer as never);
  });

  let asked = 0;
  return {
    pid: server.pid,
    ready: await ready,
    ask(message) {
      const id = asked++;
      return new Promise((resolve, reject) => {
        if (server.ended()) return reject(ending());
        const before = early.get(id);
        if (before) return resolve(before as never);
        waiting.set(id, { resolve, reject });
        server.channel.send({ ...message, id });
      });
    },
    ended: () => server.ending,
    stop: () => server.kill(),
  };
}
