/** A service as its recipe starts it: in the baseline, in a canary, and bare. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { freePort } from '../../fixtures/servers/free-ports';
import { type ChildOptions, type ChildResult, type RunningChild, run, start } from '../integration/child';
import { createSandbox, type Sandbox } from '../integration/sandbox';
import { type Downstream, startDownstream } from './downstream';
import { bareName } from './global-setup';
import { killLeft, leftProcesses, MARK } from './left-processes';
import { EVERYWHERE, PLACEHOLDERS, recipe, withoutAgent } from './recipes';

export type Environment = 'baseline' | 'canary' | 'bare';

export interface ServiceOptions {
  /** Name of the recipe in docs/recipes.md. */
  readonly recipe: string;
  /** Directories under `test/frameworks/apps`. */
  readonly apps: readonly string[];
  /** npm packages besides the client of RocketMQ. */
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly node?: Pick<NodeVersion, 'path'>;
  /** Files of the bare application, where those of the recipe without the preload's option are not enough. */
  readonly bareFiles?: Readonly<Record<string, string>>;
}

export interface Instance {
  readonly environment: Environment;
  readonly directory: string;
  /** Its home, where daemons keep their logs. */
  readonly home: string;
  /** Runs the recipe's command `name` to its end. */
  run(name: string): Promise<ChildResult>;
  /** Runs a command that is in no recipe. */
  runCommand(text: string): Promise<ChildResult>;
  /** Starts the recipe's command `name`, which goes on. */
  start(name: string): RunningChild;
  /** GET / with an order; the answer. */
  order(id: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The same, again and again until somebody is there to answer. @throws when nobody is, with what `explain()` says */
  firstOrder(id: string, explain: () => Error): Promise<Answer>;
  /** The text with general names in the place of the instance's own. */
  withoutNames(text: string): string;
  /** What is still running of it. */
  left(): string[];
  /** What daemons wrote into its home. */
  logs(): LogFile[];
}

export interface LogFile {
  readonly path: string;
  readonly text: string;
}

export type Answer = Readonly<Record<string, unknown>>;

export interface Service {
  readonly downstream: Downstream;
  instance(environment: Environment): Promise<Instance>;
  /** Ends what is left, and removes the application. */
  remove(): void;
}

const APPS = join(__dirname, 'apps');
const START_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_MS = 300_000;

export async function installService(options: ServiceOptions): Promise<Service> {
  const mark = randomUUID();
  const downstream = await startDownstream();
  const withAgent = await application(options, mark, true);
  const bare = await application(options, mark, false);
  const end = () => killLeft(mark);
  process.once('exit', end);
  return {
    downstream,
    instance: environment =>
      createInstance({ ...options, downstream, mark, environment, sandbox: environment === 'bare' ? bare : withAgent }),
    remove() {
      end();
      process.off('exit', end);
      downstream.close();
      for (const sandbox of [withAgent, bare]) sandbox.remove();
    },
  };
}

async function application(options: ServiceOptions, mark: string, hasAgent: boolean): Promise<Sandbox> {
  const { files } = recipe(options.recipe);
  const sandbox = await createSandbox({
    dependencies: { 'rocketmq-client-nodejs': '^1.0.8', ...options.dependencies },
    apps: ['common', ...options.apps].map(app => join(APPS, app)),
  });
  if (!hasAgent) rmSync(sandbox.agentDirectory, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    const own = hasAgent ? text : (options.bareFiles?.[file] ?? withoutAgent(text));
    sandbox.write(file, file === 'package.json' ? merged(sandbox, own) : filledIn(own, mark));
  }
  return sandbox;
}

/** The page shows what is added to a package.json. */
function merged(sandbox: Sandbox, text: string): string {
  const before = JSON.parse(readFileSync(sandbox.path('package.json'), 'utf8')) as object;
  return JSON.stringify({ ...before, ...(JSON.parse(text) as object) }, null, 2);
}

/** The one thing that is changed in a recipe: what stands for the reader's own names. */
function filledIn(text: string, mark: string): string {
  return text
    .replaceAll(PLACEHOLDERS.nameServers, inject('rocketmq').namesrv)
    .replaceAll(PLACEHOLDERS.title, `${PLACEHOLDERS.title}-${mark}`);
}

interface InstanceOptions extends ServiceOptions {
  readonly environment: Environment;
  readonly sandbox: Sandbox;
  readonly downstream: Downstream;
  readonly mark: string;
}

async function createInstance(options: InstanceOptions): Promise<Instance> {
  const { environment, sandbox } = options;
  const isBare = environment === 'bare';
  const mark = `${options.mark}-${environment}`;
  const port = await freePort();
  const home = sandbox.path(`home-${environment}`);
  mkdirSync(home, { recursive: true });
  const env = { ...(await variables(options, port, home)), [MARK]: mark };
  const { commands } = recipe(options.recipe);

  const shell = (text: string): ChildOptions => ({
    command: 'bash',
    args: ['-c', filledIn(isBare ? withoutAgent(text) : text, mark).trim()],
    cwd: sandbox.directory,
    env,
    timeout: COMMAND_TIMEOUT_MS,
    ...(options.node && { node: options.node }),
  });
  const ofRecipe = (name: string) => {
    const text = commands[name];
    if (text === undefined) throw new Error(`the recipe ${options.recipe} has no command ${name}`);
    return shell(text);
  };
  const order = async (id: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/?id=${id}`, {
      headers: { connection: 'close', ...headers },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${environment} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Answer;
  };

  return {
    environment,
    directory: sandbox.directory,
    home,
    run: name => run(ofRecipe(name)),
    runCommand: text => run(shell(text)),
    start: name => start(ofRecipe(name)),
    order,
    async firstOrder(id, explain) {
      const deadline = Date.now() + START_TIMEOUT_MS;
      for (;;) {
        try {
          return await order(id);
        } catch (error) {
          const isUp = !(error instanceof TypeError);
          if (isUp || Date.now() > deadline) throw Object.assign(explain(), { cause: error });
        }
        await sleep(100);
      }
    },
    withoutNames: text =>
      text.replaceAll(home, 'HOME').replaceAll(sandbox.directory, 'APPLICATION').replaceAll(mark, 'INSTANCE'),
    left: () => leftProcesses(mark).map(({ command }) => command),
    logs: () => logsIn(home),
  };
}

/** What every application here is told, beside what the page says. */
async function variables(options: InstanceOptions, port: number, home: string): Promise<Record<string, string>> {
  const { environment, sandbox, downstream, mark } = options;
  const isBare = environment === 'bare';
  const { endpoints } = inject('rocketmq');
  const name = isBare ? bareName(options.recipe) : options.recipe;
  const [bin, path] = [sandbox.path('node_modules/.bin'), process.env.PATH ?? ''];
  return {
    PATH: [bin, dirname(options.node?.path ?? process.execPath), path].join(':'),
    HOME: home,
    PORT: `${port}`,
    GRPC_PORT: `${await freePort()}`,
    DOWNSTREAM: downstream.urlFor(environment),
    ENDPOINTS: endpoints,
    TOPIC: name,
    GROUP: name,
    ...(!isBare && exported(filledIn(recipe(EVERYWHERE).commands.environment ?? '', mark))),
    // The baseline leaves them to the canary from its first poll on: nothing that is sent here goes to both.
    ...(environment === 'baseline' && { GRAY_MQ_TAGS: 'gray' }),
    // Where daemons keep their files; nobody asks a registry, or tells anybody.
    PM2_HOME: join(home, 'pm2'),
    MOCK_HOME_DIR: home,
    EGG_HOME: home,
    NEXT_TELEMETRY_DISABLED: '1',
    npm_config_update_notifier: 'false',
    YARN_ENABLE_TELEMETRY: '0',
  };
}

/** The variables of `export NAME=value` lines. */
function exported(commands: string): Record<string, string> {
  const lines = [...commands.matchAll(/^export (\w+)=(\S+)$/gm)];
  return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
}

function logsIn(directory: string): LogFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.log'))
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name))
    .map(path => ({ path, text: readFileSync(path, 'utf8') }));
}
