import Module, { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Hook } from 'require-in-the-middle';
import { hasDebugOutput } from '../config/debug-output';
import { wrapMethod } from '../foreign-objects/wrap';
import { copyOnDisk } from './copy-on-disk';
import type { Exports, FileHandler, LibraryEntry } from './instrumentation';
import { createRequireFilter } from './require-filter';

type Require = (this: Partial<NodeJS.Module> | undefined, ...args: unknown[]) => unknown;

/** Watches CommonJS modules of the libraries: require-in-the-middle does, for those calls that may be for one. */
export function installRequireHook(libraries: readonly LibraryEntry[], onFile: FileHandler): void {
  const withoutHook = Module.prototype.require as Require;
  const Hook = requireHook();
  new Hook(
    libraries.map(library => library.module),
    { internals: true },
    (exports: Exports, name: string, directory?: string) => {
      return directory === undefined ? exports : onFile(exports, name.split(path.sep).join('/'), copyOnDisk(directory));
    },
  );
  const mayBePatched = createRequireFilter(libraries);
  wrapMethod<Require>(
    Module.prototype,
    'require',
    withHook =>
      function require(this, ...args) {
        let isWatched = true;
        try {
          isWatched = mayBePatched(args[0], this?.filename);
        } catch {
          // An instrumentation that cannot be loaded: that is reported where its library is patched.
        }
        return (isWatched ? withHook : withoutHook).apply(this, args);
      },
  );
}

/**
 * The `Hook` of require-in-the-middle. Unless somebody wants debug output, it gets a `debug` that says nothing: the real
 * one is 5 ms of each process's start (a terminal's properties, colours, `util`).
 */
function requireHook(): typeof Hook {
  const load = () => (require('require-in-the-middle') as typeof import('require-in-the-middle')).Hook;
  if (hasDebugOutput()) return load();
  const debug = createRequire(require.resolve('require-in-the-middle')).resolve('debug');
  if (require.cache[debug] !== undefined) return load();
  const silent = new Module(debug);
  silent.exports = () => () => {};
  silent.loaded = true;
  require.cache[debug] = silent;
  try {
    return load();
  } finally {
    // The application's own gets the real one.
    delete require.cache[debug];
  }
}
