/** A directory with an application, the files of its recipe, and what it depends on; with the agent, or bare. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { CACHE, npm } from '../../fixtures/applications/npm';
import { createSandbox } from '../integration/sandbox';
import { filledIn, recipe, withoutAgent } from './recipes';

export interface ApplicationOptions {
  /** Name of the recipe in docs/recipes.md. */
  readonly recipe: string;
  /** Directories under `test/frameworks/apps`. */
  readonly apps: readonly string[];
  /** npm packages besides the client of RocketMQ. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** What lays out the packages; default: npm. */
  readonly installedBy?: 'pnpm' | 'yarn';
  /** Files of the bare application, where those of the recipe without the preload's option are not enough. */
  readonly bareFiles?: Readonly<Record<string, string>>;
}

export interface Application {
  readonly directory: string;
  /** Where commands are found, beside those of the system. */
  readonly path: readonly string[];
  remove(): void;
}

const APPS = join(__dirname, 'apps');
const CLIENT = { 'rocketmq-client-nodejs': '^1.0.8' };

export async function createApplication(options: ApplicationOptions, hasAgent: boolean): Promise<Application> {
  const apps = ['common', ...options.apps].map(app => join(APPS, app));
  const dependencies = { ...CLIENT, ...options.dependencies };
  const application = await (options.installedBy
    ? laidOutBy(options.installedBy, apps, dependencies, hasAgent)
    : laidOutByNpm(apps, dependencies, hasAgent));
  const names = { nameServers: inject('rocketmq').namesrv, title: 'application' };
  for (const [file, text] of Object.entries(recipe(options.recipe).files)) {
    const own = hasAgent ? text : (options.bareFiles?.[file] ?? withoutAgent(text));
    const path = join(application.directory, file);
    writeFileSync(path, file === 'package.json' ? merged(path, own) : filledIn(own, names));
  }
  return application;
}

async function laidOutByNpm(
  apps: readonly string[],
  dependencies: Readonly<Record<string, string>>,
  hasAgent: boolean,
): Promise<Application> {
  const sandbox = await createSandbox({ dependencies, apps });
  if (!hasAgent) rmSync(sandbox.agentDirectory, { recursive: true });
  return { ...sandbox, path: ['node_modules/.bin', 'bin'].map(sandbox.path) };
}

/** Package managers, and how they are told not to run scripts, and to keep what they fetch. */
const MANAGERS = {
  pnpm: {
    packages: { pnpm: '^10' },
    args: ['install', '--ignore-scripts', '--no-frozen-lockfile', `--store-dir=${join(CACHE, 'pnpm')}`],
    env: {},
  },
  yarn: {
    packages: { '@yarnpkg/cli-dist': '^4' },
    args: ['install'],
    env: {
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_TELEMETRY: '0',
      YARN_GLOBAL_FOLDER: join(CACHE, 'yarn'),
    },
  },
};

async function laidOutBy(
  manager: keyof typeof MANAGERS,
  apps: readonly string[],
  dependencies: Readonly<Record<string, string>>,
  hasAgent: boolean,
): Promise<Application> {
  const { packages, args, env } = MANAGERS[manager];
  const tools = await createSandbox({ dependencies: packages, apps: [] });
  const directory = mkdtempSync(join(tmpdir(), `rocketmq-gray-${manager}-`));
  for (const app of apps) cpSync(app, directory, { recursive: true });
  const agent = hasAgent && { 'rocketmq-gray': `file:${inject('tarball')}` };
  const manifest = { name: 'app', version: '1.0.0', private: true, dependencies: { ...dependencies, ...agent } };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  const registry = (await npm(directory, ['config', 'get', 'registry'])).trim();
  await promisify(execFile)(tools.path(`node_modules/.bin/${manager}`), args, {
    cwd: directory,
    env: { ...process.env, ...env, YARN_NPM_REGISTRY_SERVER: registry },
  });
  return {
    directory,
    path: [join(directory, 'node_modules/.bin'), tools.path('node_modules/.bin')],
    remove() {
      tools.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The page shows what is added to a package.json. */
function merged(path: string, added: string): string {
  const before = JSON.parse(readFileSync(path, 'utf8')) as object;
  return JSON.stringify({ ...before, ...(JSON.parse(added) as object) }, null, 2);
}
