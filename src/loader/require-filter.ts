/**
 * Which calls of `require` may be for a file that is patched, by what they ask for and from where.
 *
 * require-in-the-middle resolves each of them once more, and looks for the package of each file: 15 to 20 microseconds,
 * which an application with its thousands of calls has to wait for when it starts.
 */
import { oncePerObject } from '../foreign-objects/once-per-object';
import type { LibraryEntry } from './instrumentation';

/** True: it may be. `parent`: name of the file that requires. */
export type RequireFilter = (id: unknown, parent: string | null | undefined) => boolean;

/** The innermost package that a file belongs to. */
const PACKAGE = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;
const NONE: ReadonlySet<string> = new Set();

export function createRequireFilter(libraries: readonly LibraryEntry[]): RequireFilter {
  const names = libraries.map(({ module }) => module.replace('/', '[\\\\/]').replaceAll('.', '\\.'));
  const named = `(?:${names.join('|')})(?:[\\\\/]|$)`;
  // `undici`, `undici/lib/x.js`, `../undici/x`, `/srv/node_modules/undici/x`; what starts with # is another name for something.
  const namesLibrary = new RegExp(`^#|^(?:\\.\\.?[\\\\/])*${named}|[\\\\/]node_modules[\\\\/]${named}`);
  const endsOf = oncePerObject(endsOfPatchedFiles);
  const endsByParent = new Map<string, ReadonlySet<string>>();

  return (id, parent) => {
    if (typeof id !== 'string' || namesLibrary.test(id)) return true;
    if (typeof parent !== 'string') return false;
    let ends = endsByParent.get(parent);
    if (ends === undefined) {
      const name = PACKAGE.exec(parent)?.[1]?.replace('\\', '/');
      const library = libraries.find(({ module }) => module === name);
      ends = library === undefined ? NONE : endsOf(library);
      endsByParent.set(parent, ends);
    }
    return ends.size > 0 && ends.has(lastSegment(id));
  };
}

/** How what is required within a library may end when it is for a patched file: a directory stands for its index. */
function endsOfPatchedFiles(library: LibraryEntry): ReadonlySet<string> {
  const paths = Object.keys(library.load().files).flatMap(file => [file, file.replace(/\/index\.[cm]?js$/, '')]);
  return new Set(paths.map(lastSegment));
}

/** Without its extension, which `require` does not need. */
function lastSegment(path: string): string {
  const start = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
  return path.slice(start).replace(/\.[cm]?js$/, '');
}
