/** `rocketmq-gray/webpack`: libraries that webpack puts into a bundle are seen by the agent. */
import { LIBRARIES } from '../instrumentations';
import { VERSION } from '../names/version';
import { pathsOfLibraries } from './bundled-file';
import type { LoaderOptions } from './webpack-loader';

/** The part of webpack's compiler that is used, which Rspack's has too. */
export interface Compiler {
  readonly context: string;
  readonly options: { readonly module: { readonly rules: unknown[] } };
}

/** The plugin, for webpack 5. It changes nothing in what a bundle does where no agent runs. */
export class RocketmqGrayPlugin {
  apply(compiler: Compiler): void {
    // The version: what a cache holds of another one is no good.
    const options: LoaderOptions = { root: compiler.context, version: VERSION };
    compiler.options.module.rules.push({
      test: pathsOfLibraries(LIBRARIES),
      // After loaders of the application, which may not know what is added.
      enforce: 'post',
      use: [{ loader: require.resolve('./webpack-loader'), options }],
    });
  }
}
