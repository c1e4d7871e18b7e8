// biome-ignore lint/suspicious/noExplicitAny: the exports of a foreign module enter here
export type Exports = any;

/** The copy of the library that a file belongs to. */
export interface LibraryCopy {
  readonly version: string;
  /** Requires another file of the same copy, one of {@link Instrumentation.requires}, by its path within the package. */
  require(path: string): Exports;
  /** Requires a package that the library depends upon, one of {@link Instrumentation.requires}, as the library does. */
  requireDependency(name: string): Exports;
}

const REPLACEMENT = Symbol.for('rocketmq-gray.replacement');

/**
 * Changes the exports of a module in place; or returns a {@link Replacement}, where the module is one class. What it throws is
 * reported once; the application gets the module as it is.
 * @typeParam Host what hooks are handed; `never`: whichever
 */
export type Patch<Host = never> = (exports: Exports, host: Host, copy: LibraryCopy) => unknown;

/** Exports that everybody gets in the place of a CommonJS module's own. */
// In each bundle: it is known by its mark, not by its class.
export class Replacement {
  readonly [REPLACEMENT] = true;
  constructor(readonly exports: Exports) {}
}

export function isReplacement(value: unknown): value is Replacement {
  return typeof value === 'object' && value !== null && REPLACEMENT in value;
}

/** How one library is instrumented: a value, no behaviour of its own. */
export interface Instrumentation<Host = never> {
  /** Name of the npm package. */
  readonly module: string;
  /** Versions it was tested with, such as `>=1.0.0 <2`. Others are left alone. */
  readonly versions: string;
  /** What to do when a file of the package is loaded, by its path within the package, with `/`. */
  readonly files: Readonly<Record<string, Patch<Host>>>;
  /** What to do with each file of a copy whose version is none of those. */
  readonly unknownVersion?: Patch<Host>;
  /** What its hooks require by themselves: in a bundle there is nothing else than what the bundler was told of. */
  readonly requires?: Requires;
}

export interface Requires {
  /** Paths within the package. */
  readonly files?: readonly string[];
  /** Names of packages that the library depends upon, in some of its versions. */
  readonly packages?: readonly string[];
}

/** A line of the list of libraries: nothing of an instrumentation is loaded before its library is. */
export interface LibraryEntry<Host = never> {
  readonly module: string;
  /** True when its hooked files are ES modules, which only an ES module hook can see. */
  readonly esModule?: true;
  /** True for a RocketMQ client: left out when messages are to be left alone. Without its hooks nobody is kept apart. */
  readonly isMessaging?: true;
  readonly load: () => Instrumentation<Host>;
}

/** Something in Node.js itself: put in place at once. */
export interface CoreInstrumentation<Host> {
  readonly module: string;
  readonly patch: (host: Host) => void;
}

/** Where a copy of a library is: on disk, or within a bundle. */
export interface CopySource {
  /** Tells the copies in a process apart. */
  readonly key: string;
  /** The package's; for people. */
  readonly directory: string;
  /** @throws when there is none */
  version(): string;
  /** What it offers to hooks, files and requirements; absent: everything. See {@link hookNames}. */
  readonly offers?: readonly string[];
  require(path: string): Exports;
  requireDependency(name: string): Exports;
}

/** All that an instrumentation asks of a copy: the files that are patched, and what its hooks require. */
export function hookNames({ files, requires }: Instrumentation): string[] {
  return [...Object.keys(files), ...(requires?.files ?? []), ...(requires?.packages ?? [])];
}

/**
 * Told about each file that is loaded; returns the exports to hand out. `name`: the package, `/` and the path of the file in
 * it.
 */
export type FileHandler = (exports: Exports, name: string, source: CopySource) => Exports;
