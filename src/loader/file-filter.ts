/**
 * Which files belong to which library, by their names. An application loads thousands: what is none of a library is told by
 * one regular expression.
 */
import type { LibraryEntry } from './instrumentation';

/** A file of a library. */
export interface LibraryFile<Entry> {
  readonly library: Entry;
  /** Of its copy of the package. */
  readonly directory: string;
  /** The path within the package, with `/`. */
  readonly path: string;
}

/** The innermost package that a file belongs to, and the path in it. */
const PACKAGE = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/](.+)$/;

/** @returns undefined for a file of nobody's */
export function createFileFilter<Entry extends Pick<LibraryEntry, 'module'>>(
  libraries: readonly Entry[],
): (filename: unknown) => LibraryFile<Entry> | undefined {
  const names = libraries.map(({ module }) => module.replace('/', '[\\\\/]').replaceAll('.', '\\.'));
  const inLibrary = new RegExp(`[\\\\/]node_modules[\\\\/](?:${names.join('|')})[\\\\/]`);

  return filename => {
    if (typeof filename !== 'string' || !inLibrary.test(filename)) return undefined;
    const [, directory, name, path] = PACKAGE.exec(filename) ?? [];
    const library = libraries.find(({ module }) => module === name?.replace('\\', '/'));
    if (library === undefined || directory === undefined || path === undefined) return undefined;
    return { library, directory, path: path.replaceAll('\\', '/') };
  };
}
