/** Libraries that were there before the agent: their files were not patched, and those that are loaded now are of no use alone. */
import type { LibraryEntry } from './instrumentation';

export interface LoadedBefore {
  readonly module: string;
  readonly isMessaging: boolean;
  /** Of one of its files. */
  readonly path: string;
}

/** @param files those that were loaded so far: the keys of `require.cache` */
export function loadedBefore(files: readonly string[], libraries: readonly LibraryEntry[]): readonly LoadedBefore[] {
  return libraries.flatMap(({ module, isMessaging = false }) => {
    const directory = new RegExp(
      `[\\\\/]node_modules[\\\\/]${module.replace('/', '[\\\\/]').replaceAll('.', '\\.')}[\\\\/]`,
    );
    const path = files.find(file => directory.test(file));
    return path === undefined ? [] : [{ module, isMessaging, path }];
  });
}
