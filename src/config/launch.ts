/**
 * How this process was started, where that matters before the application's first line runs. Process managers set
 * variables, directories and outputs only after preloads, and some processes that a shell starts are no services.
 */
import * as path from 'node:path';
import type { Outputs } from '../log-output';
import type { Environment } from './environment';

export interface Launch {
  /** Its variables as the application will find them. */
  readonly environment: Environment;
  /** The names of those that the manager has yet to set. */
  readonly pending: ReadonlySet<string>;
  /** The working directory that the application will have; undefined: the one of now. */
  readonly directory?: string | undefined;
  readonly outputs: Outputs;
  /** Where the manager wants to see lines; undefined: anywhere. */
  readonly logTo?: 'stdout';
}

/** @param args those of the process: `process.argv` */
export function readLaunch(
  environment: Environment = process.env,
  args: readonly (string | undefined)[] = process.argv,
): Launch {
  const launch = pm2Cluster(environment) ?? { environment, pending: new Set<string>(), outputs: {} };
  return isEgg(args[1]) ? { ...launch, logTo: 'stdout' } : launch;
}

/**
 * PM2 in cluster mode, 2 to 7: the environment of an ecosystem file travels as JSON in the variable `pm2_env`.
 * `lib/ProcessContainer.js`, which runs after preloads, copies all of it to `process.env`, changes the directory, and sends
 * `process.stderr` and `process.stdout` to files. Until then both descriptors are those of PM2's own log.
 */
function pm2Cluster(environment: Environment): Launch | undefined {
  const { pm2_env: text, ...own } = environment;
  if (text === undefined) return undefined;
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof settings !== 'object' || settings === null) return undefined;
  const all = new Map(Object.entries(settings));
  // As `process.env[name] = value` makes texts of them.
  const set = [...all].map(([name, value]): [string, string] => [name, String(value)]);
  const file = (name: string) => {
    const value = all.get(name);
    return typeof value === 'string' && value !== '' && value !== 'NULL' ? value : undefined;
  };
  return {
    environment: { ...own, ...Object.fromEntries(set) },
    pending: new Set(all.keys()),
    directory: file('pm_cwd'),
    outputs: { stderr: file('pm_err_log_path'), stdout: file('pm_out_log_path') },
  };
}

/** The scripts that `egg-scripts start` and `eggctl start` run, and the workers that those fork. */
const EGG = /[\\/]node_modules[\\/](?:egg-scripts|egg-cluster|@eggjs[\\/]scripts|@eggjs[\\/]cluster)[\\/]/;

/** With `--daemon`, Egg takes any byte on standard error for a failed start, and ends the application. */
function isEgg(script: string | undefined): boolean {
  return script !== undefined && EGG.test(script);
}

/** Programs of a shell that inherit `NODE_OPTIONS` from it, by the names that they have in a `bin` directory. */
const TOOLS = new Set(
  'npm npx yarn yarnpkg pnpm pnpx corepack pm2 pm2-runtime pm2-docker pm2-dev egg-scripts eggctl rocketmq-gray'.split(
    ' ',
  ),
);
/** The same by the paths of their scripts. */
const TOOL_SCRIPT =
  /[\\/](?:node_modules[\\/](?:npm|yarn|pnpm|corepack|pm2)[\\/](?:bin|dist|lib[\\/]Daemon|lib[\\/]cli)|node_modules[\\/](?:egg-scripts|@eggjs[\\/]scripts)[\\/]bin[\\/]|\.yarn[\\/]releases[\\/]yarn-|rocketmq-gray[\\/]dist[\\/]cli\.js)/;

/** True for a process of npm, npx, PM2's own and the like: no service runs in it. */
export function isTool(script: string | undefined = process.argv[1]): boolean {
  if (script === undefined) return false;
  const name = path.basename(script);
  return TOOLS.has(name) || TOOL_SCRIPT.test(script);
}
