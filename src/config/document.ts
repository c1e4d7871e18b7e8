/** The document with settings: a file, or one that a server keeps. Its text, its keys, and the digits that tell versions apart. */
import { type SettingError, wrongSetting } from './setting-error';
import { SETTINGS } from './settings';

export interface SettingsDocument {
  /** As people named it: a path, or a URL. */
  readonly name: string;
  /** The first seven digits of SHA-256 of its text. */
  readonly digits: string;
  readonly entries: Readonly<Record<string, unknown>>;
}

export const CONFIG_VARIABLE = 'GRAY_CONFIG';

/** @throws {SettingError} for what is no JSON object, and for a key that is no setting's */
export function parseDocument(text: string, name: string): SettingsDocument {
  const entries = parseObject(text, name);
  for (const key of Object.keys(entries)) {
    if (!SETTINGS.some(setting => setting.name === key)) {
      throw wrongSetting(`unknown key in ${name}`, key, `the keys ${SETTINGS.map(setting => setting.name).join(', ')}`);
    }
  }
  return { name, digits: digitsOf(text), entries };
}

export function digitsOf(text: string): string {
  // Not loaded where nobody names a document.
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return createHash('sha256').update(text).digest('hex').slice(0, 7);
}

/** @throws {SettingError} */
export function unreadable(name: string, problem: string): SettingError {
  return wrongSetting(CONFIG_VARIABLE, name, `the path of a readable JSON file with an object (${problem})`);
}

function parseObject(text: string, name: string): Readonly<Record<string, unknown>> {
  let entries: unknown;
  try {
    // Editors on Windows put a byte order mark first.
    entries = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw unreadable(name, (error as Error).message);
  }
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    throw unreadable(name, 'it holds no object');
  }
  return entries as Readonly<Record<string, unknown>>;
}
