/** Which files of which copies are patched, and who is told, with the hooks of Node.js left out. */
import { describe, expect, it, vi } from 'vitest';
import { BUNDLE_HOOK } from '../../src/loader/bundle-hook';
import { installEsModuleHook } from '../../src/loader/es-module-hook';
import { type Host, install } from '../../src/loader/install';
import {
  type CopySource,
  type Exports,
  type FileHandler,
  type Instrumentation,
  type LibraryEntry,
  Replacement,
} from '../../src/loader/instrumentation';
import { installRequireHook } from '../../src/loader/require-hook';

vi.mock('../../src/loader/require-hook', () => ({ installRequireHook: vi.fn() }));
vi.mock('../../src/loader/es-module-hook', () => ({ installEsModuleHook: vi.fn() }));

/** An agent that keeps what it is told. */
function listener() {
  const lines: string[] = [];
  const report = (name: string, error: unknown) => void lines.push(`${name} failed: ${(error as Error).message}`);
  const host: Host = {
    log: { say: (line, values) => void lines.push(`${line.level}: ${line.words(values)}`) },
    guard: Object.assign(
      <T>(name: string, fallback: T, hook: () => T): T => {
        try {
          return hook();
        } catch (error) {
          report(name, error);
          return fallback;
        }
      },
      { report },
    ),
    counts: { hookError: name => void lines.push(`counted: ${name}`) },
    failIsolation: (line, values) => void lines.push(`not isolated: ${line.words(values)}`),
    clients: {
      hooked: module => void lines.push(`hooked: ${module}`),
      leftAlone: reason => void lines.push(`left alone: ${reason}`),
    },
  };
  return { host, lines };
}

const source = (key: string, version = '1.2.3', more: Partial<CopySource> = {}): CopySource => ({
  key,
  directory: `/app/${key}`,
  version: () => version,
  require: path => `file ${path}`,
  requireDependency: name => `package ${name}`,
  ...more,
});

function installed(instrumentation: Partial<Instrumentation<Host>>, entry: Partial<LibraryEntry<Host>> = {}) {
  const { host, lines } = listener();
  const library: LibraryEntry<Host> = {
    module: 'lib',
    load: () => ({ module: 'lib', versions: '>=1.0.0 <2', files: {}, ...instrumentation }),
    ...entry,
  };
  vi.mocked(installRequireHook).mockClear();
  vi.mocked(installEsModuleHook).mockClear();
  const seen = install([], [library], host);
  const onFile = vi.mocked(installRequireHook).mock.calls[0]?.[1] as FileHandler;
  return { seen, onFile, lines };
}

describe('a file of a library', () => {
  it('is patched once for each copy of its exports, however often it is loaded', () => {
    const patch = vi.fn();
    const { seen, onFile, lines } = installed({ files: { 'a.js': patch } });
    const [one, other] = [{}, {}];
    for (let i = 0; i < 3; i++) expect(onFile(one, 'lib/a.js', source('one'))).toBe(one);
    expect(onFile(other, 'lib/a.js', source('other'))).toBe(other);
    expect(patch.mock.calls.map(([exports]) => exports)).toEqual([one, other]);
    expect(patch.mock.calls[0]?.[0]).toBe(one);
    const copy = {
      module: 'lib',
      version: '1.2.3',
      versions: '>=1.0.0 <2',
      isKnown: true,
      patched: ['a.js'],
      failed: [],
    };
    expect(seen()).toEqual([
      { ...copy, directory: '/app/one' },
      { ...copy, directory: '/app/other' },
    ]);
    expect(lines).toEqual(['one', 'other'].map(key => `debug: lib 1.2.3 is instrumented (/app/${key})`));
  });

  it('that was evaluated twice within one copy is patched twice, and named once', () => {
    const patch = vi.fn();
    const { seen, onFile } = installed({ files: { 'a.js': patch } });
    for (const exports of [{}, {}]) onFile(exports, 'lib/a.js', source('one'));
    expect(patch).toHaveBeenCalledTimes(2);
    expect(seen()[0]?.patched).toEqual(['a.js']);
  });

  it('may be replaced, for everybody who loads it', () => {
    const replacement = {};
    const patch = vi.fn((_exports: Exports) => new Replacement(replacement));
    const { onFile } = installed({ files: { 'a.js': patch } });
    const exports = () => {};
    for (let i = 0; i < 2; i++) expect(onFile(exports, 'lib/a.js', source('one'))).toBe(replacement);
    // What is no object cannot be told apart from the like.
    for (let i = 0; i < 2; i++) expect(onFile('text', 'lib/a.js', source('one'))).toBe(replacement);
    expect(patch).toHaveBeenCalledTimes(3);
  });

  it('stays as it is where nobody asks for it', () => {
    const patch = vi.fn();
    const { onFile, seen } = installed({ files: { 'a.js': patch } });
    const exports = {};
    for (const name of ['lib/b.js', 'library/a.js', 'other'])
      expect(onFile(exports, name, source('one'))).toBe(exports);
    expect(patch).not.toHaveBeenCalled();
    expect(seen().map(({ patched }) => patched)).toEqual([[]]);
  });

  it('sees of its copy what the instrumentation declares', () => {
    const asked: unknown[] = [];
    const { onFile, lines } = installed({
      requires: { files: ['b.js'], packages: ['co'] },
      files: {
        'a.js': (_exports, _host, copy) => {
          asked.push(copy.version, copy.require('b.js'), copy.requireDependency('co'));
          copy.require('c.js');
        },
      },
    });
    onFile({}, 'lib/a.js', source('one'));
    expect(asked).toEqual(['1.2.3', 'file b.js', 'package co']);
    expect(lines.at(-1)).toBe(
      'the hook of lib/a.js 1.2.3 failed: the instrumentation of lib does not declare that it requires c.js',
    );
  });
});

