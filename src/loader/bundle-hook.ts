import type { Exports, FileHandler } from './instrumentation';

/**
 * Key (`Symbol.for`) of the global function that bundled files of libraries hand their exports to, once they were evaluated.
 * The calls are written into them by the plugins for bundlers (`src/bundler`); without an agent there is no such function.
 */
export const BUNDLE_HOOK = 'rocketmq-gray.bundled';

/** What a bundled file says of itself. */
export interface BundledFile {
  /** Name of the npm package. */
  readonly module: string;
  readonly version: string;
  /** Path of the file within the package, with `/`. */
  readonly file: string;
  /** The package's directory when it was bundled, from where the bundler ran. */
  readonly directory: string;
  /** What the plugin knew of the hooks of this library. */
  readonly offers: readonly string[];
  /** By path or name, what hooks may require, as far as this copy of the library has it. */
  readonly requires: Readonly<Record<string, () => Exports>>;
}

/** Watches the files of libraries in bundles that a plugin of ours helped to make. */
export function installBundleHook(onFile: FileHandler): void {
  const hook = (exports: Exports, { module, version, file, directory, offers, requires }: BundledFile): Exports => {
    const required = (name: string) => {
      const load = requires[name];
      if (load === undefined) throw new Error(`${module} ${version} has no ${name}`);
      return load();
    };
    return onFile(exports, `${module}/${file}`, {
      // Of several bundles in one process each has its own, which may be of the same directory.
      key: [directory, version, ...offers].join('\n'),
      directory: `${directory} (bundled)`,
      version: () => version,
      offers,
      require: required,
      requireDependency: required,
    });
  };
  Object.defineProperty(globalThis, Symbol.for(BUNDLE_HOOK), { value: hook, configurable: true });
}
