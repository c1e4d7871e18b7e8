import { cpSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutTimes } from './agent-lines';
import { type ChildOptions, PRELOAD, run, runJson, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    // The newest undici that runs on every version of Node.js, and an older one.
    dependencies: { undici: '^6', undici5: 'npm:undici@^5', 'rocketmq-client-nodejs': '^1.0.8', debug: '^4.4.3' },
  });
  sandbox.unalias('undici5', 'older', 'undici');
  // Another installation of our package, with what it depends upon.
  cpSync(sandbox.agentDirectory, sandbox.path('older/node_modules/rocketmq-gray'), { recursive: true });
});
afterAll(() => sandbox?.remove());

const GRAY = { GRAY_TAG: 'gray' };
/** What the probe says where the agent works. */
const WORKING = {
  http: ['gray_tag=gray'],
  fetch: ['gray_tag=gray'],
  undici: ['gray_tag=gray'],
  within: ['blue', 'gray_tag=blue'],
  outside: null,
  isConsumer: true,
};
const START = /^\[rocketmq-gray\] tag gray, version \S+$/gm;
const CONSUMER = /^\[rocketmq-gray\] orders -> orders_gray, TEST_MQ: .*gray_tag = 'gray'.*$/gm;

async function probe(options: Omit<ChildOptions, 'cwd'>) {
  const { stdout, stderr: output } = await runOk({ cwd: sandbox.directory, ...options });
  const stderr = withoutTimes(output);
  return {
    result: JSON.parse(stdout),
    started: stderr.match(START)?.length ?? 0,
    consumers: stderr.match(CONSUMER)?.length ?? 0,
    other: stderr.replace(START, '').replace(CONSUMER, '').replace(/\n+/g, ''),
  };
}
const working = (processes = 1) => ({ result: WORKING, started: processes, consumers: processes, other: '' });

describeOnEachNode('the agent works', node => {
  it('in CommonJS and ES modules, by --require, NODE_OPTIONS, an absolute path, or several of them', async () => {
    const [commonjs, module] = ['loading/commonjs.cjs', 'loading/module.mjs'];
    const NODE_OPTIONS = PRELOAD.join(' ');
    const absolute = sandbox.path('node_modules/rocketmq-gray/register');
    const ways: Omit<ChildOptions, 'cwd'>[] = [
      { env: GRAY, args: [...PRELOAD, commonjs] },
      { env: GRAY, args: [...PRELOAD, module] },
      { env: { ...GRAY, NODE_OPTIONS }, args: [commonjs] },
      { env: { ...GRAY, NODE_OPTIONS }, args: [...PRELOAD, module] },
      { env: GRAY, args: ['--require', absolute, module] },
      // Two installations, both preloaded.
      {
        env: GRAY,
        args: ['--require', sandbox.path('older/node_modules/rocketmq-gray/register'), ...PRELOAD, commonjs],
      },
    ];
    const results = [];
    for (const way of ways) results.push(await probe({ node, ...way }));
    expect(results).toEqual(ways.map(() => working()));
  });

  it('in worker threads, forked and clustered processes, and with NODE_OPTIONS in any', async () => {
    const script = 'loading/processes.cjs';
    const byOption = await probe({ node, env: GRAY, args: [...PRELOAD, script] });
    expect(byOption).toEqual({
      result: { worker: WORKING, fork: WORKING, cluster: WORKING },
      // Threads say nothing at start; their consumers do.
      started: 3,
      consumers: 3,
      other: '',
    });
    const NODE_OPTIONS = PRELOAD.join(' ');
    const byEnvironment = await probe({ node, env: { ...GRAY, NODE_OPTIONS }, args: [script] });
    expect(byEnvironment).toEqual({
      result: {
        worker: WORKING,
        fork: WORKING,
        cluster: WORKING,
        'worker without options': WORKING,
        spawn: WORKING,
      },
      started: 4,
      consumers: 5,
      other: '',
    });
  });

  it('in each copy of a library once, and for each copy of our package', async () => {
    const expected = {
      required: ['gray_tag=gray'],
      imported: ['gray_tag=gray'],
      tagged: ['blue', 'gray_tag=blue'],
      fetched: ['gray_tag=gray'],
    };
    const { result } = await probe({ node, env: GRAY, args: [...PRELOAD, 'loading/copies.cjs', '.', 'older'] });
    expect(result).toEqual({ '.': expected, older: expected });
  });
});

