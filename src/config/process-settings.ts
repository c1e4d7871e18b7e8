import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { VERSION } from '../names/version';
import type { Launch } from './launch';
import { type LoadedSettings, loadSettings } from './load';

/** Where the main thread keeps its settings for worker threads, which get a copy of it. */
const KEY = 'rocketmq-gray.settings';

interface Kept {
  readonly version: string;
  readonly loaded: LoadedSettings;
}

/**
 * The settings of this process. A worker thread has those of the main thread, also where it was given an environment of its
 * own (`new Worker(file, { env })`): no thread of a canary belongs to the baseline.
 *
 * @throws {SettingError} as {@link loadSettings}
 */
export function processSettings(launch: Launch): LoadedSettings {
  const kept = isMainThread ? undefined : (getEnvironmentData(KEY) as unknown as Kept | undefined);
  if (kept?.version === VERSION) return kept.loaded;
  const loaded = loadSettings(launch.environment, launch);
  if (isMainThread) setEnvironmentData(KEY, { version: VERSION, loaded } satisfies Kept as never);
  return loaded;
}
