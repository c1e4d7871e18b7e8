import { errorText } from '../foreign-objects/error-text';
import { hookLines, otherPlugin, unknownVersion } from '../lines/hooks';
import type { Line } from '../lines/line';
import type { Log } from '../log';
import { installBundleHook } from './bundle-hook';
import { installEsModuleHook } from './es-module-hook';
import type { LibraryFile } from './file-filter';
import {
  type CopySource,
  type CoreInstrumentation,
  type Exports,
  type FileHandler,
  hookNames,
  type Instrumentation,
  isReplacement,
  type LibraryCopy,
  type LibraryEntry,
  type Patch,
} from './instrumentation';
import { installRequireHook } from './require-hook';
import { inRange } from './version-range';

/** A copy of a library that was loaded, for people who look into the process. */
export interface SeenCopy {
  readonly module: string;
  readonly version: string;
  readonly directory: string;
  /** The versions that are known; it is left alone if it is none of those. */
  readonly versions: string;
  readonly isKnown: boolean;
  /** Its files that were patched, and those whose hook failed. */
  readonly patched: readonly string[];
  readonly failed: readonly string[];
}

interface Copy extends SeenCopy {
  readonly patched: string[];
  readonly failed: string[];
}

/** Whom hooks are handed, and who is told what becomes of them. */
export interface Host {
  readonly log: Pick<Log, 'say'>;
  /** Runs a hook: what it throws is reported and goes no further. */
  readonly guard: {
    <T>(name: string, fallback: T, hook: () => T): T;
    report(name: string, error: unknown): void;
  };
  readonly counts: { hookError(name: string): void };
  /** Told of what keeps this process from being kept apart. */
  failIsolation<V>(line: Line<V>, values: NoInfer<V>): void;
  readonly clients: {
    /** A file of a RocketMQ client was patched. */
    hooked(module: string): void;
    /** One was found and not patched. */
    leftAlone(reason: string): void;
  };
}

/**
 * Puts the instrumentations in place: those of Node.js at once, those of libraries as their files are loaded. Never
 * throws into the application; each copy of a library is patched once, however often and by whatever it is loaded.
 *
 * @returns the copies that were loaded so far
 */
export function install<H extends Host>(
  core: readonly CoreInstrumentation<H>[],
  libraries: readonly LibraryEntry<H>[],
  host: H,
): () => readonly SeenCopy[] {
  for (const { module, patch } of core) putInPlace(`the hook of ${module}`, host, () => patch(host));

  const copies = new Map<string, Copy>();
  const seen = () => [...copies.values()];
  if (libraries.length === 0) return seen;
  const onFile = createFileHandler(libraries, copies, host);
  const isWanted = ({ library, directory, path }: LibraryFile<LibraryEntry<H>>) => {
    const copy = copies.get(directory);
    // The first file of a copy: its version is asked for.
    if (copy === undefined) return true;
    const { files, unknownVersion } = library.load();
    return copy.isKnown ? Object.hasOwn(files, path) : unknownVersion !== undefined;
  };
  const onError = (error: unknown) => host.guard.report('the require hook', error);
  putInPlace('the require hook', host, () => installRequireHook(libraries, onFile, { isWanted, onError }));
  putInPlace('the hook of bundles', host, () => installBundleHook(onFile));
  // An ES module hook costs start-up time (asynchronous ones a thread): only where a library needs it.
  const esModules = libraries.filter(library => library.esModule).map(library => library.module);
  if (esModules.length > 0) putInPlace('the ES module hook', host, () => installEsModuleHook(esModules, onFile));
  return seen;
}

/** What every process needs. */
function putInPlace(name: string, host: Host, install: () => void): void {
  try {
    install();
  } catch (error) {
    cannotInstall(name, error, host);
  }
}

/** A hook without which nobody is kept apart. */
function cannotInstall(name: string, error: unknown, host: Host): void {
  host.counts.hookError(name);
  host.failIsolation(hookLines.notInstalled, { name, problem: errorText(error) });
}

