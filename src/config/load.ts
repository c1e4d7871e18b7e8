import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { startLines, type WrongValue } from '../lines/start';
import type { Environment } from './environment';
import type { Launch } from './launch';
import { SETTINGS, type Setting, type Settings } from './settings';

/** A wrong setting. The message is the one line that people see: variable or key, value, what is allowed. */
export class SettingError extends Error {}

/** Where the value of a setting is from. */
export type SettingSource =
  | {
      readonly from: 'environment';
      readonly variable: string;
      /** Set when the variable stood in what a process manager is about to set. */
      readonly isPending?: true;
    }
  /** What starts the process needs it so. */
  | { readonly from: 'launch' }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'default' };

export interface LoadedSettings {
  readonly settings: Settings;
  readonly sources: Readonly<Record<keyof Settings, SettingSource>>;
  readonly notices: readonly Notice[];
}

/** What people should know although the process goes on. */
export type Notice =
  | { readonly type: 'tags without auto'; readonly mode: string }
  | { readonly type: 'unknown variable'; readonly variable: string }
  /** It belongs to the application or the platform, and its value is of no use to us. */
  | { readonly type: 'alias not used'; readonly problem: WrongValue };

const CONFIG_VARIABLE = 'GRAY_CONFIG';
const OWN_PREFIX = 'GRAY_';
const NONE: ReadonlySet<string> = new Set();

/**
 * The settings of this process: environment first, then the JSON file that GRAY_CONFIG names, then the defaults.
 * An empty variable counts as absent. With `GRAY_ENABLED=false` nothing else is looked at.
 * @param launch how the process was started, where that is more than its environment
 * @throws {SettingError} for a value that is not allowed, an unreadable file, or a key in the file that is none.
 */
export function loadSettings(
  environment: Environment = process.env,
  launch: Partial<Pick<Launch, 'pending' | 'directory' | 'logTo'>> = {},
): LoadedSettings {
  const draft: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  for (const setting of SETTINGS) {
    draft[setting.name] = setting.default;
    sources[setting.name] = { from: 'default' };
  }
  if (launch.logTo !== undefined) {
    draft.logTo = launch.logTo;
    sources.logTo = { from: 'launch' };
  }
  const refused: Notice[] = [];
  const finish = (notices: Notice[]): LoadedSettings => ({
    settings: draft as unknown as Settings,
    sources: sources as LoadedSettings['sources'],
    notices: [...refused, ...notices],
  });

  const enabled = SETTINGS.find(setting => setting.name === 'enabled') as Setting;
  const variables = { environment, pending: launch.pending ?? NONE, refuse: (notice: Notice) => refused.push(notice) };
  const switched = fromEnvironment(enabled, variables);
  if (switched?.value === false) {
    draft.enabled = false;
    sources.enabled = switched.source;
    return finish([]);
  }

  const inDirectory = (file: string) => (launch.directory === undefined ? file : path.resolve(launch.directory, file));
  const configFile = environment[CONFIG_VARIABLE];
  const file = configFile ? readConfigFile(inDirectory(configFile)) : undefined;
  for (const setting of SETTINGS) {
    const found = fromEnvironment(setting, variables) ?? fromFile(setting, file);
    if (found === undefined) continue;
    draft[setting.name] = setting.isPath?.(found.value) ? inPlace(found.value as string, inDirectory) : found.value;
    sources[setting.name] = found.source;
  }
  refuseCapitals(draft as unknown as Settings, sources);
  return finish(notices(draft as unknown as Settings, environment));
}

/** A variable of this process's environment, without white space around it; undefined where it says nothing. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}

interface Found {
  readonly value: unknown;
  readonly source: SettingSource;
}

/** A slash at the end says that a path is a directory's. */
function inPlace(file: string, inDirectory: (file: string) => string): string {
  const resolved = inDirectory(file);
  return file.endsWith('/') && !resolved.endsWith('/') ? `${resolved}/` : resolved;
}

interface Variables {
  readonly environment: Environment;
  readonly pending: ReadonlySet<string>;
  refuse(notice: Notice): void;
}

