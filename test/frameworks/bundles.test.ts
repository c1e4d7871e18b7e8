/** Bundles that hold the client of RocketMQ, made with the plugins; the bare ones are made without. */
import { describe } from 'vitest';
import { testInProduction } from './in-production';
import { inForeground } from './ways';

const common = { apps: ['plain'], prepare: ['build'], way: inForeground };

describe('esbuild', () => testInProduction({ ...common, recipe: 'esbuild', dependencies: { esbuild: '^0.25.12' } }));
describe('webpack', () =>
  testInProduction({ ...common, recipe: 'webpack', dependencies: { webpack: '^5', 'webpack-cli': '^6' } }));
