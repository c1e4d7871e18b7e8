/** Where a document with settings is: a file, or a configuration of Nacos. How it is read at the start, and watched later. */
import { readFileSync } from 'node:fs';
import { parseDocument, type SettingsDocument, unreadable } from './document';
import type { Environment } from './environment';
import type { NacosSource } from './nacos';
import { wrongSetting } from './setting-error';

export interface FileSource {
  readonly kind: 'file';
  /** The path, as people are told it. */
  readonly name: string;
}

export type DocumentSource = FileSource | NacosSource;

/** Of the account; no settings, since they are a secret's. */
export const NACOS_VARIABLES = ['GRAY_NACOS_USERNAME', 'GRAY_NACOS_PASSWORD'] as const;

/** @throws {SettingError} for a URL of Nacos that is none */
export function documentSource(
  reference: string,
  environment: Environment,
  inDirectory: (file: string) => string,
): DocumentSource {
  if (!isNacos(reference)) return { kind: 'file', name: inDirectory(reference) };
  const { nacosSource, NACOS_URL_GRAMMAR } = require('./nacos') as typeof import('./nacos');
  const [username, password] = NACOS_VARIABLES.map(variable => environment[variable] || undefined);
  const source = nacosSource(reference, username === undefined ? undefined : { username, password: password ?? '' });
  if (source === undefined) throw wrongSetting('GRAY_CONFIG', reference, NACOS_URL_GRAMMAR);
  return source;
}

export function isNacos(reference: string): boolean {
  return reference.startsWith('nacos://');
}

/**
 * The document as it is when the process starts, which waits for it. From a server that does not answer in time, or has no
 * such document: none, and why (undefined: there is none).
 *
 * @throws {SettingError} for a wrong document, and for a file that cannot be read
 */
export function askAtStart(source: DocumentSource): {
  readonly document: SettingsDocument | undefined;
  readonly problem?: string | undefined;
} {
  if (source.kind === 'file') return { document: parseDocument(readFile(source.name), source.name) };
  const { askNacosNow } = require('./nacos-at-start') as typeof import('./nacos-at-start');
  const answer = askNacosNow(source);
  if ('problem' in answer) return { document: undefined, problem: answer.problem };
  const { text } = answer;
  return { document: text === undefined || text.trim() === '' ? undefined : parseDocument(text, source.name) };
}

function readFile(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    throw unreadable(name, (error as Error).message);
  }
}