/** @throws {SettingError} for a wrong value of a variable of ours; one of others is refused, and not used */
function fromEnvironment(setting: Setting, { environment, pending, refuse }: Variables): Found | undefined {
  for (const variable of setting.variables) {
    const text = environment[variable]?.trim();
    if (!text) continue;
    // Whoever gives a tag, by whichever name, wants a canary: without it the process would take the baseline's messages.
    const isOurs = variable.startsWith(OWN_PREFIX) || setting.name === 'tag';
    const parsed = isOurs ? setting.parse(text) : (setting.parseAlias ?? setting.parse)(text);
    if (parsed === undefined) {
      if (isOurs) return fail(variable, text, setting.allowed);
      const problem = { where: variable, value: quote(text), allowed: setting.allowed };
      refuse({ type: 'alias not used', problem });
      continue;
    }
    return {
      value: parsed.value,
      source: { from: 'environment', variable, ...(pending.has(variable) ? { isPending: true } : {}) },
    };
  }
  return undefined;
}

interface ConfigFile {
  readonly path: string;
  readonly entries: Readonly<Record<string, unknown>>;
}

function readConfigFile(path: string): ConfigFile {
  const say = (problem: string) =>
    fail(CONFIG_VARIABLE, path, `the path of a readable JSON file with an object (${problem})`);
  let entries: unknown;
  try {
    // Editors on Windows put a byte order mark first.
    entries = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    return say((error as Error).message);
  }
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) return say('it holds no object');
  for (const name of Object.keys(entries)) {
    if (!SETTINGS.some(setting => setting.name === name)) {
      fail(`unknown key in ${path}`, name, `the keys ${SETTINGS.map(setting => setting.name).join(', ')}`);
    }
  }
  return { path, entries: entries as Record<string, unknown> };
}

function fromFile(setting: Setting, file: ConfigFile | undefined): Found | undefined {
  const entry = file?.entries[setting.name];
  if (file === undefined || entry === undefined || entry === null || entry === '') return undefined;
  const source: SettingSource = { from: 'file', path: file.path };
  const isList =
    Array.isArray(setting.default) && Array.isArray(entry) && entry.every(item => typeof item === 'string');
  if (isList && entry.length === 0) return { value: [], source };
  const isText = typeof entry === 'string' || (typeof entry === 'boolean' && typeof setting.default === 'boolean');
  const parsed = isList || isText ? setting.parse(isList ? entry.join(',') : String(entry)) : undefined;
  const { value } = parsed ?? fail(`${setting.name} in ${file.path}`, JSON.stringify(entry), setting.allowed);
  return { value, source };
}

/**
 * Sermant's groups have the tag in lower case, its messages as it is written: only where both are one, its groups are ours.
 * @throws {SettingError}
 */
function refuseCapitals(settings: Settings, sources: Readonly<Record<string, SettingSource>>): void {
  const { tag = '', mqTags, interop } = settings;
  if (!interop.includes('sermant')) return;
  for (const [name, value] of [
    ['tag', tag],
    ['mqTags', mqTags.join(',')],
  ] as const) {
    if (value === value.toLowerCase()) continue;
    const source = sources[name];
    const where =
      source?.from === 'environment' ? source.variable : source?.from === 'file' ? `${name} in ${source.path}` : name;
    fail(where, value, 'small letters beside sermant (GRAY_INTEROP), which writes tags so in the names of groups');
  }
}

function fail(where: string, value: string, allowed: string): never {
  throw new SettingError(startLines.wrongSetting.words({ where, value: quote(value), allowed }));
}

/** Values are shown without control characters and cut: what a person typed, not what a log can choke on. */
function quote(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  const clean = value.replace(/[\u0000-\u001f\u007f]/g, '?');
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}

function notices(settings: Settings, environment: Environment): Notice[] {
  const found: Notice[] = [];
  if (settings.mqTags.length > 0 && settings.mqBaseline !== 'auto') {
    found.push({ type: 'tags without auto', mode: settings.mqBaseline });
  }
  const known = new Set([CONFIG_VARIABLE, ...SETTINGS.flatMap(setting => setting.variables)]);
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith(OWN_PREFIX) && !known.has(variable)) {
      found.push({ type: 'unknown variable', variable });
    }
  }
  return found;
}
