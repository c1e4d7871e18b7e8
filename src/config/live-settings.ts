/**
 * Settings while the process runs. A document comes, is checked as a whole, and is in force or refused; who depends on a
 * setting is told when it changes. Where documents come from is in `source-watch.ts`.
 */
import { startLines } from '../lines/start';
import type { Log } from '../log';
import { digitsOf, parseDocument, type SettingsDocument } from './document';
import type { Environment } from './environment';
import { composeSettings, type LaunchParts, type LoadedSettings, SettingError, type SettingSource } from './load';
import { SETTINGS, type Setting, type Settings } from './settings';

/** What became of a document. */
export type ChangeResult = 'taken' | 'refused' | 'missing';

export interface LiveSettings {
  /** Those in force: the same object all the time. */
  readonly settings: Settings;
  readonly sources: Readonly<Record<keyof Settings, SettingSource>>;
  /** The document in force; undefined: there is none. */
  readonly document: Pick<SettingsDocument, 'name' | 'digits'> | undefined;
  /** @param listener told when one of these live settings has changed, once all that changes with it is in force */
  on(names: readonly (keyof Settings)[], listener: () => void): void;
  /** @param listener told when another document is in force */
  onDocument(listener: () => void): void;
  /** The text of the document as it is now; undefined: it is missing. The same text once more changes nothing. */
  take(text: string | undefined): void;
  /** The document cannot be asked for. */
  unreachable(problem: string): void;
}

export interface LiveSettingsMeans {
  /** Its settings and sources are changed in place. */
  readonly loaded: LoadedSettings;
  /** Of the start: what the application sets later hides nothing. */
  readonly environment: Environment;
  readonly launch: LaunchParts;
  /** What the document is called, where there is none yet. */
  readonly name: string;
  readonly log: Pick<Log, 'say'>;
  /** Told of each document that is new. */
  count(result: ChangeResult): void;
}

type Draft = { -readonly [Name in keyof Settings]: unknown };

export function createLiveSettings(means: LiveSettingsMeans): LiveSettings {
  const { environment, launch, name, log, count } = means;
  const { settings, sources } = means.loaded;
  let { document } = means.loaded;
  /** What was looked at last: the digits of a text, or what was wrong instead. */
  let last = document?.digits;
  const listeners: { readonly names: readonly string[]; readonly listener: () => void }[] = [];
  const documentListeners: (() => void)[] = [];
  const inForce = () => (document === undefined ? 'what the environment says' : document.digits);

  function putInForce(next: SettingsDocument, loaded: LoadedSettings): void {
    const { digits } = next;
    document = { name, digits };
    sayHidden(loaded, log);
    const changed = SETTINGS.filter(({ name: key }) => textOf(settings[key]) !== textOf(loaded.settings[key]));
    const words = (isLive: boolean) =>
      changed
        .filter(setting => (setting.isLive === true) === isLive)
        .map(setting => changeText(setting, settings[setting.name], loaded.settings[setting.name]))
        .join(', ');
    const [now, later] = [words(true), words(false)];
    // First, since the level of what is said may be among them.
    log.say(startLines.settingsChanged, { digits, changes: now || 'nothing that is live changes' });
    if (later !== '') log.say(startLines.settingsLater, { digits, changes: later });
    const isLive = (setting: Setting) => setting.isLive === true;
    for (const setting of SETTINGS.filter(isLive)) {
      (settings as Draft)[setting.name] = loaded.settings[setting.name];
      (sources as Record<string, SettingSource>)[setting.name] = loaded.sources[setting.name];
    }
    const names = changed.filter(isLive).map(({ name: key }) => key as string);
    for (const { names: wanted, listener } of listeners) if (wanted.some(key => names.includes(key))) listener();
    for (const listener of documentListeners) listener();
  }

  return {
    settings,
    sources,
    get document() {
      return document;
    },
    on: (names, listener) => void listeners.push({ names, listener }),
    onDocument: listener => void documentListeners.push(listener),
    take(text) {
      if (text === undefined || text.trim() === '') {
        if (last === 'missing') return;
        last = 'missing';
        count('missing');
        log.say(startLines.settingsMissing, { name, before: inForce() });
        return;
      }
      const digits = digitsOf(text);
      if (digits === last) return;
      const isBack = last !== undefined && digits === document?.digits;
      last = digits;
      // It was away, or wrong, and is as it was.
      if (isBack) return;
      try {
        const next = parseDocument(text, name);
        const loaded = composeSettings(environment, launch, next);
        count('taken');
        putInForce(next, loaded);
      } catch (error) {
        if (!(error instanceof SettingError)) throw error;
        count('refused');
        log.say(startLines.settingsRefused, { digits, before: inForce(), problem: error.problem });
      }
    },
    unreachable(problem) {
      if (last === 'unreachable') return;
      last = 'unreachable';
      log.say(startLines.settingsUnreachable, { name, problem, before: inForce() });
    },
  };
}

/** Says which variables hide live keys of the document. */
export function sayHidden(
  { hidden, document }: Pick<LoadedSettings, 'hidden' | 'document'>,
  log: Pick<Log, 'say'>,
): void {
  for (const { variable, key } of hidden) {
    log.say(startLines.settingHidden, { variable, key, name: document?.name ?? '' });
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

/** `mqIgnoreTags [] -> [pr-42]`, `rules 2 -> 3`: of what is written as JSON the number of entries. */
function changeText({ name, read }: Setting, before: unknown, after: unknown): string {
  const shown = read === undefined ? valueText : entriesText;
  const [former, next] = [shown(before), shown(after)];
  return `${name} ${former} -> ${next}${former === next ? ' (others)' : ''}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return 'none';
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

function entriesText(value: unknown): string {
  return String(Object.keys(value as object).length);
}
