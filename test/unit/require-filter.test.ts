import { describe, expect, it, vi } from 'vitest';
import type { LibraryEntry } from '../../src/loader/instrumentation';
import { createRequireFilter } from '../../src/loader/require-filter';

const library = (module: string, ...files: string[]): LibraryEntry => ({
  module,
  load: () => ({ module, versions: '>=1.0.0 <2', files: Object.fromEntries(files.map(file => [file, () => {}])) }),
});
const LIBRARIES = [
  library('calls', 'lib/pool.js', 'lib/http/index.js'),
  library('@scope/calls.js', 'build/channel.cjs'),
  library('calls-too'),
];
const APP = '/srv/app/server.js';
const CALLS = '/srv/app/node_modules/calls/index.js';

describe('a require may be for a patched file', () => {
  const mayBePatched = createRequireFilter(LIBRARIES);

  it.each<[id: unknown, parent: string | undefined, boolean]>([
    ['calls', APP, true],
    ['calls', undefined, true],
    ['calls/lib/pool', APP, true],
    ['calls-too', APP, true],
    ['@scope/calls.js', APP, true],
    ['@scope/calls.js/build/channel.cjs', APP, true],
    ['./node_modules/calls/lib/pool.js', APP, true],
    ['..\\calls\\lib\\pool.js', APP, true],
    ['/opt/node_modules/calls', APP, true],
    ['#transport', APP, true],
    // The library within itself, and its copies anywhere.
    ['./lib/pool', CALLS, true],
    ['./lib/pool.js', CALLS, true],
    ['./lib/http', CALLS, true],
    ['./http/index.js', CALLS, true],
    ['/srv/app/node_modules/calls/lib/pool.js', CALLS, true],
    ['./pool', '/srv/app/node_modules/.pnpm/calls@1.0.0/node_modules/calls/lib/agent.js', true],
    ['.\\pool', 'C:\\app\\node_modules\\other\\node_modules\\calls\\lib\\agent.js', true],
    ['./channel', '/srv/app/node_modules/@scope/calls.js/build/client.cjs', true],
    ['./channel', 'C:\\app\\node_modules\\@scope\\calls.js\\build\\client.cjs', true],
    // Not a string: the error is that of whoever takes it.
    [undefined, APP, true],

    ['node:fs', APP, false],
    ['express', APP, false],
    ['phonecalls', APP, false],
    ['@other/callsign', APP, false],
    ['@scope/callsxjs', APP, false],
    ['./lib/pool', APP, false],
    ['../../apache/calls/v2', APP, false],
    ['/opt/calls/index.js', APP, false],
    ['./lib/agent', CALLS, false],
    ['./pool', '/srv/app/node_modules/calls/node_modules/other/index.js', false],
    ['./pool', '/srv/app/node_modules/phonecalls/index.js', false],
    ['./pool', '/srv/calls/index.js', false],
  ])('%j from %j: %j', (id, parent, expected) => {
    // Twice: the second answer comes from what it knows of the file.
    expect([mayBePatched(id, parent), mayBePatched(id, parent)]).toEqual([expected, expected]);
  });

  it('asks an instrumentation once, and not before its library requires something', () => {
    const load = vi.fn(LIBRARIES[0]?.load);
    const filter = createRequireFilter([{ module: 'calls', load: load as LibraryEntry['load'] }]);
    filter('calls', APP);
    filter('./x', APP);
    expect(load).not.toHaveBeenCalled();
    for (const parent of [CALLS, '/other/node_modules/calls/index.js']) filter('./x', parent);
    expect(load).toHaveBeenCalledTimes(1);
  });
});
