/** A service as its recipe starts it: in the baseline, in a canary, and bare. */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { freePort } from '../../fixtures/servers/free-ports';
import { type ChildOptions, type ChildResult, type RunningChild, run, start } from '../integration/child';
import { type Application, type ApplicationOptions, createApplication } from './application';
import { type Downstream, startDownstream } from './downstream';
import { killLeft, killLeftAtEnd, leftProcesses, MARK } from './left-processes';
import { bareName, EVERYWHERE, filledIn, type OwnNames, recipe, withoutAgent } from './recipes';
import type { Running } from './ways';

export type Environment = 'baseline' | 'canary' | 'bare';

export interface ServiceOptions extends ApplicationOptions {
  /** Commands of the recipe that are run once, in this order, before anything is started. */
  readonly prepare?: readonly string[];
  /** What they make: the bare application gets a copy. Without it the commands are run for it as well. */
  readonly made?: string;
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
  /** The same, again and again until somebody is there to answer. @throws when nobody is */
  firstOrder(id: string, running: Pick<Running, 'isGone' | 'explain'>): Promise<Answer>;
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

const START_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_MS = 300_000;

/** Installs the service twice, with the agent and bare, and prepares both. */
export async function installService(options: ServiceOptions): Promise<Service> {
  const mark = randomUUID();
  const downstream = await startDownstream();
  const withAgent = await createApplication(options, true);
  const bare = await createApplication(options, false);
  const forget = killLeftAtEnd(mark);
  const instance = (environment: Environment) => {
    const application = environment === 'bare' ? bare : withAgent;
    return createInstance({ ...options, downstream, mark, environment, application });
  };
  await prepare(await instance('baseline'), options);
  if (options.made === undefined) await prepare(await instance('bare'), options);
  else cpSync(join(withAgent.directory, options.made), join(bare.directory, options.made), { recursive: true });
  return {
    downstream,
    instance,
    remove() {
      killLeft(mark);
      forget();
      downstream.close();
      for (const application of [withAgent, bare]) application.remove();
    },
  };
}

async function prepare(instance: Instance, options: ServiceOptions): Promise<void> {
  for (const name of options.prepare ?? []) {
    const { code, stdout, stderr } = await instance.run(name);
    if (code !== 0) throw new Error(`${name} of ${options.recipe} ended with ${code}\n${stdout}\n${stderr}`);
  }
}

interface InstanceOptions extends ServiceOptions {
  readonly environment: Environment;
  readonly application: Application;
  readonly downstream: Downstream;
  readonly mark: string;
}

async function createInstance(options: InstanceOptions): Promise<Instance> {
  const { environment, application } = options;
  const { directory } = application;
  const isBare = environment === 'bare';
  const mark = `${options.mark}-${environment}`;
  const own: OwnNames = { nameServers: inject('rocketmq').namesrv, title: mark };
  const port = await freePort();
  const home = join(directory, `home-${environment}`);
  mkdirSync(home, { recursive: true });
  const env = { ...(await variables(options, own, port, home)), [MARK]: mark };
  const { commands } = recipe(options.recipe);

  const shell = (text: string): ChildOptions => ({
    command: 'bash',
    args: ['-c', filledIn(isBare ? withoutAgent(text) : text, own).trim()],
    cwd: directory,
    env,
    timeout: COMMAND_TIMEOUT_MS,
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
    directory,
    home,
    run: name => run(ofRecipe(name)),
    runCommand: text => run(shell(text)),
    start: name => start(ofRecipe(name)),
    order,
    async firstOrder(id, running) {
      const deadline = Date.now() + START_TIMEOUT_MS;
      for (;;) {
        try {
          return await order(id);
        } catch (error) {
          const isUp = !(error instanceof TypeError);
          if (isUp || running.isGone() || Date.now() > deadline) {
            throw Object.assign(running.explain('nobody answers'), { cause: error });
          }
        }
        await sleep(100);
      }
    },
    withoutNames: text =>
      text.replaceAll(home, 'HOME').replaceAll(directory, 'APPLICATION').replaceAll(mark, 'INSTANCE'),
    left: () => leftProcesses(mark).map(({ command }) => command),
    logs: () => logsIn(home),
  };
}

/** What every application here is told, beside what the page says. */
async function variables(
  options: InstanceOptions,
  own: OwnNames,
  port: number,
  home: string,
): Promise<Record<string, string>> {
  const { environment, application, downstream } = options;
  const isBare = environment === 'bare';
  const { endpoints } = inject('rocketmq');
  const name = isBare ? bareName(options.recipe) : options.recipe;
  return {
    PATH: [...application.path, dirname(process.execPath), process.env.PATH].join(':'),
    HOME: home,
    PORT: `${port}`,
    GRPC_PORT: `${await freePort()}`,
    DOWNSTREAM: downstream.urlFor(environment),
    ENDPOINTS: endpoints,
    TOPIC: name,
    GROUP: name,
    ...(!isBare && exported(filledIn(recipe(EVERYWHERE).commands.environment ?? '', own))),
    // The baseline leaves them to the canary from its first poll on: nothing that is sent here goes to both.
    ...(environment === 'baseline' && { GRAY_MQ_TAGS: 'gray' }),
    // Where daemons keep their files; nobody asks a registry, or tells anybody.
    EGG_WORKERS: '2',
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
