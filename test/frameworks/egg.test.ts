/** Egg as a daemon: a master, an agent worker, and two application workers, each of which serves and consumes. */
import { describe } from 'vitest';
import { testInProduction } from './in-production';
import { asDaemon } from './ways';

/** What egg-scripts says of its command lines, and while it waits. */
const ignoredLines = /Run node|Spawn|Wait Start|^- 0:|Save log file/;
const common = { apps: ['egg'], way: asDaemon({ log: /master-stdout\.log$/ }), ignoredLines };
const bareFiles = { 'package.json': '{}' };

describe('Egg 3', () =>
  testInProduction({ ...common, recipe: 'egg-3', bareFiles, dependencies: { egg: '^3', 'egg-scripts': '^3' } }));

// eggctl 4.0.0 leaves file handles to the garbage collector, which is an error from Node.js 25 on: seen on 26, bare too.
const isTooNew = Number(process.versions.node.split('.')[0]) >= 25;
describe.skipIf(isTooNew)('Egg 4 (its own start command fails on Node.js 25 and later)', () =>
  testInProduction({ ...common, recipe: 'egg-4', bareFiles, dependencies: { egg: '^4', '@eggjs/scripts': '^4' } }),
);
