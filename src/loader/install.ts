import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Agent } from '../agent';
import { installEsModuleHook } from './es-module-hook';
import {
  type CoreInstrumentation,
  type Exports,
  type FileHandler,
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
  readonly library: LibraryCopy;
  readonly patched: string[];
  readonly failed: string[];
}

/**
 * Puts the instrumentations in place: those of Node.js at once, those of libraries as their files are loaded. Never
 * throws into the application; each copy of a library is patched once, however often and by whatever it is loaded.
 *
 * @returns the copies that were loaded so far
 */
export function install(
  core: readonly CoreInstrumentation[],
  libraries: readonly LibraryEntry[],
  agent: Agent,
): () => readonly SeenCopy[] {
  for (const { module, patch } of core) putInPlace(`the hook of ${module}`, agent, () => patch(agent));

  const copies = new Map<string, Copy>();
  const seen = () => [...copies.values()].map(({ library, ...copy }) => copy);
  if (libraries.length === 0) return seen;
  const onFile = createFileHandler(libraries, copies, agent);
  putInPlace('the require hook', agent, () => installRequireHook(libraries, onFile));
  // An ES module hook costs start-up time (asynchronous ones a thread): only where a library needs it.
  const esModules = libraries.filter(library => library.esModule).map(library => library.module);
  if (esModules.length > 0) putInPlace('the ES module hook', agent, () => installEsModuleHook(esModules, onFile));
  return seen;
}

/** What every process needs. */
function putInPlace(name: string, agent: Agent, install: () => void): void {
  try {
    install();
  } catch (error) {
    agent.counts.hookError(name);
    agent.failIsolation(`${name} cannot be installed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @param copies by directory */
function createFileHandler(libraries: readonly LibraryEntry[], copies: Map<string, Copy>, agent: Agent): FileHandler {
  const patched = new WeakMap<object, Exports>();

  return (exports, name, directory) => {
    const library = libraries.find(({ module }) => name === module || name.startsWith(`${module}/`));
    if (library === undefined) return exports;
    return agent.guard(`the hook of ${library.module}`, exports, () => {
      const instrumentation = library.load();
      // With the first file of a copy: an unknown version may have none of the files that are looked for.
      const copy = copies.get(directory) ?? readCopy(instrumentation, directory, agent, library.isMessaging === true);
      copies.set(directory, copy);
      const file = name.slice(library.module.length + 1);
      const patch = copy.isKnown ? instrumentation.files[file] : instrumentation.unknownVersion;
      if (patch === undefined) return exports;
      if (!patched.has(exports)) {
        patched.set(exports, exports);
        const result = patchFile(patch, { exports, file, copy, agent, isMessaging: library.isMessaging === true });
        if (isReplacement(result)) patched.set(exports, result.exports);
      }
      return patched.get(exports);
    });
  };
}

interface LoadedFile {
  readonly exports: Exports;
  /** By its path within the package. */
  readonly file: string;
  readonly copy: Copy;
  readonly agent: Agent;
  readonly isMessaging: boolean;
}

function patchFile(patch: Patch, { exports, file, copy, agent, isMessaging }: LoadedFile): unknown {
  const { module, version, isKnown } = copy;
  const name = `the hook of ${module}/${file} ${version}`;
  try {
    const result = patch(exports, agent, copy.library);
    if (isKnown) {
      copy.patched.push(file);
      if (isMessaging) agent.clients.hooked(module);
    }
    return result;
  } catch (error) {
    copy.failed.push(file);
    agent.guard.report(name, error);
    // A client half hooked takes the messages of others.
    if (isMessaging && isKnown) agent.failIsolation(`${name} cannot be installed: ${(error as Error).message}`);
    return undefined;
  }
}

/** The copy of the library in `directory`; one warning when its version is not a known one. */
function readCopy({ module, versions }: Instrumentation, directory: string, agent: Agent, isMessaging: boolean): Copy {
  // Read from disk: `require('x/package.json')` fails where the package's exports do not list it.
  const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { version: string };
  const isKnown = inRange(version, versions);
  if (isKnown) {
    agent.log.debug(`${module} ${version} is instrumented (${directory})`);
  } else {
    const reason = `${module} ${version} is not a version this agent knows (${versions})`;
    agent.log.warnOnce(`version:${module}@${version}`, `${reason}: it is left alone`);
    if (isMessaging) agent.clients.leftAlone(reason);
  }
  const requireFromCopy = createRequire(path.join(directory, 'package.json'));
  const library: LibraryCopy = {
    version,
    require: file => requireFromCopy(path.join(directory, file)),
    requireDependency: name => requireFromCopy(name),
  };
  return { module, version, directory, versions, isKnown, library, patched: [], failed: [] };
}
