import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { VERSION } from '../names/version';
import type { Environment } from './environment';
import type { Launch } from './launch';
import { type LaunchParts, type LoadedSettings, loadSettings } from './load';
import { SETTINGS } from './settings';

/** Where the main thread keeps its settings for worker threads, which get a copy of it. */
const KEY = 'rocketmq-gray.settings';

/** Settings, and what they were made of, for the day that their document changes. */
export interface ProcessSettings {
  readonly loaded: LoadedSettings;
  readonly environment: Environment;
  readonly launch: LaunchParts;
}

interface Kept extends ProcessSettings {
  readonly version: string;
}

/**
 * The settings of this process. A worker thread has those of the main thread, also where it was given an environment of its
 * own (`new Worker(file, { env })`): no thread of a canary belongs to the baseline.
 *
 * @throws {SettingError} as {@link loadSettings}
 */
export function processSettings(launch: Launch): ProcessSettings {
  const kept = isMainThread ? undefined : (getEnvironmentData(KEY) as unknown as Kept | undefined);
  if (kept?.version === VERSION) return kept;
  const loaded = loadSettings(launch.environment, launch);
  const { pending, directory, logTo } = launch;
  const parts = { pending, ...(directory !== undefined && { directory }), ...(logTo !== undefined && { logTo }) };
  // The application may change it.
  const own = loaded.source === undefined ? {} : settingsIn(launch.environment);
  const settings = { loaded, environment: own, launch: parts };
  keepForThreads(settings);
  return settings;
}

/** What settings are read from. */
function settingsIn(environment: Environment): Environment {
  const names = SETTINGS.flatMap(({ variables }) => variables);
  return Object.fromEntries(names.map(name => [name, environment[name]]));
}

/** Worker threads that are made from now on have these. */
export function keepForThreads(settings: ProcessSettings): void {
  if (isMainThread) setEnvironmentData(KEY, { version: VERSION, ...settings } satisfies Kept as never);
}
