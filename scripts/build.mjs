// Builds dist: a bundle for each thing that people name or that the preload loads, the command line, and types.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCommandLine } from './build-command-line.mjs';
import { printedLines } from './printed-lines.js';
import { statesOfShared } from './shared-state.js';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/**
 * The bundles that may be loaded in one process, by their path in dist: the source of each. The preload is one file: each
 * further one costs every process some 0.4 ms at its start. What is loaded later by require() in the sources is only run
 * then. What RocketMQ clients need is a file apart, what their consumers need another: to read each costs some 2 ms.
 */
const BUNDLES = {
  start: 'start',
  messaging: 'instrumentations/messaging',
  consuming: 'agent/consuming',
  'nacos-question': 'config/nacos-question',
  index: 'index',
  'public-functions': 'public-functions',
  'bundler/esbuild': 'bundler/esbuild',
  'bundler/webpack': 'bundler/webpack',
  'bundler/webpack-loader': 'bundler/webpack-loader',
};
/** What is asked of another bundle rather than bundled again, by the source that is named: the path in dist. */
const REQUIRED = {
  'instrumentations/messaging': 'messaging',
  'agent/consuming': 'consuming',
  'bundler/webpack-loader': 'bundler/webpack-loader',
};
/** The plugins for bundlers find the libraries in the preload's bundle. */
const LIBRARIES = 'instrumentations';
/** Declarations that people's compilers read, with those that they refer to. */
const TYPES = ['index', 'public-functions', 'bundler/esbuild', 'bundler/webpack'];

// Types that are there stay with --quick: what people call changes rarely, and most of a build's time is theirs.
const keepsTypes = process.argv.includes('--quick') && existsSync('dist/index.d.mts');
if (!keepsTypes) rmSync('dist', { recursive: true, force: true });
const inputs = await Promise.all(Object.entries(BUNDLES).map(([name, source]) => bundle(name, source)));
const states = statesOfShared(inputs);
if (states.length > 0) {
  const lines = states.map(({ file, line, text, bundles }) => `  ${file}:${line} (in ${bundles.join(', ')}): ${text}`);
  console.error(
    `Modules that several bundles contain have a state of their own in each:\n${lines.join('\n')}\n` +
      'Keep it where all find it (an argument, the agent, Symbol.for on an object), or say above it why that does no harm:\n' +
      '  // In each bundle: <reason>',
  );
  process.exit(1);
}
buildCommandLine();
// One instance of the state, whichever module system asks: the ES module re-exports the CommonJS one.
writeFileSync('dist/index.mjs', "export { activeTag, runWithTag } from './index.js';\n");
if (!keepsTypes) buildTypes();

/**
 * Bundles src/<source>.ts with what it imports, but for packages and what is a bundle of its own.
 *
 * @param {string} name
 * @param {string} source
 * @returns {Promise<{ bundle: string, files: string[] }>} the files that are in it, from the root
 */
async function bundle(name, source) {
  const { metafile } = await build({
    entryPoints: [`src/${source}.ts`],
    outfile: `dist/${name}.js`,
    bundle: true,
    platform: 'node',
    target: 'node18.19',
    packages: 'external',
    external: ['../register'],
    metafile: true,
    logLevel: 'warning',
    plugins: [
      {
        name: 'bundles',
        setup({ onLoad, onResolve }) {
          onLoad({ filter: /[\\/]src[\\/]lines[\\/]\w[\w-]*\.ts$/ }, ({ path }) => ({
            contents: printedLines(readFileSync(path, 'utf8')),
            loader: 'ts',
          }));
          onResolve({ filter: /^\./ }, ({ kind, path, importer }) => {
            if (importer === '') return undefined;
            const wanted = posix.join(dirname(importer).replaceAll('\\', '/'), path).replace(/^.*\/src\//, '');
            /** @param {string} other */
            const another = other => {
              const request = posix.relative(posix.dirname(name), other);
              return { path: `${request.startsWith('.') ? '' : './'}${request}.js`, external: true };
            };
            if (name.startsWith('bundler/') && wanted === LIBRARIES) return another('start');
            const required = /** @type {Record<string, string>} */ (REQUIRED)[wanted];
            return required !== undefined && kind !== 'import-statement' ? another(required) : undefined;
          });
        },
      },
    ],
  });
  const files = Object.values(metafile.outputs).flatMap(({ inputs: parts }) => Object.keys(parts));
  return { bundle: name, files };
}

function buildTypes() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  mkdirSync('.cache', { recursive: true });
  const directory = mkdtempSync('.cache/types-');
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', directory], { stdio: 'inherit' });
    for (const name of TYPES) {
      mkdirSync(dirname(join('dist', name)), { recursive: true });
      copyFileSync(join(directory, `${name}.d.ts`), join('dist', `${name}.d.ts`));
    }
    // An ES module's face imports with the ending.
    copyFileSync(join(directory, 'public-functions.d.ts'), 'dist/index.d.mts');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
