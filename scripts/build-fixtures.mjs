// Compiles fixtures and benchmarks, with the sources that they use, to build: file by file, without a look at types, which are
// checked by `npm run check`.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const FOLDERS = ['fixtures', 'benchmark', 'src'];
const isCompiled = (/** @type {string} */ file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file);

rmSync('build', { recursive: true, force: true });
await build({
  entryPoints: FOLDERS.flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map(file => join(folder, file))
      .filter(file => isCompiled(file) && !file.startsWith(join('src', 'page'))),
  ),
  outdir: 'build',
  outbase: '.',
  format: 'cjs',
  platform: 'node',
  target: 'node18.19',
  logLevel: 'warning',
});
