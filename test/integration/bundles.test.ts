/** Libraries within bundles that were made with the plugins for esbuild and webpack. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LIBRARIES } from '../../src/instrumentations';
import type { ProcessReport } from '../../src/process-status/process-report';
import { agentLines } from './agent-lines';
import { BUNDLERS, bundle } from './bundling';
import { PRELOAD, run, runJson, runOk, start } from './child';
import { describeOnEachNode } from './each-node';
import { expectOneMergedHeader } from './outbound-calls';
import { createSandbox, type Sandbox } from './sandbox';
import { expectPropagated, type SeenCall } from './seen-calls';
import { placeUndici, undiciDependencies } from './undici-versions';

type Bundler = 'esbuild' | 'webpack';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: {
      ...BUNDLERS,
      ...undiciDependencies([5, 6, 7]),
      'renamed-undici': 'npm:undici@^6',
      grpc: 'npm:@grpc/grpc-js@^1.14.7',
      'old-grpc': 'npm:@grpc/grpc-js@1.0.0',
      undici: '^7',
      '@grpc/grpc-js': '^1.14.7',
      nacos: '^2.6.3',
      'apache-dubbo-consumer': '^4.0.0',
      'apache-dubbo-service': '^0.0.1',
      // What apache-dubbo-service uses and does not name.
      debug: '^4.4.3',
      'koa-compose': '^4.1.0',
      'rocketmq-client-nodejs': '^1.0.8',
      'ali-ons': '^3.12.0',
      rocketmq: '^2.0.1',
    },
  });
  placeUndici(sandbox, [5, 6, 7]);
  for (const name of ['grpc', 'old-grpc']) sandbox.unalias(name, `copies/${name}`, '@grpc/grpc-js');
});
afterAll(() => sandbox?.remove());

/**
 * Bundles a library by itself, by esbuild minified, to where an application in `directory` finds it by its name: a file, not a package,
 * so that nobody can see it being required.
 */
async function bundledLibrary(bundler: Bundler, from: string, name: string): Promise<string> {
  const directory = `${bundler}/${from}`;
  const entry = `${from}/${bundler}.cjs`;
  sandbox.write(entry, `module.exports = require('${name}');`);
  await bundle(sandbox, {
    bundler,
    entry,
    outfile: `${directory}/node_modules/${name}.js`,
    isMinified: bundler === 'esbuild',
  });
  return directory;
}

// webpack takes its time, and its minifier more: the newest of each library is enough to show what they do to one.
const UNDICI: readonly [Bundler, number][] = [
  ['esbuild', 5],
  ['esbuild', 6],
  ['esbuild', 7],
  ['webpack', 7],
];
const GRPC: readonly [Bundler, string][] = [
  ['esbuild', 'grpc'],
  ['esbuild', 'old-grpc'],
  ['webpack', 'grpc'],
];
describe('a library in a bundle works as on disk', { timeout: 120_000 }, () => {
  it.each(UNDICI)('%s, undici %i', async (bundler, major) => {
    const client = await bundledLibrary(bundler, `v${major}`, 'undici');
    // Applications look there for the version.
    sandbox.write(`${client}/node_modules/undici/package.json`, JSON.stringify({ version: `${major}.0.0` }));
    await expectOneMergedHeader(sandbox, client, { bareClient: `v${major}` });
    const queues = await runJson({ cwd: sandbox.directory, args: [...PRELOAD, 'http/queues.cjs', client] });
    expect(queues).toEqual({ count: expect.toSatisfy((count: number) => count >= 72), wrong: [] });
  });

  it.each(GRPC)('%s, @grpc/grpc-js (%s)', async (bundler, copy) => {
    const client = await bundledLibrary(bundler, `copies/${copy}`, '@grpc/grpc-js');
    const script = ['grpc/calls.cjs', client, '210', ...(copy === 'grpc' ? [] : ['without-retries'])];
    const { results } = await runJson<{ results: SeenCall[] }>({
      cwd: sandbox.directory,
      args: [...PRELOAD, ...script],
    });
    expect(results.find(({ error }) => error !== undefined)).toBeUndefined();
    expect(expectPropagated(results, { agent: true })).toContain('unary');
  });
});

