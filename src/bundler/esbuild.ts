/** `rocketmq-gray/esbuild`: libraries that esbuild puts into a bundle are seen by the agent. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { PartialMessage, Plugin } from 'esbuild';
import { LIBRARIES } from '../instrumentations';
import { appendix, pathsOfLibraries } from './bundled-file';

/** The plugin, for esbuild 0.17 and later. It changes nothing in what a bundle does where no agent runs. */
export function rocketmqGray(): Plugin {
  return {
    name: 'rocketmq-gray',
    setup(build) {
      const { initialOptions } = build;
      const root = initialOptions.absWorkingDir ?? process.cwd();
      const filter = pathsOfLibraries(LIBRARIES);
      const changed = new Set<string>();
      // Says what is in the bundle.
      initialOptions.metafile ??= true;

      build.onLoad({ filter, namespace: 'file' }, ({ path: file }) => {
        const added = appendix(file, root, LIBRARIES);
        if (added === undefined) return undefined;
        changed.add(file);
        return { contents: readFileSync(file, 'utf8') + added, loader: 'default' };
      });

      // The first plugin that loads a file is the only one that does.
      build.onEnd(({ metafile }) => {
        const missed = Object.keys(metafile?.inputs ?? {})
          .map(input => path.resolve(root, input))
          .filter(file => filter.test(file) && !changed.has(file) && appendix(file, root, LIBRARIES) !== undefined);
        const errors: PartialMessage[] = missed.map(file => ({
          text: `another plugin loaded ${path.relative(root, file)}, so that the agent would not see it: put rocketmqGray() before the other plugins`,
        }));
        return { errors };
      });
    },
  };
}
