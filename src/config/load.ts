import * as path from 'node:path';
import type { WrongValue } from '../lines/start';
import { CONFIG_VARIABLE, type SettingsDocument } from './document';
import { WrongEntry } from './entry';
import type { Environment } from './environment';
import type { Launch } from './launch';
import { quote, wrongSetting } from './setting-error';
import { SETTINGS, type Setting, type Settings } from './settings';
import { similarName } from './similar-name';
import { askAtStart, type DocumentSource, documentSource, isNacos, NACOS_VARIABLES } from './source';

export { SettingError } from './setting-error';

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
  /** A document that a server keeps. */
  | { readonly from: 'nacos'; readonly url: string }
  | { readonly from: 'default' };

export interface LoadedSettings {
  readonly settings: Settings;
  readonly sources: Readonly<Record<keyof Settings, SettingSource>>;
  readonly notices: readonly Notice[];
  /** Where the document with settings is; undefined: nobody named one. */
  readonly source: DocumentSource | undefined;
  /** What was read there; undefined: nothing could be. */
  readonly document: Pick<SettingsDocument, 'name' | 'digits'> | undefined;
  /** Live keys of it that a variable hides. */
  readonly hidden: readonly { readonly variable: string; readonly key: string }[];
}

/** What people should know although the process goes on. */
export type Notice =
  | { readonly type: 'tags without auto'; readonly mode: string }
  | { readonly type: 'unknown variable'; readonly variable: string; readonly similar: string | undefined }
  /** The process goes on with what its environment says. */
  | { readonly type: 'no document'; readonly name: string; readonly problem: string | undefined }
  /** It belongs to the application or the platform, and its value is of no use to us. */
  | { readonly type: 'alias not used'; readonly problem: WrongValue };

const OWN_PREFIX = 'GRAY_';
const NONE: ReadonlySet<string> = new Set();

/** What the environment says, and how it is read. */
export type LaunchParts = Partial<Pick<Launch, 'pending' | 'directory' | 'logTo'>> & {
  /** Set for the command line: it is no member of the fleet, and may have settings that only a canary may have. */
  readonly isLookingOn?: true;
};

/**
 * The settings of this process: environment first, then the document that GRAY_CONFIG names, then the defaults.
 * An empty variable counts as absent. With `GRAY_ENABLED=false` nothing else is looked at.
 * @param launch how the process was started, where that is more than its environment
 * @throws {SettingError} for a value that is not allowed, an unreadable file, or a key in the document that is none.
 */
export function loadSettings(environment: Environment = process.env, launch: LaunchParts = {}): LoadedSettings {
  if (isSwitchedOff(environment, launch)) return composeSettings(environment, launch, undefined);
  const reference = environment[CONFIG_VARIABLE]?.trim();
  if (!reference) return composeSettings(environment, launch, undefined);
  const source = documentSource(reference, environment, file => inDirectory(launch, file));
  const { document, problem } = askAtStart(source);
  const loaded = { ...composeSettings(environment, launch, document), source };
  if (document !== undefined) return loaded;
  const notice: Notice = { type: 'no document', name: source.name, problem };
  return { ...loaded, notices: [...loaded.notices, notice] };
}

/**
 * The settings with a document as it is.
 * @throws {SettingError} as {@link loadSettings}
 */
export function composeSettings(
  environment: Environment,
  launch: LaunchParts,
  document: SettingsDocument | undefined,
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
  const variables = variablesOf(environment, launch, notice => refused.push(notice));
  const isOff = isSwitchedOff(environment, launch);
  for (const setting of isOff ? SETTINGS.filter(({ name }) => name === 'enabled') : SETTINGS) {
    const found = fromEnvironment(setting, variables) ?? fromDocument(setting, document);
    if (found === undefined) continue;
    draft[setting.name] = setting.isPath?.(found.value) ? inPlace(found.value as string, launch) : found.value;
    sources[setting.name] = found.source;
  }
  const settings = draft as unknown as Settings;
  refuseCapitals(settings, sources);
  if (!isOff && launch.isLookingOn !== true) refuseCopies(settings, sources);
  return {
    settings,
    sources: sources as LoadedSettings['sources'],
    notices: isOff ? [] : [...refused, ...notices(settings, environment)],
    source: undefined,
    document: document && { name: document.name, digits: document.digits },
    hidden: SETTINGS.flatMap(({ name: key, isLive }) => {
      const from = sources[key];
      const isHidden = isLive === true && from?.from === 'environment' && document?.entries[key] !== undefined;
      return isHidden ? [{ variable: from.variable, key }] : [];
    }),
  };
}

function isSwitchedOff(environment: Environment, launch: LaunchParts): boolean {
  const enabled = SETTINGS.find(setting => setting.name === 'enabled') as Setting;
  return (
    fromEnvironment(
      enabled,
      variablesOf(environment, launch, () => {}),
    )?.value === false
  );
}

