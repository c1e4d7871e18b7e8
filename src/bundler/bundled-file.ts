/**
 * What bundlers have to add to files of the libraries: in a bundle no `require` names a library any more. So each file that
 * is patched hands its exports to the agent itself, once it was evaluated, if there is one.
 *
 * It is appended: whatever a file declares, returns or says of `this` stays as it is. Nothing is imported, so that it is the
 * same in every format and for every target.
 */
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { BUNDLE_HOOK, type BundledFile } from '../loader/bundle-hook';
import { hookNames, type Instrumentation, type LibraryEntry } from '../loader/instrumentation';
import { inRange } from '../loader/version-range';

/** The package that a file belongs to. */
interface Package {
  readonly directory: string;
  readonly name: string;
  readonly version?: string;
  /** The file that stands for the package, as far as it says so. */
  readonly main: string;
  readonly dependencies: Readonly<Record<string, unknown>>;
  /** Whether its `.js` files are ES modules. */
  readonly isEsModule: boolean;
}

/** The paths that {@link appendix} has to be asked for, as a regular expression that bundlers written in Go and Rust know too. */
export function pathsOfLibraries(libraries: readonly LibraryEntry[]): RegExp {
  const files = libraries.flatMap(library => Object.keys(library.load().files));
  const pattern = (name: string) => name.replace(/[.]/g, '\\.').replace(/\//g, '[\\\\/]');
  // The patched files, whatever their package is called (`npm:undici@7`) or linked as; of unknown versions any file.
  const ends = [...new Set(files)].map(pattern).join('|');
  const names = libraries.map(({ module }) => pattern(module)).join('|');
  return new RegExp(`[\\\\/](${ends})$|[\\\\/]node_modules[\\\\/](${names})[\\\\/].*\\.[cm]?js$`);
}

/**
 * What to append to the source text of the file at `file`; undefined: nothing.
 *
 * @param root the directory from which directories of packages are named: none of the machine's shows in a bundle
 */
export function appendix(file: string, root: string, libraries: readonly LibraryEntry[]): string | undefined {
  const owner = packageOf(file);
  const library = libraries.find(({ module }) => module === owner?.name);
  if (owner === undefined || library === undefined) return undefined;
  const instrumentation = library.load();
  const name = withSlashes(path.relative(owner.directory, file));
  const isPatched = Object.hasOwn(instrumentation.files, name);
  if (!isPatched && !isShown(name, owner, instrumentation)) return undefined;

  const said: Omit<BundledFile, 'requires'> = {
    module: owner.name,
    version: String(owner.version),
    file: name,
    directory: withSlashes(path.relative(root, owner.directory)),
    offers: hookNames(instrumentation),
  };
  // An ES module cannot be given other exports: the agent hears that it is there.
  const isCommonJs = !file.endsWith('.mjs') && (file.endsWith('.cjs') || !owner.isEsModule);
  const requires = isCommonJs && isPatched ? requirements(file, owner, instrumentation) : [];
  const call = (exports: string) =>
    `hook(${exports}, Object.assign(${JSON.stringify(said)}, { requires: { ${requires.join(', ')} } }))`;
  const body = isCommonJs ? `module.exports = ${call('module.exports')}` : call('undefined');
  return `\n;(function (hook) { if (hook) ${body}; })(globalThis[Symbol.for(${JSON.stringify(BUNDLE_HOOK)})]);\n`;
}

/** Whether the agent is to see a file that is not patched: of an unknown version, which may have none of those that are. */
function isShown(name: string, { version, main }: Package, { versions, unknownVersion }: Instrumentation): boolean {
  if (inRange(String(version), versions)) return false;
  if (unknownVersion !== undefined) return true;
  // Enough for one warning.
  return [main, `${main}.js`, `${main}/index.js`].includes(name);
}

/** Members of an object of functions, each of which requires what a hook may ask for: bundlers see that, and include it. */
function requirements(file: string, owner: Package, { requires }: Instrumentation): string[] {
  const member = (name: string, request: string) =>
    `${JSON.stringify(name)}: function () { return require(${JSON.stringify(request)}); }`;
  const { files = [], packages = [] } = requires ?? {};
  return [
    ...files
      .filter(name => existsSync(path.join(owner.directory, name)))
      .map(name => member(name, relativeRequest(path.dirname(file), path.join(owner.directory, name)))),
    ...packages.filter(name => Object.hasOwn(owner.dependencies, name)).map(name => member(name, name)),
  ];
}

function relativeRequest(from: string, to: string): string {
  const request = withSlashes(path.relative(from, to));
  return request.startsWith('.') ? request : `./${request}`;
}

/** The nearest package.json that has a name: libraries put others beside their files, which only say of which kind they are. */
function packageOf(file: string): Package | undefined {
  let nearest: Manifest | undefined;
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const manifest = manifestIn(directory);
    nearest ??= manifest;
    if (typeof manifest?.name === 'string') {
      const { name, version, main = 'index.js', dependencies = {} } = manifest;
      const isEsModule = nearest?.type === 'module';
      return {
        directory,
        name,
        ...(version && { version }),
        main: path.posix.normalize(main),
        dependencies,
        isEsModule,
      };
    }
    if (directory === path.dirname(directory)) return undefined;
  }
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly main?: string;
  readonly type?: string;
  readonly dependencies?: Readonly<Record<string, unknown>>;
}

function manifestIn(directory: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

function withSlashes(file: string): string {
  return file.split(path.sep).join('/');
}
