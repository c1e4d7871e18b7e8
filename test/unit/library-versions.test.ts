import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chosenVersions,
  compareVersions,
  formatReplacements,
  newestOfMajor,
  parseReplacements,
  replaced,
  widened,
} from '../../fixtures/library-versions/choice';
import { LIBRARY_TESTS } from '../../fixtures/library-versions/libraries';
import { parseOptions } from '../../fixtures/library-versions/options';
import { nameOf, type Results, resultsText, type TestReport, verdictOf } from '../../fixtures/library-versions/results';
import { instrumentations } from '../../scripts/sources';
import { inRange } from '../../src/loader/version-range';

const root = join(__dirname, '../..');

describe('the versions that are looked at', () => {
  it.each([
    ['the newest within and beyond', ['8.9.0', '8.10.0', '9.0.1', '9.0.0'], { within: '8.10.0', beyond: '9.0.1' }],
    ['nothing beyond', ['7.0.0', '8.1.0'], { within: '8.1.0' }],
    ['nothing but older ones', ['4.0.0'], { beyond: '4.0.0' }],
    ['a release before a pre-release of a later one', ['8.1.0', '8.2.0-rc.1'], { within: '8.1.0' }],
    ['a pre-release where there is no release', ['8.0.0-rc.2', '8.0.0-rc.10'], { within: '8.0.0-rc.10' }],
    ['a pre-release beyond', ['8.1.0', '9.0.0-alpha.1'], { within: '8.1.0', beyond: '9.0.0-alpha.1' }],
    ['none of older ones beyond', ['1.0.0', '8.1.0'], { within: '8.1.0' }],
  ] as const)('%s', (_name, published, expected) => {
    expect(chosenVersions(published, '>=5.0.0 <9')).toEqual(expected);
  });

  const version = fc
    .tuple(fc.nat(12), fc.nat(12), fc.nat(12), fc.option(fc.nat(12), { nil: undefined }))
    .map(([a, b, c, rc]) => `${a}.${b}.${c}${rc === undefined ? '' : `-rc.${rc}`}`);

  it('are compared in one order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('are in the range that is made wider for them, with all that was in it', () => {
    fc.assert(
      fc.property(version, version, (one, other) => {
        const range = '>=4.2.0 <9';
        expect(inRange(one, widened(range, one))).toBe(true);
        if (inRange(other, range)) expect(inRange(other, widened(range, one))).toBe(true);
      }),
    );
    expect(widened('>=5.0.0 <9', '9.1.0')).toBe('>=5.0.0 <10');
    expect(widened('>=5.0.0 <9', '4.16.0')).toBe('>=4.16.0 <9');
    expect(widened('>=5.0.0 <9', '8.1.0')).toBe('>=5.0.0 <9');
  });

  it('of packages that are released together are of one major', () => {
    expect(newestOfMajor(['11.1.0', '12.0.0', '12.1.0', '13.0.0'], '12')).toBe('12.1.0');
    expect(newestOfMajor(['11.1.0'], '12')).toBeUndefined();
  });
});

describe('what tests install', () => {
  it.each([
    [{ undici: '^8' }, { undici: '8.9.0' }],
    [
      { undici8: 'npm:undici@8', undici7: 'npm:undici@7' },
      { undici8: 'npm:undici@8.9.0', undici7: 'npm:undici@7' },
    ],
    [{ undici: '~8.1' }, { undici: '8.9.0' }],
    [{ undici: '8.1.0' }, { undici: '8.1.0' }],
    [
      { undici: '^80', other: '^8' },
      { undici: '^80', other: '^8' },
    ],
    [{ other: 'npm:undici@^8.1.0' }, { other: 'npm:undici@8.9.0' }],
  ])('%j', (named, expected) => {
    const replacements = [{ package: 'undici', line: '8', version: '8.9.0' }];
    const { dependencies, taken } = replaced(named, replacements);
    expect({ dependencies, taken }).toEqual({
      dependencies: expected,
      taken: JSON.stringify(named) === JSON.stringify(expected) ? [] : replacements,
    });
  });

  it('is told by TEST_LIBRARIES', () => {
    const text = 'undici@8=9.0.0,@grpc/grpc-js@1.14=2.0.0-rc.1';
    expect(formatReplacements(parseReplacements(text))).toBe(text);
    expect(parseReplacements('')).toEqual([]);
    expect(() => parseReplacements('undici')).toThrow(
      'TEST_LIBRARIES: expected <package>@<line>=<version>, not undici',
    );
  });
});

