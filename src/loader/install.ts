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
  type LibraryCopy,
  type LibraryEntry,
  Replacement,
} from './instrumentation';
import { requireHook } from './require-hook';
import { inRange } from './version-range';

/**
 * Puts the instrumentations in place: those of Node.js at once, those of libraries as their files are loaded. Never
 * throws into the application; each copy of a library is patched once, however often and by whatever it is loaded.
 */
export function install(core: readonly CoreInstrumentation[], libraries: readonly LibraryEntry[], agent: Agent): void {
  for (const { module, patch } of core) agent.guard(`the hook of ${module}`, undefined, () => patch(agent));

  if (libraries.length === 0) return;
  const onFile = createFileHandler(libraries, agent);
  agent.guard('the require hook', undefined, () => {
    const Hook = requireHook();
    new Hook(
      libraries.map(library => library.module),
      { internals: true },
      (exports: Exports, name: string, directory?: string) => {
        return directory === undefined ? exports : onFile(exports, name.split(path.sep).join('/'), directory);
      },
    );
  });
  // An ES module hook costs start-up time (asynchronous ones a thread): only where a library needs it.
  const esModules = libraries.filter(library => library.esModule).map(library => library.module);
  if (esModules.length > 0) agent.guard('the ES module hook', undefined, () => installEsModuleHook(esModules, onFile));
}

function createFileHandler(libraries: readonly LibraryEntry[], agent: Agent): FileHandler {
  const copies = new Map<string, LibraryCopy | undefined>();
  const patched = new WeakMap<object, Exports>();

  return (exports, name, directory) => {
    const library = libraries.find(({ module }) => name === module || name.startsWith(`${module}/`));
    if (library === undefined) return exports;
    return agent.guard(`the hook of ${library.module}`, exports, () => {
      const instrumentation = library.load();
      // With the first file of a copy: an unknown version may have none of the files that are looked for.
      if (!copies.has(directory)) copies.set(directory, readCopy(instrumentation, directory, agent));
      const copy = copies.get(directory);
      const patch = instrumentation.files[name.slice(library.module.length + 1)];
      if (copy === undefined || patch === undefined) return exports;
      if (!patched.has(exports)) {
        patched.set(exports, exports);
        const hook = `the hook of ${name} ${copy.version}`;
        const result = agent.guard(hook, undefined as unknown, () => patch(exports, agent, copy));
        if (result instanceof Replacement) patched.set(exports, result.exports);
      }
      return patched.get(exports);
    });
  };
}

/** The copy of the library in `directory`, or undefined (and one warning) when its version is not a known one. */
function readCopy(instrumentation: Instrumentation, directory: string, agent: Agent): LibraryCopy | undefined {
  const { module, versions } = instrumentation;
  // Read from disk: `require('x/package.json')` fails where the package's exports do not list it.
  const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { version: string };
  if (!inRange(version, versions)) {
    agent.log.warnOnce(
      `version:${module}@${version}`,
      `${module} ${version} is not a version this agent knows (${versions}): it is left alone`,
    );
    return undefined;
  }
  agent.log.debug(`${module} ${version} is instrumented (${directory})`);
  const requireFromCopy = createRequire(path.join(directory, 'package.json'));
  return {
    version,
    require: file => requireFromCopy(path.join(directory, file)),
    requireDependency: name => requireFromCopy(name),
  };
}
