import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIENTS } from '../../fixtures/rocketmq-clients/clients';
import {
  attributesTable,
  clientsTable,
  linesTables,
  metricsTable,
  settingsTable,
  withTable,
} from '../../scripts/document-tables';
import { instrumentations } from '../../scripts/sources';
import { SETTINGS } from '../../src/config/settings';
import { CATALOGUE, template } from '../../src/lines/catalogue';
import { ATTRIBUTES, METRICS } from '../../src/metrics/metrics';
import { VERSION } from '../../src/names/version';

const root = join(__dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('has the table of settings (npm run docs:tables writes it)', () => {
    expect(readme).toBe(withTable(readme, 'settings', settingsTable(SETTINGS)));
  });

  it('leaves the table of metrics to docs/metrics.md (npm run docs:tables writes it)', () => {
    const document = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8');
    const withMetrics = withTable(document, 'metrics', metricsTable(METRICS));
    expect(document).toBe(withTable(withMetrics, 'attributes', attributesTable(ATTRIBUTES)));
  });

  it('leaves the tables of lines to docs/operations.md (npm run docs:tables writes them)', () => {
    const document = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
    expect(document).toBe(withTable(document, 'lines', linesTables(CATALOGUE, template)));
  });

  const libraries = instrumentations();

  it('has the table of RocketMQ clients (npm run docs:tables writes it)', () => {
    expect(readme).toBe(withTable(readme, 'rocketmq-clients', clientsTable(CLIENTS, libraries)));
    const tested = [...CLIENTS].map(({ module }) => module).sort();
    expect(
      libraries
        .filter(({ isMessaging }) => isMessaging)
        .map(({ module }) => module)
        .sort(),
    ).toEqual(tested);
  });

  it.each(libraries)('names $module with the range of its instrumentation', ({ module, versions }) => {
    const row = readme.split('\n').find(line => line.startsWith(`| \`${module}\` |`));
    expect(row).toContain(`\`${versions}\``);
  });
});

it('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});
