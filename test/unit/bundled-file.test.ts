import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendix, pathsOfLibraries } from '../../src/bundler/bundled-file';
import { BUNDLE_HOOK, type BundledFile } from '../../src/loader/bundle-hook';
import type { Instrumentation, LibraryEntry } from '../../src/loader/instrumentation';

const library = (instrumentation: Omit<Instrumentation, 'versions'>): LibraryEntry => ({
  module: instrumentation.module,
  load: () => ({ versions: '>=1.0.0 <2', ...instrumentation }),
});
const LIBRARIES = [
  library({
    module: 'calls',
    files: { 'lib/pool.js': () => {}, 'lib/http/index.js': () => {} },
    requires: { files: ['lib/symbols.js', 'lib/later.js'], packages: ['co', 'later'] },
  }),
  library({ module: '@scope/calls.js', files: { 'build/channel.cjs': () => {} } }),
  library({ module: 'client', files: { 'lib/consumer.js': () => {} }, unknownVersion: () => {} }),
];

describe('the paths that a bundler asks for', () => {
  const paths = pathsOfLibraries(LIBRARIES);

  it.each([
    ['/app/node_modules/calls/lib/pool.js', true],
    ['C:\\app\\node_modules\\calls\\lib\\pool.js', true],
    // Whatever it is installed or linked as.
    ['/app/node_modules/calls1/lib/pool.js', true],
    ['/src/packages/calls/lib/http/index.js', true],
    ['/app/node_modules/@scope/calls.js/build/channel.cjs', true],
    // Of an unknown version any file.
    ['/app/node_modules/calls/entirely/new.mjs', true],
    ['/app/node_modules/.pnpm/calls@9.0.0/node_modules/calls/new.js', true],

    ['/app/node_modules/calls/package.json', false],
    ['/app/node_modules/calls1/lib/agent.js', false],
    ['/app/node_modules/phonecalls/new.js', false],
    ['/app/node_modules/@scope/callsxjs/new.js', false],
    ['/app/lib/carpool.js', false],
    ['/app/lib/pool.json', false],
  ])('%s: %s', (file, isAsked) => expect(paths.test(file)).toBe(isAsked));

  it('can be matched by bundlers written in Go and Rust', () => {
    expect(paths.source).not.toMatch(/\(\?/);
    expect(paths.flags).toBe('');
  });
});

describe('what is appended', () => {
  let root: string;
  const manifest = (directory: string, text: object) => write(`${directory}/package.json`, JSON.stringify(text));
  const write = (file: string, text = '') => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'rocketmq-gray-bundled-'));
    manifest('known', { name: 'calls', version: '1.2.3', dependencies: { co: '^4' } });
    write('known/lib/symbols.js');
    manifest('known/lib', { type: 'commonjs' });
    manifest('unknown', { name: 'calls', version: '2.0.0', main: './entirely/new' });
    manifest('client', { name: 'client', version: '2.0.0' });
    manifest('module', { name: 'calls', version: '1.2.3', type: 'module' });
    manifest('inner', { name: 'calls', version: '1.2.3' });
    manifest('inner/lib', { type: 'module' });
    manifest('outer', { name: 'calls', version: '1.2.3', type: 'module' });
    manifest('outer/lib', {});
    manifest('other', { name: 'other', version: '1.2.3' });
    manifest('without-version', { name: 'calls' });
    manifest('unknown-module', { name: 'client', version: '2.0.0', type: 'module' });
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const appended = (file: string) => appendix(join(root, file), root, LIBRARIES);

  /** Runs a file to which that was appended: what it exports in the end, and what the hook was given. */
  const run = (file: string, hook?: (exports: unknown, said: BundledFile) => unknown) => {
    const key = Symbol.for(BUNDLE_HOOK);
    if (hook !== undefined) Object.defineProperty(globalThis, key, { value: hook, configurable: true });
    try {
      const module = { exports: {} as unknown };
      const body = `module.exports = 'own';${appended(file)}return module.exports;`;
      return new Function('module', 'require', body)(module, (id: string) => `required ${id}`) as unknown;
    } finally {
      Reflect.deleteProperty(globalThis, key);
    }
  };

  it('hands the exports to the agent, with all that its hooks ask for', () => {
    const given: [unknown, BundledFile][] = [];
    const result = run('known/lib/http/index.js', (exports, said) => {
      given.push([exports, said]);
      return 'replaced';
    });
    expect(result).toBe('replaced');
    const [exports, { requires, ...said }] = given[0] as (typeof given)[0];
    expect([exports, said]).toEqual([
      'own',
      {
        module: 'calls',
        version: '1.2.3',
        file: 'lib/http/index.js',
        directory: 'known',
        offers: ['lib/pool.js', 'lib/http/index.js', 'lib/symbols.js', 'lib/later.js', 'co', 'later'],
      },
    ]);
    // What this version does not have is left out: a bundler fails where it cannot find something.
    expect(Object.entries(requires).map(([name, load]) => [name, load()])).toEqual([
      ['lib/symbols.js', 'required ../symbols.js'],
      ['co', 'required co'],
    ]);
  });

  it('changes nothing where no agent is', () => {
    expect(run('known/lib/pool.js')).toBe('own');
  });

  it.each([
    ['known/lib/agent.js', 'no file that is patched'],
    ['other/lib/pool.js', 'a file of another package'],
    ['unknown/lib/other.js', 'an inner file of an unknown version'],
  ])('is nothing in %s: %s', file => expect(appended(file)).toBeUndefined());

  it.each([
    ['unknown/entirely/new.js', 'what stands for an unknown version', true],
    ['unknown/lib/pool.js', 'one that is patched in other versions', true],
    ['client/lib/any.js', 'any file of an unknown version that is to be looked at', true],
    ['without-version/index.js', 'what stands for one that does not say its version', true],
    ['known/lib/pool.js', 'a file that is patched', true],
    ['client/lib/any.mjs', 'an ES module', false],
    ['unknown-module/lib/any.js', 'one by its package', false],
    ['module/lib/pool.js', 'an ES module by its package', false],
    ['inner/lib/pool.js', 'an ES module by the package.json beside it', false],
    ['outer/lib/pool.js', 'none, as the package.json beside it says nothing', true],
    ['module/lib/pool.cjs', 'no file that is patched', undefined],
  ])('%s, %s: hands out exports: %s', (file, _what, handsOut) => {
    const text = appended(file);
    expect(text?.includes('module.exports')).toBe(handsOut);
  });

  it('names nothing of the machine', () => {
    expect(appended('known/lib/pool.js')).not.toContain(root);
  });
});
