// Compiles src to dist (CommonJS) and writes the ES module face of the package.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

process.chdir(new URL('..', import.meta.url).pathname);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// One instance of the state, whichever module system asks: the ES module re-exports the CommonJS one.
writeFileSync('dist/index.mjs', "export { activeTag, runWithTag } from './index.js';\n");
copyFileSync('dist/index.d.ts', 'dist/index.d.mts');