describe('the verdict', () => {
  const report = (passed: number, ...files: TestReport['testResults']): TestReport => ({
    numPassedTests: passed,
    testResults: files,
  });
  const test = (status: string, ...failureMessages: string[]) => ({ fullName: 'a test', status, failureMessages });
  it.each<[string, TestReport[], object]>([
    ['tests passed', [report(2), report(1)], { holds: true, tests: 3 }],
    ['no test ran', [report(0)], { holds: false, reason: 'no test ran' }],
    [
      'tests failed',
      [
        report(1, {
          status: 'failed',
          assertionResults: [test('failed', 'Error: gone\n  at x'), test('failed', 'y'), test('passed')],
        }),
      ],
      { holds: false, reason: 'a test: Error: gone (and 1 more)' },
    ],
    [
      'it could not be installed',
      [report(0, { status: 'failed', message: 'npm install a failed in b\nnpm error code X', assertionResults: [] })],
      { holds: false, reason: 'npm error code X' },
    ],
  ])('%s', (_name, reports, expected) => {
    expect(verdictOf('1.0.0', reports)).toEqual({ version: '1.0.0', ...expected });
  });

  it.each([
    [
      'Error: npm install a failed in b\nnpm error code ERESOLVE\nnpm error peer a@1 from b@2',
      'npm error peer a@1 from b@2',
    ],
    ['TypeError: it is not a function\n  at x', 'TypeError: it is not a function'],
    ['', 'failed'],
  ])('of a file whose preparation failed: %j', (output, reason) => {
    const reports = [report(0, { status: 'failed', message: '', assertionResults: [] })];
    expect(verdictOf('1.0.0', reports, output)).toEqual({ version: '1.0.0', holds: false, reason });
  });
});

describe('npm run versions', () => {
  it.each([
    [[], LIBRARY_TESTS.length, false],
    [['--keep'], LIBRARY_TESTS.length, true],
    [['undici', '@grpc/grpc-js@1.2.0'], 2, false],
  ])('%j', (args, count, keeps) => {
    expect(parseOptions(args)).toMatchObject({ keeps, libraries: { length: count } });
  });

  it.each([
    [['express'], "unknown library 'express'; usage: npm run versions"],
    [['--keep', 'undici@9.0.0'], '--keep is for the newest versions'],
    [['--all'], "Unknown option '--all'"],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('looks at every library that is hooked, with tests that are there', () => {
    const hooked = instrumentations().map(({ module }) => module);
    const known = LIBRARY_TESTS.map(nameOf);
    expect(hooked.filter(module => !known.includes(module))).toEqual([]);
    const files = LIBRARY_TESTS.flatMap(({ tests }) => tests.flatMap(({ files }) => files));
    expect(files.filter(file => !existsSync(join(root, file)))).toEqual([]);
  });

  it('prints a table, and why something does not hold', () => {
    const results: Results = {
      undici: {
        range: '>=5.0.0 <9',
        within: { version: '8.1.0', holds: true, tests: 7 },
        beyond: { version: '9.0.0', holds: false, reason: 'no Dispatcher' },
        date: '2026-01-01',
      },
      nacos: { range: '>=2.0.0 <3', within: { version: '2.1.0', holds: true, tests: 2 }, date: '2026-01-01' },
    };
    const plain = (text: string) => text;
    expect(resultsText(results, { green: plain, red: plain, dim: plain }).split('\n')).toEqual([
      'library  range       newest within  newest beyond',
      'undici   >=5.0.0 <9  8.1.0 holds    9.0.0 FAILS',
      'nacos    >=2.0.0 <3  2.1.0 holds    none published',
      '',
      'undici 9.0.0: no Dispatcher',
    ]);
  });
});

describe('what is kept of the last look (npm run versions -- --keep)', () => {
  const results = JSON.parse(
    readFileSync(join(root, 'fixtures', 'library-versions', 'results.json'), 'utf8'),
  ) as Results;

  const ranges = Object.fromEntries(instrumentations().map(({ module, versions }) => [module, versions]));
  for (const { versions, ...library } of LIBRARY_TESTS) ranges[nameOf(library)] ??= versions ?? '';

  it.each(Object.entries(results))('%s holds in the range that it has now', (name, result) => {
    expect(result).toMatchObject({ range: ranges[name], within: { holds: true } });
  });
});
