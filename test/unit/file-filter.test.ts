import { describe, expect, it } from 'vitest';
import { createFileFilter } from '../../src/loader/file-filter';

describe('the library that a file belongs to', () => {
  const fileOf = createFileFilter([{ module: 'calls' }, { module: '@scope/calls.js' }, { module: 'calls-too' }]);

  it.each<[filename: unknown, expected?: [module: string, directory: string, path: string]]>([
    ['/srv/app/node_modules/calls/index.js', ['calls', '/srv/app/node_modules/calls', 'index.js']],
    ['/srv/app/node_modules/calls/lib/http/pool.js', ['calls', '/srv/app/node_modules/calls', 'lib/http/pool.js']],
    ['/srv/app/node_modules/calls-too/a.cjs', ['calls-too', '/srv/app/node_modules/calls-too', 'a.cjs']],
    ['/n/node_modules/@scope/calls.js/b/c.js', ['@scope/calls.js', '/n/node_modules/@scope/calls.js', 'b/c.js']],
    ['C:\\app\\node_modules\\calls\\lib\\pool.js', ['calls', 'C:\\app\\node_modules\\calls', 'lib/pool.js']],
    [
      'C:\\n\\node_modules\\@scope\\calls.js\\c.js',
      ['@scope/calls.js', 'C:\\n\\node_modules\\@scope\\calls.js', 'c.js'],
    ],
    // Copies anywhere, and of packages that have others within.
    [
      '/srv/node_modules/.pnpm/calls@1.0.0/node_modules/calls/pool.js',
      ['calls', '/srv/node_modules/.pnpm/calls@1.0.0/node_modules/calls', 'pool.js'],
    ],
    [
      '/srv/node_modules/other/node_modules/calls/pool.js',
      ['calls', '/srv/node_modules/other/node_modules/calls', 'pool.js'],
    ],

    ['/srv/app/server.js'],
    ['/srv/app/calls/index.js'],
    ['/srv/app/node_modules/phonecalls/index.js'],
    ['/srv/app/node_modules/@scope/callsxjs/index.js'],
    ['/srv/app/node_modules/@other/calls/index.js'],
    ['/srv/app/node_modules/calls/node_modules/other/index.js'],
    ['/srv/app/node_modules/calls/node_modules/@other/calls/index.js'],
    ['node:fs'],
    [undefined],
  ])('%j', (filename, expected) => {
    const found = fileOf(filename);
    expect(found && [found.library.module, found.directory, found.path]).toEqual(expected);
  });
});