/** A variable of this process's environment, without white space around it; undefined where it says nothing. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}

interface Found {
  readonly value: unknown;
  readonly source: SettingSource;
}

function inDirectory({ directory }: LaunchParts, file: string): string {
  return directory === undefined ? file : path.resolve(directory, file);
}

/** A slash at the end says that a path is a directory's. */
function inPlace(file: string, launch: LaunchParts): string {
  const resolved = inDirectory(launch, file);
  return file.endsWith('/') && !resolved.endsWith('/') ? `${resolved}/` : resolved;
}

interface Variables {
  readonly environment: Environment;
  readonly pending: ReadonlySet<string>;
  refuse(notice: Notice): void;
}

function variablesOf(environment: Environment, launch: LaunchParts, refuse: Variables['refuse']): Variables {
  return { environment, pending: launch.pending ?? NONE, refuse };
}

/** @throws {SettingError} for a wrong value of a variable of ours; one of others is refused, and not used */
function fromEnvironment(setting: Setting, { environment, pending, refuse }: Variables): Found | undefined {
  for (const variable of setting.variables) {
    const text = environment[variable]?.trim();
    if (!text) continue;
    // Whoever gives a tag, by whichever name, wants a canary: without it the process would take the baseline's messages.
    const isOurs = variable.startsWith(OWN_PREFIX) || setting.name === 'tag';
    const parse = isOurs ? setting.parse : (setting.parseAlias ?? setting.parse);
    const parsed = ofEntry(variable, () => parse(text));
    if (parsed === undefined) {
      if (isOurs) throw wrongSetting(variable, text, setting.allowed);
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

/** @throws {SettingError} which names the entry of a JSON document, and where that is */
function ofEntry<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WrongEntry)) throw error;
    throw wrongSetting(`${error.at} in ${where}`, JSON.stringify(error.value) ?? 'nothing', error.allowed);
  }
}

function fromDocument(setting: Setting, document: SettingsDocument | undefined): Found | undefined {
  const entry = document?.entries[setting.name];
  if (document === undefined || entry === undefined || entry === null || entry === '') return undefined;
  const { name } = document;
  const source: SettingSource = isNacos(name) ? { from: 'nacos', url: name } : { from: 'file', path: name };
  const { read } = setting;
  if (read !== undefined) return { value: ofEntry(name, () => read(entry)), source };
  const isList =
    Array.isArray(setting.default) && Array.isArray(entry) && entry.every(item => typeof item === 'string');
  if (isList && entry.length === 0) return { value: [], source };
  // `true` and 2, as well as "true" and "2".
  const isOfItsKind = ['boolean', 'number'].includes(typeof entry) && typeof entry === typeof setting.default;
  const isText = typeof entry === 'string' || isOfItsKind;
  const parsed = isList || isText ? setting.parse(isList ? entry.join(',') : String(entry)) : undefined;
  if (parsed === undefined) throw wrongSetting(`${setting.name} in ${name}`, JSON.stringify(entry), setting.allowed);
  return { value: parsed.value, source };
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
    const where = whereIs(name, sources[name]);
    const allowed = 'small letters beside sermant (GRAY_INTEROP), which writes tags so in the names of groups';
    throw wrongSetting(where, value, allowed);
  }
}

/**
 * A copy is handled by a canary, and what is sent for it must reach no consumer of the baseline.
 * @throws {SettingError}
 */
function refuseCopies(settings: Settings, sources: Readonly<Record<string, SettingSource>>): void {
  const { mqAlso, tag, mqBaseline, mqEnabled } = settings;
  if (mqAlso === undefined) return;
  const refuse = (allowed: string) => {
    throw wrongSetting(whereIs('mqAlso', sources.mqAlso), mqAlso, allowed);
  };
  if (tag === undefined) refuse('baseline in a canary (GRAY_TAG), nothing in the baseline itself');
  if (!mqEnabled) refuse('nothing with GRAY_MQ_ENABLED=false, which leaves messages alone');
  if (mqBaseline === 'all') {
    refuse('baseline with GRAY_MQ_BASELINE=auto or none: with all the baseline handles what is sent for a copy');
  }
}

/** The variable, or the key and what it is in. */
function whereIs(name: keyof Settings, source: SettingSource | undefined): string {
  if (source?.from === 'environment') return source.variable;
  if (source?.from === 'file') return `${name} in ${source.path}`;
  return `${name} in ${source?.from === 'nacos' ? source.url : 'the settings'}`;
}

function notices(settings: Settings, environment: Environment): Notice[] {
  const found: Notice[] = [];
  if (settings.mqTags.length > 0 && settings.mqBaseline !== 'auto') {
    found.push({ type: 'tags without auto', mode: settings.mqBaseline });
  }
  const known = [CONFIG_VARIABLE, ...NACOS_VARIABLES, ...SETTINGS.flatMap(setting => setting.variables)];
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith(OWN_PREFIX) && !known.includes(variable)) {
      found.push({ type: 'unknown variable', variable, similar: similarName(variable, known) });
    }
  }
  return found;
}
