// What the sources say, for documents and tests: compiled on the spot, so that nothing has to be built before.
const { Module } = require('node:module');
const { join } = require('node:path');
const { buildSync } = require('esbuild');

const ROOT = join(__dirname, '..');

/**
 * The exports of a TypeScript file.
 * @param {string} file its path within the checkout
 * @returns {any}
 */
function source(file) {
  const options = /** @type {const} */ ({ bundle: true, write: false, platform: 'node', packages: 'external' });
  const { outputFiles } = buildSync({ ...options, entryPoints: [join(ROOT, file)], logLevel: 'warning' });
  const compiled = new Module(join(ROOT, file));
  compiled.paths = [join(ROOT, 'node_modules')];
  // @ts-expect-error: not in its types
  compiled._compile(outputFiles[0]?.text ?? '', join(ROOT, file.replace(/\.ts$/, '.cjs')));
  return compiled.exports;
}

/**
 * Each library in the list.
 * @returns {(import('../src/loader/instrumentation').Instrumentation & { readonly isMessaging: boolean })[]}
 */
function instrumentations() {
  const { LIBRARIES } = source('src/instrumentations/index.ts');
  return LIBRARIES.map((/** @type {import('../src/loader/instrumentation').LibraryEntry} */ { load, isMessaging }) => ({
    ...load(),
    isMessaging: isMessaging === true,
  }));
}

module.exports = { instrumentations, source };
