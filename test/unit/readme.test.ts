import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIENTS } from '../../fixtures/rocketmq-clients/clients';
import { tables, withTable } from '../../scripts/document-tables';
import { instrumentations } from '../../scripts/sources';
import { VERSION } from '../../src/names/version';

const root = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What people read before they decide. */
const MOST_BYTES_OF_THE_README = 9 * 1024;

describe('tables that come from the code (npm run docs:tables writes them)', () => {
  it.each(tables())('$file has $name', ({ file, name, text }) => {
    expect(read(file)).toBe(withTable(read(file), name, text));
  });

  const libraries = instrumentations();

  it('every RocketMQ client is among the tested ones', () => {
    const tested = [...CLIENTS].map(({ module }) => module).sort();
    const hooked = libraries.filter(({ isMessaging }) => isMessaging).map(({ module }) => module);
    expect(hooked.sort()).toEqual(tested);
  });

  it.each(libraries)(
    'docs/supported-versions.md names $module with the range of its instrumentation',
    ({ module, versions }) => {
      const rows = read('docs/supported-versions.md').split('\n');
      expect(rows.find(line => line.startsWith(`| \`${module}\` |`))).toContain(`\`${versions}\``);
    },
  );
});

it('the README stays short', () => {
  expect(Buffer.byteLength(read('README.md'))).toBeLessThan(MOST_BYTES_OF_THE_README);
});

it('the version is that of the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(VERSION).toBe(version);
});
