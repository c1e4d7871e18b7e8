// `npm run mutate [-- <folder of src> …] [-- options of Stryker]`: changes the code in small ways and runs the unit tests, which
// should fail each time. Prints what they did not see.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** What decides, and so has to be seen by unit tests. */
const FOLDERS = [
  'config',
  'names',
  'context',
  'propagation',
  'routing',
  'rocketmq/plan',
  'rocketmq/hand-over',
  'rocketmq/presence',
];

const args = process.argv.slice(2);
const first = args.findIndex(arg => arg.startsWith('-'));
const [named, options] = first < 0 ? [args, []] : [args.slice(0, first), args.slice(first)];
const folders = named.length > 0 ? named.map(name => name.replace(/^src\//, '').replace(/\/$/, '')) : FOLDERS;
const mutate = folders.map(folder => (folder.endsWith('.ts') ? `src/${folder}` : `src/${folder}/**/*.ts`)).join();
const stryker = join('node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const { status } = spawnSync(process.execPath, [stryker, 'run', '--mutate', mutate, ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