/** @param copies by key of their source */
function createFileHandler<H extends Host>(
  libraries: readonly LibraryEntry<H>[],
  copies: Map<string, Copy>,
  host: H,
): FileHandler {
  const patched = new WeakMap<object, Exports>();

  return (exports, name, source) => {
    const library = libraries.find(({ module }) => name === module || name.startsWith(`${module}/`));
    if (library === undefined) return exports;
    return host.guard(`the hook of ${library.module}`, exports, () => {
      const instrumentation = library.load();
      // With the first file of a copy: an unknown version may have none of the files that are looked for.
      const copy = copies.get(source.key) ?? readCopy(library, source, host);
      copies.set(source.key, copy);
      const file = name.slice(library.module.length + 1);
      const patch = copy.isKnown ? instrumentation.files[file] : instrumentation.unknownVersion;
      if (patch === undefined) return exports;
      // What is no object is none of what is expected, and is handed out by value.
      const isKept = Object(exports) === exports;
      if (isKept && patched.has(exports)) return patched.get(exports);
      if (isKept) patched.set(exports, exports);
      const result = patchFile(exports, patch, { library, source, copy, file, host });
      if (!isReplacement(result)) return exports;
      if (isKept) patched.set(exports, result.exports);
      return result.exports;
    });
  };
}

interface LoadedFile<H> {
  readonly library: LibraryEntry<H>;
  readonly source: CopySource;
  readonly copy: Copy;
  /** By its path within the package. */
  readonly file: string;
  readonly host: H;
}

function patchFile<H extends Host>(
  exports: Exports,
  patch: Patch<H>,
  { library, source, copy, file, host }: LoadedFile<H>,
): unknown {
  const { module, version, isKnown } = copy;
  const name = `the hook of ${module}/${file} ${version}`;
  try {
    const result = patch(exports, host, libraryCopy(library.load(), source, version));
    if (!isKnown) return result;
    // Twice the same: a copy that is in two bundles.
    if (!copy.patched.includes(file)) copy.patched.push(file);
    if (library.isMessaging) host.clients.hooked(module);
    return result;
  } catch (error) {
    if (!copy.failed.includes(file)) copy.failed.push(file);
    // A client half hooked takes the messages of others.
    if (library.isMessaging && isKnown) cannotInstall(name, error, host);
    else host.guard.report(name, error);
    return undefined;
  }
}

/** The copy of the library that `source` is; one warning when nothing can be done with it. */
function readCopy(library: LibraryEntry, source: CopySource, host: Host): Copy {
  const instrumentation = library.load();
  const { module, versions } = instrumentation;
  const { directory, offers } = source;
  const version = source.version();
  const copy = { module, version, directory, versions, patched: [], failed: [] };
  const leaveAlone = (reason: string): Copy => {
    if (library.isMessaging) host.clients.leftAlone(reason);
    return { ...copy, isKnown: false };
  };
  if (!inRange(version, versions)) {
    host.log.say(hookLines.unknownVersion, copy);
    return leaveAlone(unknownVersion(copy));
  }
  if (offers !== undefined && !hookNames(instrumentation).every(name => offers.includes(name))) {
    host.log.say(hookLines.otherPlugin, copy);
    return leaveAlone(otherPlugin(copy));
  }
  host.log.say(hookLines.instrumented, copy);
  return { ...copy, isKnown: true };
}

/** What the hooks of a library see of a copy. What they do not declare is refused on disk too, or it would fail in bundles only. */
function libraryCopy({ module, requires }: Instrumentation, source: CopySource, version: string): LibraryCopy {
  const declared = (names: readonly string[] | undefined, name: string): string => {
    if (names?.includes(name)) return name;
    throw new Error(`the instrumentation of ${module} does not declare that it requires ${name}`);
  };
  return {
    version,
    require: file => source.require(declared(requires?.files, file)),
    requireDependency: name => source.requireDependency(declared(requires?.packages, name)),
  };
}