describe('every hook of every library is in place in a bundle as on disk', { timeout: 120_000 }, () => {
  let sockets = 0;
  const inPlace = async (script: string) => {
    const socket = `libraries-${sockets++}.sock`;
    const env = { GRAY_STATUS: socket };
    const child = start({ cwd: sandbox.directory, env, args: [...PRELOAD, script] });
    await child.waitFor('loaded');
    await vi.waitUntil(() => existsSync(sandbox.path(socket)), { timeout: 10_000 });
    const cli = join(sandbox.agentDirectory, 'dist', 'cli.js');
    const args = [cli, 'status', sandbox.path(socket), '--json'];
    const { libraries } = await runJson<ProcessReport>({ cwd: sandbox.directory, args });
    await child.stop('SIGKILL');
    return libraries
      .map(({ directory, patched, ...copy }) => ({ ...copy, patched: [...patched].sort() }))
      .sort((one, other) => (one.module < other.module ? -1 : 1));
  };

  it.each<Bundler>(['esbuild', 'webpack'])('%s', async bundler => {
    const outfile = `dist/${bundler}/libraries.js`;
    await bundle(sandbox, { bundler, entry: 'bundles/libraries.cjs', outfile, isMinified: bundler === 'esbuild' });
    const [onDisk, bundled] = await Promise.all([inPlace('bundles/libraries.cjs'), inPlace(outfile)]);
    expect(bundled).toEqual(onDisk);
    for (const copy of bundled) expect(copy).toMatchObject({ isKnown: true, failed: [] });
    // A native addon stays outside of any bundle; Next.js makes bundles, and is in none.
    const outside = ['apache-rocketmq', 'next'];
    const expected = LIBRARIES.map(({ module }) => module).filter(module => !outside.includes(module));
    expect(bundled.map(({ module }) => module)).toEqual(expected.sort());
  });
});

const GRAY = { GRAY_TAG: 'gray' };
/** What `bundles/copies.cjs` prints with the agent, and without it. */
const SEEN = {
  sent: [['gray_tag=gray'], ['gray_tag=gray'], ['gray_tag=gray']],
  named: ['blue', ['gray_tag=blue']],
};
const NOT_SEEN = { sent: [[], [], []], named: [null, []] };

describe('copies of a library, whatever it is installed as', () => {
  const KINDS = {
    'esbuild 0.17': { bundler: 'esbuild17', outfile: 'out/copies-17.cjs' },
    'esbuild, an ES module': { bundler: 'esbuild', outfile: 'out/copies.mjs', format: 'esm' },
    webpack: { bundler: 'webpack', outfile: 'out/copies-webpack.cjs' },
  } as const;
  beforeAll(async () => {
    for (const kind of Object.values(KINDS)) await bundle(sandbox, { ...kind, entry: 'bundles/copies.cjs' });
  });

  it.each(Object.values(KINDS))('$outfile has nothing of the agent in it', ({ outfile }) => {
    // What every part of it that hooks anything loads.
    expect(readFileSync(sandbox.path(outfile), 'utf8')).not.toContain('in-the-middle');
  });

  describeOnEachNode('are seen each', node => {
    it.each(Object.entries(KINDS))('%s', async (_name, { outfile }) => {
      const app = { node, cwd: sandbox.directory };
      expect(await runJson({ ...app, env: GRAY, args: [...PRELOAD, outfile] })).toEqual(SEEN);
      const disabled = { ...GRAY, GRAY_ENABLED: 'false' };
      expect(await runJson({ ...app, env: disabled, args: [...PRELOAD, outfile] })).toEqual(NOT_SEEN);
      expect(await runJson({ ...app, args: [outfile] })).toEqual(NOT_SEEN);
    });
  });
});

it('the plugins are typed, for CommonJS and ES modules', async () => {
  const use = `
    import type { BuildOptions } from 'esbuild';
    import type { Configuration } from 'webpack';
    import { rocketmqGray } from 'rocketmq-gray/esbuild';
    import { RocketmqGrayPlugin } from 'rocketmq-gray/webpack';
    export const options: BuildOptions = { plugins: [rocketmqGray()] };
    export const configuration: Configuration = { plugins: [new RocketmqGrayPlugin()] };`;
  sandbox.write('typed/required.cts', use);
  sandbox.write('typed/imported.mts', use);
  const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
  const options = ['--module', 'node16', '--strict', '--noEmit', '--skipLibCheck'];
  const args = [tsc, ...options, 'typed/required.cts', 'typed/imported.mts'];
  expect((await run({ cwd: sandbox.directory, args, timeout: 60_000 })).stdout).toBe('');
}, 60_000);

