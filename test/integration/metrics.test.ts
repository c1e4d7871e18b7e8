/** Metrics by the application's own OpenTelemetry API, from the first version that has them on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/names/version';
import { PRELOAD, runJson } from './child';
import { createSandbox, type Sandbox } from './sandbox';

interface Result {
  readonly before: { readonly globals: boolean };
  readonly registered: boolean;
  readonly found: Readonly<Record<string, unknown>>;
  readonly again: Readonly<Record<string, unknown>>;
}

const RELEASES = [
  { api: '1.3.0', 'sdk-metrics': '1.8.0' },
  { api: '~1.9.0', 'sdk-metrics': '^2.0.0' },
];

describe.each(RELEASES)('API $api', release => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({
      dependencies: Object.fromEntries(
        Object.entries(release).map(([name, range]) => [`@opentelemetry/${name}`, range]),
      ),
      files: {
        'node_modules/nacos-naming/package.json': '{ "name": "nacos-naming", "version": "2.6.0" }',
        'node_modules/nacos-naming/index.js': 'require("./lib/naming/client.js");',
        'node_modules/nacos-naming/lib/naming/client.js': 'module.exports = class {};',
      },
    });
  });
  afterAll(() => sandbox?.remove());

  it.each(['early', 'late'])(
    'a provider that is registered %s gets all that was counted, and so does its successor',
    async when => {
      const { before, registered, found, again } = await runJson<Result>({
        cwd: sandbox.directory,
        env: { GRAY_TAG: 'gray' },
        args: [...PRELOAD, 'opentelemetry/metrics.cjs', when],
      });
      // Whatever the agent does with the API's globals, it is the application that makes them.
      expect({ before, registered }).toEqual({ before: { globals: true }, registered: true });
      const ours = (unit: string, ...points: readonly unknown[]) => ({ scope: 'rocketmq-gray', unit, points });
      const info = ours('{agent}', [1, { 'rocketmq_gray.environment': 'gray', 'rocketmq_gray.version': VERSION }]);
      const dropped = (count: number) => ours('{tag}', [count, { 'rocketmq_gray.carrier': 'x-mse-tag' }]);
      const hook = 'the hook of nacos-naming/lib/naming/client.js 2.6.0';
      const errors = ours('{error}', [1, { 'rocketmq_gray.hook': hook }]);
      const own = { 'own.calls': { scope: 'own', unit: '', points: [[7, {}]] } };
      expect(found).toMatchObject({
        ...own,
        'rocketmq_gray.agent.info': info,
        'rocketmq_gray.dropped.tags': dropped(1),
        'rocketmq_gray.hook.errors': errors,
      });
      expect(again).toMatchObject({
        ...own,
        'rocketmq_gray.agent.info': info,
        'rocketmq_gray.dropped.tags': dropped(2),
      });
    },
  );
});
