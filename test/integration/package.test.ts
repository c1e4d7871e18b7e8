/** What people get: the files of the packed package, and what a copy of them does. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { agentLines } from './agent-lines';
import { runJson, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

const MEGABYTE = 1_000_000;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox?.remove());

describe('the packed package', () => {
  it('has bundles, types and what people read', () => {
    const files = readdirSync(sandbox.agentDirectory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath ?? entry.path, entry.name).slice(sandbox.agentDirectory.length + 1))
      .filter(file => !file.startsWith('node_modules'));
    const ours = files.filter(file => !file.startsWith('docs'));
    expect(ours.sort()).toEqual([
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'deploy/kubernetes/component/kustomization.yaml',
      'deploy/kubernetes/component/replacements.yaml',
      'deploy/kubernetes/component/values.yaml',
      'deploy/kubernetes/kyverno.yaml',
      'deploy/kubernetes/mutating-admission-policy.v1beta1.yaml',
      'deploy/kubernetes/mutating-admission-policy.yaml',
      'dist/bundler/esbuild.d.ts',
      'dist/bundler/esbuild.js',
      'dist/bundler/webpack-loader.js',
      'dist/bundler/webpack.d.ts',
      'dist/bundler/webpack.js',
      'dist/cli.js',
      'dist/consuming.js',
      'dist/index.d.mts',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/index.mjs',
      'dist/messaging.js',
      'dist/nacos-question.js',
      'dist/page.html',
      'dist/public-functions.d.ts',
      'dist/public-functions.js',
      'dist/start.js',
      'dist/third-party-licenses.txt',
      'fixtures/apache-rocketmq/build.sh',
      'fixtures/apache-rocketmq/consumer-async.patch',
      'fixtures/apache-rocketmq/message-properties.patch',
      'fixtures/apache-rocketmq/node20.patch',
      'fixtures/apache-rocketmq/transport-race.patch',
      'package.json',
      'register/index.d.ts',
      'register/index.js',
      'register/not-started.d.ts',
      'register/not-started.js',
    ]);
    const docs = files.filter(file => file.startsWith('docs'));
    // The dashboard is imported by people.
    expect(docs.filter(file => file.endsWith('.json'))).toEqual(['docs/grafana-dashboard.json']);
    expect(docs.length).toBeGreaterThan(10);
  });

  it('brings its dependencies, each that it declares, and is small', () => {
    const manifest = JSON.parse(readFileSync(join(sandbox.agentDirectory, 'package.json'), 'utf8'));
    expect(Object.keys(manifest.dependencies)).toEqual(manifest.bundleDependencies);
    const own = createRequire(join(sandbox.agentDirectory, 'package.json'));
    for (const name of manifest.bundleDependencies)
      expect(own.resolve(name)).toContain(join(sandbox.agentDirectory, 'node_modules', name));
    expect(statSync(inject('tarball')).size).toBeLessThan(MEGABYTE);
  });

  it('has types that TypeScript finds', async () => {
    sandbox.write(
      'types.cts',
      "import { activeTag } from 'rocketmq-gray'; export const tag: string | undefined = activeTag();",
    );
    sandbox.write(
      'types.mts',
      "import { runWithTag } from 'rocketmq-gray'; export const one: number = runWithTag('a', () => 1);",
    );
    sandbox.write(
      'plugin.cts',
      "import { RocketmqGrayPlugin } from 'rocketmq-gray/webpack'; new RocketmqGrayPlugin();",
    );
    const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'node16'];
    await runOk({ cwd: sandbox.directory, args: [tsc, ...options, 'types.cts', 'types.mts', 'plugin.cts'] });
  });
});

describeOnEachNode('a copy of the package beside a service that does not have it', node => {
  let elsewhere: string;
  beforeAll(() => {
    elsewhere = mkdtempSync(join(tmpdir(), 'rocketmq-gray-copy-'));
    cpSync(sandbox.agentDirectory, join(elsewhere, 'agent'), { recursive: true });
    writeFileSync(join(elsewhere, 'app.mjs'), "import 'node:http'; console.log(JSON.stringify({ runs: true }));");
  });
  afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

  it('starts', async () => {
    const args = ['--require', join(elsewhere, 'agent/register'), 'app.mjs'];
    const options = { node, cwd: elsewhere, env: { GRAY_TAG: 'gray' }, args };
    expect(await runJson(options)).toEqual({ runs: true });
    expect(agentLines((await runOk(options)).stderr)).toEqual([expect.stringMatching(/^tag gray, version /)]);
  });
});
