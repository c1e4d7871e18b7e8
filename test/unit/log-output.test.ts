import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIsolationFailure } from '../../src/agent/isolation-failure';
import { loadSettings } from '../../src/config/load';
import { line as lineOf } from '../../src/lines/line';
import { createLog } from '../../src/log';
import { formatLine, lineOutput } from '../../src/log-output';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-log-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const REST = { words: (text: string) => text, meaning: 'x', remedy: 'x' };
const read = (file: string) => readFileSync(file, 'utf8');

it('has the time, the process, a code and no line breaks in each line', () => {
  const text = formatLine({ code: 'GRAY-123', level: 'warn' }, 'one\n  two\r\nthree');
  const [, time] = /^\[rocketmq-gray\] (\S+) (\d+) GRAY-123 warn: one two three$/.exec(text) ?? [];
  expect(new Date(String(time)).toISOString()).toBe(time);
  expect(text.split(' ')[2]).toBe(String(process.pid));
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
  expect(read(outputs.stderr)).toMatch(
    /^\[rocketmq-gray\] \S+ \d+ GRAY-109 warn: GRAY_LOG_TO=\S+: ENOENT.*\none\ntwo\n$/,
  );
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

it('says what the level allows, and some lines once', () => {
  const first = (text: string) => text.slice(0, 1);
  const each = lineOf('GRAY-001', 'error', REST);
  const kinds = ['process', 'text', first] as const;
  const [ofProcess, ofText, ofKey] = kinds.map((once, index) =>
    lineOf(`GRAY-${10 + index}`, 'error', { ...REST, once }),
  );
  const lines: string[] = [];
  const log = createLog('error', text => void lines.push(text.replace(/^\S+ \S+ \d+ /, '')));
  for (const text of ['ab', 'ac', 'ab']) {
    log.say(lineOf('GRAY-002', 'warn', REST), text);
    for (const given of [each, ofProcess, ofText, ofKey]) log.say(given as typeof each, text);
  }
  const all = lines.map(text => text.replace('GRAY-', '').replace('error: ', ''));
  expect(all).toEqual(['001 ab', '10 ab', '11 ab', '12 ab', '001 ac', '11 ac', '001 ab']);
});

it('makes no words of a line that is not said', () => {
  const words = () => {
    throw new Error('made');
  };
  const log = createLog('warn', () => {});
  log.say(lineOf('GRAY-003', 'debug', { ...REST, words }), undefined);
  expect([log.isDebug, createLog('debug', () => {}).isDebug]).toEqual([false, true]);
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
    fail(lineOf('GRAY-004', 'error', REST), 'x');
  } finally {
    process.exit = exit;
  }
  expect({ codes, lines }).toEqual({ codes: what === 'ends' ? [1] : [], lines: [expect.stringMatching(line)] });
});