describeOnEachNode('the preload', node => {
  const app = () => ({ node, cwd: sandbox.directory });

  it('loads no library that it instruments, and no module of Node.js that costs much', async () => {
    interface Loaded {
      readonly builtins: string[];
      readonly packages: string[];
    }
    const [bare, agent] = await Promise.all([
      runJson<Loaded>({ ...app(), args: ['loading/loaded.cjs'] }),
      runJson<Loaded>({ ...app(), env: GRAY, args: [...PRELOAD, 'loading/loaded.cjs'] }),
    ]);
    const more = agent.builtins.filter(name => !bare.builtins.includes(name));
    expect(more.filter(name => /undici|^https$|tls|crypto|http2|inspector|worker\/clone/.test(name))).toEqual([]);
    expect(agent.packages).toContain('rocketmq-gray');
    const allowed = ['app', 'rocketmq-gray', 'require-in-the-middle', 'module-details-from-path'];
    expect(agent.packages.filter(name => !allowed.includes(name))).toEqual([]);
  });

  it('leaves the packages that its own use to the application', async () => {
    // require-in-the-middle uses debug, which the preload does without; the application's is the real one.
    const script = `const debug = require('debug'); console.log(JSON.stringify([typeof debug.enable, debug.enabled('x')]));`;
    const options = { node, cwd: sandbox.directory, args: [...PRELOAD, '--eval', script] };
    expect(await runJson(options)).toEqual(['function', false]);
    const { stdout, stderr } = await runOk({ ...options, env: { DEBUG: 'x,require-in-the-middle' } });
    expect(JSON.parse(stdout)).toEqual(['function', true]);
    expect(stderr).toContain('registering require hook');
  });

  it('leaves no trace on the functions that it replaces', async () => {
    const [bare, agent] = await Promise.all([
      runJson({ ...app(), args: ['loading/wrapped.cjs'] }),
      runJson({ ...app(), env: GRAY, args: [...PRELOAD, 'loading/wrapped.cjs'] }),
    ]);
    expect(agent).toEqual(bare);
  });
});

describe('packages that are not what they seem to be', () => {
  const fake = (version: unknown, file: string, text: string, main = `module.exports = require('./${file}');`) => ({
    'package.json': JSON.stringify({ name: 'x', version, main: 'index.js' }),
    'index.js': main,
    [file]: text,
  });
  const install = (directory: string, name: string, files: Record<string, string>) => {
    for (const [file, text] of Object.entries(files)) sandbox.write(`${directory}/node_modules/${name}/${file}`, text);
  };
  const load = (name: string, ...directories: string[]) =>
    run({ cwd: sandbox.directory, env: GRAY, args: [...PRELOAD, 'loading/fakes.cjs', name, ...directories] });
  const warnings = (stderr: string) => stderr.split('\n').filter(line => line.includes('warn:'));

  it.each([
    ['no function to wrap', 'module.exports = class DispatcherBase {};'],
    ['a prototype that throws', "module.exports = { get prototype() { throw new Error('trap'); } };"],
    ['a frozen prototype', 'class Base { dispatch() {} } Object.freeze(Base.prototype); module.exports = Base;'],
    ['null', 'module.exports = null;'],
    ['a number', 'module.exports = 5;'],
    ['a proxy that throws', "module.exports = new Proxy({}, { get() { throw new Error('trap'); } });"],
  ])('with %s as exports do not break the application; one warning says so', async (name, text) => {
    const directory = `fakes/${name.replace(/ /g, '-')}`;
    const main = "require('./lib/dispatcher/dispatcher-base.js'); module.exports = { works: true };";
    install(directory, 'undici', fake('7.1.0', 'lib/dispatcher/dispatcher-base.js', text, main));
    const { code, stdout, stderr } = await load('undici', directory);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${JSON.stringify({ [directory]: [{ works: true }, true] })}\n`,
    });
    expect(warnings(stderr)).toEqual([expect.stringMatching(/hook of undici.* failed, the application goes on/)]);
  });

  it.each<[string, string, unknown, string]>([
    ['undici', 'lib/dispatcher/dispatcher-base.js', '99.0.0', 'undici 99.0.0'],
    ['undici', 'lib/entirely-new.js', '99.0.0', 'undici 99.0.0'],
    ['undici', 'lib/dispatcher/dispatcher-base.js', '4.16.0', 'undici 4.16.0'],
    ['undici', 'lib/dispatcher/dispatcher-base.js', undefined, 'undici undefined'],
    ['rocketmq-client-nodejs', 'dist/consumer/PushConsumer.js', '2.0.0', 'rocketmq-client-nodejs 2.0.0'],
    ['rocketmq-client-nodejs', 'dist/index.js', '2.0.0-beta.1', 'rocketmq-client-nodejs 2.0.0-beta.1'],
  ])('%s with %s and the unknown version %s is left alone, with one warning', async (name, file, version, says) => {
    const directory = `fakes/${name}-${String(version)}-${file.replaceAll('/', '-')}`;
    const text = "module.exports = () => 'as it was'; module.exports.prototype = { dispatch() {} };";
    install(directory, name, fake(version, file, text));
    const { code, stdout, stderr } = await load(name, directory);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${JSON.stringify({ [directory]: ['as it was', true] })}\n` });
    expect(warnings(stderr)).toEqual([expect.stringContaining(`${says} is not a version this agent knows`)]);
  });

  it('is said once for two copies of the same unknown version', async () => {
    for (const directory of ['fakes/one', 'fakes/two']) {
      install(directory, 'undici', fake('99.0.0', 'lib/dispatcher/dispatcher-base.js', 'module.exports = {};'));
    }
    const { code, stderr } = await load('undici', 'fakes/one', 'fakes/two');
    expect({ code, warnings: warnings(stderr).length }).toEqual({ code: 0, warnings: 1 });
  });
});
