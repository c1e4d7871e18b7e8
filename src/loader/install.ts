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
  /** Undefined: it is left alone. */
  readonly library: LibraryCopy | undefined;
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
  for (const { module, patch } of core) agent.guard(`the hook of ${module}`, undefined, () => patch(agent));

  const copies = new Map<string, Copy>();
  const seen = () => [...copies.values()].map(({ library, ...copy }) => copy);
  if (libraries.length === 0) return seen;
  const onFile = createFileHandler(libraries, copies, agent);
  agent.guard('the require hook', undefined, () => installRequireHook(libraries, onFile));
  // An ES module hook costs start-up time (asynchronous ones a thread): only where a library needs it.
  const esModules = libraries.filter(library => library.esModule).map(library => library.module);
  if (esModules.length > 0) agent.guard('the ES module hook', undefined, () => installEsModuleHook(esModules, onFile));
  return seen;
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
      const copy = copies.get(directory) ?? readCopy(instrumentation, directory, agent);
      copies.set(directory, copy);
      const file = name.slice(library.module.length + 1);
      const patch = instrumentation.files[file];
      const { library: patchable } = copy;
      if (patchable === undefined || patch === undefined) return exports;
      if (!patched.has(exports)) {
        patched.set(exports, exports);
        let outcome = copy.failed;
        const result = agent.guard(`the hook of ${name} ${copy.version}`, undefined as unknown, () => {
          const replacement = patch(exports, agent, patchable);
          outcome = copy.patched;
          return replacement;
        });
        outcome.push(file);
        if (isReplacement(result)) patched.set(exports, result.exports);
      }
      return patched.get(exports);
    });
  };
}

/** The copy of the library in `directory`; one warning when its version is not a known one. */
function readCopy(instrumentation: Instrumentation, directory: string, agent: Agent): Copy {
  const { module, versions } = instrumentation;
  // Read from disk: `require('x/package.json')` fails where the package's exports do not list it.
  const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { version: string };
  const copy = { module, version, directory, versions, patched: [], failed: [] };
  if (!inRange(version, versions)) {
    agent.log.warnOnce(
      `version:${module}@${version}`,
      `${module} ${version} is not a version this agent knows (${versions}): it is left alone`,
    );
    return { ...copy, isKnown: false, library: undefined };
  }
  agent.log.debug(`${module} ${version} is instrumented (${directory})`);
  const requireFromCopy = createRequire(path.join(directory, 'package.json'));
  const library: LibraryCopy = {
    version,
    require: file => requireFromCopy(path.join(directory, file)),
    requireDependency: name => requireFromCopy(name),
  };
  return { ...copy, isKnown: true, library };
}