describe('what is not as it should be', () => {
  const warnings = (stderr: string) => agentLines(stderr).filter(line => line.startsWith('warn:'));

  it.each(['commonjs', 'module'])('an unknown version (%s) is left alone, with one warning', async type => {
    const directory = `fakes/${type}/node_modules/undici`;
    const isModule = type === 'module';
    const text = isModule ? "export default 'as it was';" : "module.exports = 'as it was';";
    sandbox.write(
      `${directory}/package.json`,
      JSON.stringify({ name: 'undici', version: '99.0.0', main: 'new.js', type }),
    );
    sandbox.write(`${directory}/new.js`, text);
    // One of those that are patched in other versions.
    sandbox.write(`${directory}/lib/pool.js`, text);
    const entry = `fakes/${type}/app.mjs`;
    sandbox.write(entry, "import u from 'undici'; import p from 'undici/lib/pool.js'; console.log(u, p);");
    for (const bundler of ['esbuild', 'webpack'] as const) {
      const outfile = `out/unknown-${type}-${bundler}.cjs`;
      await bundle(sandbox, { bundler, entry, outfile });
      const app = { cwd: sandbox.directory, env: GRAY };
      const { stdout, stderr } = await runOk({ ...app, args: [...PRELOAD, outfile] });
      expect(stdout).toBe('as it was as it was\n');
      expect(warnings(stderr)).toEqual([expect.stringContaining('undici 99.0.0 is not a version this agent knows')]);
    }
  });

  it.each<Bundler>(['esbuild', 'webpack'])(
    'a consumer of an unknown version of a client (%s) ends a canary',
    async bundler => {
      const directory = `fakes/${bundler}/node_modules/rocketmq-client-nodejs`;
      const main = 'entirely/new.js';
      sandbox.write(
        `${directory}/package.json`,
        JSON.stringify({ name: 'rocketmq-client-nodejs', version: '2.0.0', main }),
      );
      sandbox.write(`${directory}/${main}`, 'exports.PushConsumer = class PushConsumer {};');
      const entry = `fakes/${bundler}/app.cjs`;
      sandbox.write(
        entry,
        "const { PushConsumer } = require('rocketmq-client-nodejs'); console.log('begins'); new PushConsumer(); console.log('consumes');",
      );
      const outfile = `out/unknown-client-${bundler}.cjs`;
      await bundle(sandbox, { bundler, entry, outfile, isMinified: true });
      const app = { cwd: sandbox.directory, args: [...PRELOAD, outfile] };
      const canary = await run({ ...app, env: GRAY });
      expect(canary).toMatchObject({ code: 1, stdout: 'begins\n' });
      expect(agentLines(canary.stderr).at(-1)).toMatch(/^error: a consumer of rocketmq-client-nodejs 2\.0\.0 is made/);
      expect(await run(app)).toMatchObject({ code: 0, stdout: 'begins\nconsumes\n' });
    },
  );

  it('a client in a bundle that does not offer what the agent hooks ends a canary, too', async () => {
    const entry = 'bundles/consumer.cjs';
    sandbox.write(
      entry,
      `const { PushConsumer } = require('rocketmq-client-nodejs');
      const options = { endpoints: '127.0.0.1:1', consumerGroup: 'group1', subscriptions: new Map([['T', '*']]) };
      new PushConsumer({ ...options, messageListener: { consume() {} } });
      console.log('consumes');
      process.exit();`,
    );
    const outfile = 'dist/older/consumer.cjs';
    const text = readFileSync(await bundle(sandbox, { bundler: 'esbuild', entry, outfile }), 'utf8');
    const older = text.replaceAll('"dist/util/index.js", ', '');
    expect(older).not.toBe(text);
    const app = { cwd: sandbox.directory, args: [...PRELOAD, outfile], env: GRAY };
    expect(await run(app)).toMatchObject({ code: 0, stdout: 'consumes\n' });
    sandbox.write(outfile, older);
    const canary = await run(app);
    expect(canary).toMatchObject({ code: 1, stdout: '' });
    expect(agentLines(canary.stderr)).toEqual([
      expect.stringMatching(/^tag gray/),
      expect.stringMatching(/^warn: rocketmq-client-nodejs 1\S* was bundled with the plugin of another version/),
      expect.stringMatching(/^error: a consumer of rocketmq-client-nodejs 1\S* is made, which the agent leaves alone/),
    ]);
  });

  it('a bundle that does not offer what the agent hooks is left alone, with one warning', async () => {
    const file = await bundle(sandbox, { bundler: 'esbuild', entry: 'bundles/copies.cjs', outfile: 'out/older.cjs' });
    const text = readFileSync(file, 'utf8');
    const older = text.replaceAll('"lib/core/symbols.js"]', ']');
    expect(older).not.toBe(text);
    sandbox.write('out/older.cjs', older);
    const app = { cwd: sandbox.directory, env: { ...GRAY, GRAY_LOG_LEVEL: 'debug' } };
    const { stdout, stderr } = await runOk({ ...app, args: [...PRELOAD, 'out/older.cjs'] });
    // Another copy may still send what this one is asked for, with its tag.
    expect(Object.keys(JSON.parse(stdout))).toEqual(Object.keys(SEEN));
    expect(stderr).not.toContain('is instrumented');
    // Once for each version.
    expect(warnings(stderr)).toEqual([
      expect.stringMatching(/undici 5\S* was bundled with the plugin of another version of rocketmq-gray/),
      expect.stringMatching(/undici 6\S* was bundled with the plugin of another version of rocketmq-gray/),
    ]);
  });

  it('another plugin that loads a file of a library first ends the build', async () => {
    const options = { bundler: 'esbuild', entry: 'bundles/copies.cjs', outfile: 'out/other.cjs' } as const;
    await expect(bundle(sandbox, { ...options, hasOtherFirst: true })).rejects.toThrow(
      /another plugin loaded \S*pool\.js.* put rocketmqGray\(\) before the other plugins/,
    );
  });
});
