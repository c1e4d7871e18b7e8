/**
 * Watches CommonJS files of the libraries: each is patched once it was evaluated, before anybody gets its exports. What
 * `require` and `import` hand out stays a matter of Node.js. So a module that somebody puts in the place of a library's
 * (`require.cache`, `Module._load`, `mock.module`) is what everybody gets, and the library once it is gone.
 */
import Module, { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Hook } from 'require-in-the-middle';
import { hasDebugOutput } from '../config/debug-output';
import { wrapMethod } from '../foreign-objects/wrap';
import { copyOnDisk } from './copy-on-disk';
import { createFileFilter, type LibraryFile } from './file-filter';
import type { Exports, FileHandler, LibraryEntry } from './instrumentation';

type Compile = (this: unknown, ...args: unknown[]) => unknown;
interface LoadedModule extends NodeModule {
  _compile: Compile;
}
type Load = (this: LoadedModule, filename: string, ...rest: unknown[]) => unknown;

/** Who decides which files are seen, and is told why one was not. */
interface Watcher<Entry> {
  isWanted(file: LibraryFile<Entry>): boolean;
  onError(error: unknown): void;
}

export function installRequireHook<Entry extends LibraryEntry>(
  libraries: readonly Entry[],
  onFile: FileHandler,
  { isWanted, onError }: Watcher<Entry>,
): void {
  const fileOf = createFileFilter(libraries);
  const modules = libraries.map(({ module }) => module);
  const changedExports = askRequireInTheMiddle(modules, onFile);
  const handOver = (module: NodeModule) => {
    try {
      const exports = changedExports(module);
      if (exports !== module.exports) module.exports = exports;
    } catch (error) {
      onError(error);
    }
  };
  // Node.js 18.19 to 26: called once for each CommonJS file, required or imported.
  wrapMethod<Load>(
    Module.prototype,
    'load',
    original =>
      function load(this, ...args) {
        let stop: (() => void) | undefined;
        try {
          const file = fileOf(args[0]);
          if (file !== undefined && isWanted(file)) stop = onEvaluated(this, () => handOver(this));
        } catch (error) {
          onError(error);
        }
        if (stop === undefined) return original.apply(this, args);
        try {
          return original.apply(this, args);
        } finally {
          stop();
        }
      },
  );
}

/**
 * Calls `tell` once `module` was evaluated, which is within `load`: Node.js 18 and 20 keep the exports for `import` as they are
 * before that returns.
 *
 * @returns to be called when it has returned: a file that somebody compiled in another way was evaluated by then
 */
function onEvaluated(module: LoadedModule, tell: () => void): () => void {
  let isTold = false;
  const compile: Compile = function (this: unknown, ...args) {
    Reflect.deleteProperty(module, '_compile');
    const result = module._compile.apply(this, args);
    isTold = true;
    tell();
    return result;
  };
  Object.defineProperty(module, '_compile', { value: compile, writable: true, configurable: true, enumerable: false });
  return () => {
    if (Object.getOwnPropertyDescriptor(module, '_compile')?.value === compile) {
      Reflect.deleteProperty(module, '_compile');
    }
    // Not one that threw.
    if (!isTold && module.loaded) tell();
  };
}

/**
 * require-in-the-middle says which file of which package a module is. It hooks a `require` of ours, which hands out a module
 * that was evaluated: the one of Node.js is not touched.
 *
 * @returns what `onFile` makes of the exports of a module
 */
function askRequireInTheMiddle(modules: readonly string[], onFile: FileHandler): (module: NodeModule) => Exports {
  const Hook = loadHook();
  const { prototype } = Module;
  const { require: requireOfNode } = prototype;
  const { getBuiltinModule } = process as { getBuiltinModule?: unknown };
  let ask: (this: NodeModule, id: string) => Exports;
  try {
    prototype.require = function (this: NodeModule) {
      return this.exports;
    } as typeof requireOfNode;
    const hook = new Hook([...modules], { internals: true }, (exports: Exports, name: string, directory?: string) =>
      directory === undefined ? exports : onFile(exports, name.split(path.sep).join('/'), copyOnDisk(directory)),
    );
    // Another module may have the name of one before: one that was loaded anew, or that is in no cache.
    Object.assign(hook, { _cache: { has: () => false, get() {}, set() {} } });
    ask = prototype.require;
  } finally {
    prototype.require = requireOfNode;
    if (getBuiltinModule !== undefined) Object.assign(process, { getBuiltinModule });
  }
  return module => ask.call(module, module.filename);
}

/**
 * The `Hook` of require-in-the-middle. Unless somebody wants debug output, it gets a `debug` that says nothing: the real
 * one is 5 ms of each process's start (a terminal's properties, colours, `util`).
 */
function loadHook(): typeof Hook {
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
