/**
 * Which calls of `require` may be for a file that is patched, by what they ask for and from where.
 *
 * require-in-the-middle resolves each of them once more, and looks for the package of each file: 15 to 20 microseconds,
 * which an application with its thousands of calls has to wait for when it starts.
 */
import type { LibraryEntry } from './instrumentation';

/** True: it may be. `parent`: name of the file that requires. */
export type RequireFilter = (id: unknown, parent: string | null | undefined) => boolean;

/** The innermost package that a file belongs to. */
const PACKAGE = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

export function createRequireFilter(libraries: readonly LibraryEntry[]): RequireFilter {
  const names = libraries.map(({ module }) => module.replace('/', '[\\\\/]').replaceAll('.', '\\.'));
  const named = `(?:${names.join('|')})(?:[\\\\/]|$)`;
  // `undici`, `undici/lib/x.js`, `../undici/x`, `/srv/node_modules/undici/x`; what starts with # is another name for something.
  const namesLibrary = new RegExp(`^#|^(?:\\.\\.?[\\\\/])*${named}|[\\\\/]node_modules[\\\\/]${named}`);
  const inLibrary = new Map<string, ReadonlySet<string> | undefined>();
  const lastSegments = lastSegmentsByLibrary(libraries);

  return (id, parent) => {
    if (typeof id !== 'string' || namesLibrary.test(id)) return true;
    if (typeof parent !== 'string') return false;
    let wanted = inLibrary.get(parent);
    if (wanted === undefined && !inLibrary.has(parent)) {
      wanted = lastSegments(PACKAGE.exec(parent)?.[1]?.replace('\\', '/'));
      inLibrary.set(parent, wanted);
    }
    return wanted?.has(lastSegment(id)) ?? false;
  };
}

/** How the patched files of a library, by its name, may end what is required within it. */
function lastSegmentsByLibrary(libraries: readonly LibraryEntry[]) {
  const byName = new Map<string, ReadonlySet<string>>();
  return (name: string | undefined): ReadonlySet<string> | undefined => {
    const library = libraries.find(({ module }) => module === name);
    if (library === undefined) return undefined;
    let segments = byName.get(library.module);
    if (segments === undefined) {
      // A directory stands for its index.
      const paths = Object.keys(library.load().files).flatMap(file => [file, file.replace(/\/index\.[cm]?js$/, '')]);
      segments = new Set(paths.map(lastSegment));
      byName.set(library.module, segments);
    }
    return segments;
  };
}

/** Without its extension, which `require` does not need. */
function lastSegment(path: string): string {
  const start = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
  return path.slice(start).replace(/\.[cm]?js$/, '');
}
