import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attributesTable, metricsTable, settingsTable, withTable } from '../../scripts/document-tables';
import { SETTINGS } from '../../src/config/settings';
import { LIBRARIES } from '../../src/instrumentations';
import { aliOns, rocketmq } from '../../src/instrumentations/ali-ons';
import { apacheDubboConsumer } from '../../src/instrumentations/apache-dubbo-consumer';
import { apacheDubboService } from '../../src/instrumentations/apache-dubbo-service';
import { apacheRocketmq } from '../../src/instrumentations/apache-rocketmq';
import { grpcJs } from '../../src/instrumentations/grpc-js';
import { nacosNaming } from '../../src/instrumentations/nacos-naming';
import { next } from '../../src/instrumentations/next';
import { rocketmqClientNodejs } from '../../src/instrumentations/rocketmq-client-nodejs';
import { undici } from '../../src/instrumentations/undici';
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

  const instrumentations = [
    undici,
    next,
    grpcJs,
    nacosNaming,
    apacheDubboConsumer,
    apacheDubboService,
    rocketmqClientNodejs,
    aliOns,
    rocketmq,
    apacheRocketmq,
  ];

  it('names every library', () => {
    expect(instrumentations.map(({ module }) => module)).toEqual(LIBRARIES.map(({ module }) => module));
  });

  it.each(instrumentations)('names $module with the range of its instrumentation', ({ module, versions }) => {
    const row = readme.split('\n').find(line => line.startsWith(`| \`${module}\` |`));
    expect(row).toContain(`\`${versions}\``);
  });
});

it('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});