describe('a hook that fails', () => {
  const files = {
    'a.js': () => {
      throw new Error('changed');
    },
  };

  it('is reported, and named once; the application has the file as it is', () => {
    const { onFile, seen, lines } = installed({ files });
    const exports = {};
    for (let i = 0; i < 2; i++) expect(onFile(exports, 'lib/a.js', source('one'))).toBe(exports);
    onFile({}, 'lib/a.js', source('one'));
    expect(seen()).toMatchObject([{ patched: [], failed: ['a.js'] }]);
    expect(lines.slice(1)).toEqual(Array(2).fill('the hook of lib/a.js 1.2.3 failed: changed'));
  });

  it('of a RocketMQ client: nobody is kept apart', () => {
    const { onFile, lines } = installed({ files }, { isMessaging: true });
    onFile({}, 'lib/a.js', source('one'));
    expect(lines.slice(1)).toEqual([
      'counted: the hook of lib/a.js 1.2.3',
      'not isolated: the hook of lib/a.js 1.2.3 cannot be installed: changed',
    ]);
  });
});

describe('a copy that is left alone', () => {
  const unknown = 'lib 2.0.0 is not a version this agent knows (>=1.0.0 <2)';

  it('is of an unknown version: what there is to do with such a one is done', () => {
    const [patch, unknownVersion] = [vi.fn(), vi.fn()];
    const { onFile, seen, lines } = installed({ files: { 'a.js': patch }, unknownVersion });
    onFile({}, 'lib/b.js', source('one', '2.0.0'));
    expect([patch, unknownVersion].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
    expect(seen()).toMatchObject([{ isKnown: false, patched: [], failed: [] }]);
    expect(lines).toEqual([`warn: ${unknown}: it is left alone`]);
  });

  it('of a RocketMQ client is told of', () => {
    const { onFile, lines } = installed({ files: { 'a.js': vi.fn() } }, { isMessaging: true });
    const exports = {};
    expect(onFile(exports, 'lib/a.js', source('one', '2.0.0'))).toBe(exports);
    expect(lines).toEqual([`warn: ${unknown}: it is left alone`, `left alone: ${unknown}`]);
  });

  it('was bundled with a plugin that offers less than is asked for', () => {
    const patch = vi.fn();
    const { onFile, lines } = installed({ files: { 'a.js': patch, 'b.js': patch } });
    onFile({}, 'lib/a.js', source('older', '1.2.3', { offers: ['a.js'] }));
    expect(patch).not.toHaveBeenCalled();
    expect(lines).toEqual([
      expect.stringMatching(/bundled with the plugin of another version.*; bundle the application anew$/),
    ]);
    onFile({}, 'lib/a.js', source('the same', '1.2.3', { offers: ['a.js', 'b.js'] }));
    expect(patch).toHaveBeenCalledTimes(1);
  });
});

describe('hooks', () => {
  it('of Node.js are put in place at once; without libraries there are no others', () => {
    vi.mocked(installRequireHook).mockClear();
    const { host, lines } = listener();
    const patch = vi.fn();
    expect(install([{ module: 'node:http', patch }], [], host)()).toEqual([]);
    expect(patch).toHaveBeenCalledWith(host);
    expect(installRequireHook).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  it('that cannot be installed are told of, one by one', () => {
    const { host, lines } = listener();
    const fails = (message: unknown) => () => {
      throw message;
    };
    vi.mocked(installRequireHook).mockImplementationOnce(fails('away'));
    install([{ module: 'node:http', patch: fails(new Error('changed')) }], [{ module: 'lib', load: vi.fn() }], host);
    expect(lines).toEqual([
      'counted: the hook of node:http',
      'not isolated: the hook of node:http cannot be installed: changed',
      'counted: the require hook',
      'not isolated: the require hook cannot be installed: away',
    ]);
    expect(Object.hasOwn(globalThis, Symbol.for(BUNDLE_HOOK))).toBe(true);
  });

  it('on ES modules are there for the libraries that need them', () => {
    installed({}, { esModule: true });
    expect(vi.mocked(installEsModuleHook).mock.calls.map(([modules]) => modules)).toEqual([['lib']]);
    installed({});
    expect(installEsModuleHook).not.toHaveBeenCalled();
  });

  it('that work tell of each file of a RocketMQ client', () => {
    const { onFile, lines } = installed({ files: { 'a.js': vi.fn() } }, { isMessaging: true });
    onFile({}, 'lib/a.js', source('one'));
    expect(lines.at(-1)).toBe('hooked: lib');
  });
});
