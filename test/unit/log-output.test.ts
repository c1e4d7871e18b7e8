import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIsolationFailure } from '../../src/agent/isolation-failure';
import { loadSettings } from '../../src/config/load';
import { createLog } from '../../src/log';
import { formatLine, lineOutput } from '../../src/log-output';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-log-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const read = (file: string) => readFileSync(file, 'utf8');

it('has the time, the process and no line breaks in each line', () => {
  const line = formatLine('warn: ', 'one\n  two\r\nthree');
  const [, time] = /^\[rocketmq-gray\] (\S+) (\d+) warn: one two three$/.exec(line) ?? [];
  expect(new Date(String(time)).toISOString()).toBe(time);
  expect(line.split(' ')[2]).toBe(String(process.pid));
});

it('appends to a file, and to its successor after a rotation', () => {
  const file = join(directory, 'gray.log');
  const write = lineOutput(file);
  write('one');
  write('two');
  renameSync(file, `${file}.1`);
  write('three');
  expect([read(`${file}.1`), read(file)]).toEqual(['one\ntwo\n', 'three\n']);
});

it('goes to standard error, with one warning, where there can be no file', () => {
  const outputs = { stderr: join(directory, 'err.log') };
  const write = lineOutput(join(directory, 'none', 'gray.log'), outputs);
  write('one');
  write('two');
  expect(read(outputs.stderr)).toMatch(/^\[rocketmq-gray\] \S+ \d+ warn: GRAY_LOG_TO=\S+: ENOENT.*\none\ntwo\n$/);
});

it.each(['stderr', 'stdout'] as const)("goes to a manager's file until the manager has replaced %s", name => {
  const file = join(directory, 'out.log');
  const write = lineOutput(name, { [name]: file });
  write('one');
  const stream = process[name];
  const before = stream.write;
  const replaced: string[] = [];
  stream.write = ((text: string) => replaced.push(text) > 0) as typeof before;
  try {
    write('two');
  } finally {
    stream.write = before;
  }
  expect([read(file), replaced]).toEqual(['one\n', ['two\n']]);
});

it('says warnings and errors once for each key, by the level', () => {
  const lines: string[] = [];
  const log = createLog('error', line => void lines.push(line.replace(/^\S+ \S+ \d+ /, '')));
  log.error('a');
  log.warn('b');
  log.warnOnce('k', 'c');
  log.errorOnce('k', 'd');
  log.errorOnce('k', 'e');
  expect(lines).toEqual(['error: a', 'error: d']);
});

it.each<[Record<string, string>, 'ends' | 'goes on', RegExp]>([
  [{}, 'goes on', /error: x; this process of the baseline goes on and is not kept apart$/],
  [
    { GRAY_TAG: 'gray', GRAY_ON_FAILURE: 'continue' },
    'goes on',
    /error: x; this canary of gray goes on and is not kept/,
  ],
  [{ GRAY_TAG: 'gray' }, 'ends', /error: x; this canary of gray cannot be kept apart and ends \(GRAY_ON_FAILURE=cont/],
  [
    { GRAY_TAG: 'gray', GRAY_LOG_LEVEL: 'silent' },
    'ends',
    /error: x; this canary of gray cannot be kept apart and ends/,
  ],
  [{ GRAY_ON_FAILURE: 'exit' }, 'ends', /error: x; this process of the baseline cannot be kept apart and ends/],
])('%j: a process that cannot be kept apart %s', (environment, what, line) => {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const { settings } = loadSettings(environment);
  const fail = createIsolationFailure(settings, createLog(settings.logLevel, write), write);
  const codes: unknown[] = [];
  const { exit } = process;
  process.exit = ((code: unknown) => void codes.push(code)) as typeof exit;
  try {
    fail('x');
  } finally {
    process.exit = exit;
  }
  expect({ codes, lines }).toEqual({ codes: what === 'ends' ? [1] : [], lines: [expect.stringMatching(line)] });
});
