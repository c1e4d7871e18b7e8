/** Bundles that hold the client of RocketMQ, made with the plugins; the bare ones are made without. */
import { describe } from 'vitest';
import { testInProduction } from './in-production';
import { recipe } from './recipes';
import { inForeground } from './ways';

/** What the plugin adds to a build. */
const PLUGIN = /^.*(rocketmqGray|RocketmqGrayPlugin).*\n/gm;

const common = { apps: ['plain'], prepare: ['build'], way: inForeground };

describe.each([
  ['esbuild', 'build.js', { esbuild: '^0.25.12' }],
  ['webpack', 'webpack.config.js', { webpack: '^5', 'webpack-cli': '^6' }],
])('%s', (name, file, dependencies) => {
  const bareFiles = { [file]: (recipe(name).files[file] ?? '').replaceAll(PLUGIN, '') };
  testInProduction({ ...common, recipe: name, dependencies, bareFiles });
});
