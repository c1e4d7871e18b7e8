// Compiles src to dist (CommonJS), bundles what the preload loads, and writes the ES module face of the package.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCommandLine } from './build-command-line.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// The preload is one file: each further one costs every process some 0.4 ms at its start. What is loaded later by
// require() in the sources is only run then. What RocketMQ clients need is a file apart, what their consumers need another:
// to read each costs some 2 ms.
const BUNDLES = { start: 'start', messaging: 'instrumentations/messaging', consuming: 'agent/consuming' };
for (const [name, entry] of Object.entries(BUNDLES)) await bundle(name, entry);
buildCommandLine();
// One instance of the state, whichever module system asks: the ES module re-exports the CommonJS one.
writeFileSync('dist/index.mjs', "export { activeTag, runWithTag } from './index.js';\n");
copyFileSync('dist/public-functions.d.ts', 'dist/index.d.mts');

/**
 * Bundles src/<entry>.ts with what it imports, but for packages and what is a bundle of its own.
 *
 * @param {string} name
 * @param {string} entry
 */
async function bundle(name, entry) {
  await build({
    entryPoints: [`src/${entry}.ts`],
    outfile: `dist/${name}.js`,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    target: 'node18.19',
    packages: 'external',
    logLevel: 'warning',
    plugins: [
      {
        name: 'bundles',
        setup({ onResolve }) {
          onResolve({ filter: new RegExp(`/(${Object.keys(BUNDLES).join('|')})$`) }, ({ kind, path }) =>
            kind === 'require-call' ? { path: `./${basename(path)}.js`, external: true } : undefined,
          );
        },
      },
    ],
  });
}
