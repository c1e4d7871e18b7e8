/**
 * Services that consume and produce from within a bundle, on a real RocketMQ. They are bundled as docs/bundles.md says, to
 * the letter, and run in a directory that has nothing but the bundle; the agent is elsewhere.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { BUNDLERS } from '../integration/bundling';
import { type RunningChild, runOk, start } from '../integration/child';
import { createSandbox, type Sandbox } from '../integration/sandbox';

const GRAY = { baggage: 'gray_tag=gray' };
const CLIENTS = ['rocketmq-client-nodejs', 'ali-ons'] as const;
type Client = (typeof CLIENTS)[number];

/** What docs/bundles.md tells people to write into a file. */
function documented(file: string): string {
  const page = readFileSync(join(PROJECT_ROOT, 'docs', 'bundles.md'), 'utf8');
  const [, text] = new RegExp(`\n\`\`\`js ${file.replaceAll('.', '\\.')}\n(.*?)\n\`\`\`\n`, 's').exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/bundles.md has no ${file}`);
  return text;
}

/** Files of configuration, by what they are; and how each is run. */
const BUNDLES = {
  esbuild: { file: 'build.mjs', isMinified: true, hasPlugin: true },
  'esbuild, not minified': { file: 'build.mjs', isMinified: false, hasPlugin: true },
  webpack: { file: 'webpack.config.js', isMinified: true, hasPlugin: true },
  'esbuild without the plugin': { file: 'build.mjs', isMinified: true, hasPlugin: false },
} as const;
type Bundle = keyof typeof BUNDLES;
const WITH_PLUGIN = (Object.keys(BUNDLES) as Bundle[]).filter(name => BUNDLES[name].hasPlugin);

let rocketmq: Rocketmq;
let sandbox: Sandbox;
let echo: Server;
let place: string;
let topics = 0;
/** The directories that they are deployed to. */
const bundles: Partial<Record<Bundle, string>> = {};
const children: RunningChild[] = [];

beforeAll(async () => {
  echo = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.headers));
  });
  echo.keepAliveTimeout = 300_000;
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
  [rocketmq] = await Promise.all([takeRocketmq(), makeBundles()]);
  // The minifier of webpack takes 20 s of two cores.
}, 400_000);
afterEach(() => Promise.all(children.splice(0).map(child => child.stop('SIGKILL'))));
afterAll(async () => {
  echo?.close();
  sandbox?.remove();
  if (place !== undefined) rmSync(place, { recursive: true, force: true });
  await rocketmq?.stop();
});

async function makeBundles(): Promise<void> {
  sandbox = await createSandbox({
    dependencies: {
      ...BUNDLERS,
      'webpack-cli': '^6',
      'rocketmq-client-nodejs': '^1.0.8',
      'ali-ons': '^3.12.0',
      urllib: '^2.44.0',
      undici: '^7',
      axios: '^1',
    },
    files: { 'src/app.js': "require('../bundles/service.js');" },
  });
  place = mkdtempSync(join(tmpdir(), 'rocketmq-gray-bundles-'));
  for (const [i, name] of (Object.keys(BUNDLES) as Bundle[]).entries()) {
    const { file, isMinified, hasPlugin } = BUNDLES[name];
    const text = changed(documented(file), [
      ...(isMinified ? [] : ([['  minify: true,\n', '']] as const)),
      ...(hasPlugin ? [] : ([['plugins: [rocketmqGray()]', 'plugins: []']] as const)),
    ]);
    sandbox.write(file, text);
    const args = file === 'build.mjs' ? [file] : ['node_modules/webpack/bin/webpack.js'];
    await runOk({ cwd: sandbox.directory, args, timeout: 300_000 });
    // As it is deployed: with the package.json that rocketmq-client-nodejs reads, and nothing else.
    const directory = join(place, `${i}`);
    cpSync(sandbox.path('dist'), join(directory, 'dist'), { recursive: true });
    cpSync(sandbox.path('package.json'), join(directory, 'package.json'));
    // What webpack leaves outside.
    if (file !== 'build.mjs') {
      cpSync(sandbox.path('node_modules/@node-rs'), join(directory, 'node_modules/@node-rs'), { recursive: true });
    }
    bundles[name] = directory;
    rmSync(sandbox.path('dist'), { recursive: true });
  }
}

function changed(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`there is no ${from} in ${before}`);
    return before.replace(from, to);
  }, text);
}

/** What a service says of a message: its body, and the baggage of the calls that it made for it, by each client. */
interface Got {
  readonly got: string;
  readonly downstream: string | null;
  readonly undici: string | null;
  readonly axios: string | null;
}
interface Service {
  readonly child: RunningChild;
  /** The group that the client says it is in. */
  readonly group: string;
  got(): Got[];
  /** Sends from within a request with these headers. */
  send(body: string, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Waits until it has these messages, in any order. */
  has(...bodies: readonly string[]): Promise<void>;
}
interface Destination {
  readonly topic: string;
  readonly group: string;
}

async function prepared(): Promise<Destination> {
  const [topic, group] = [`B${++topics}`, `bundled${topics}`];
  await rocketmq.createTopic(topic, { queues: 2 });
  await rocketmq.createGroup(group);
  return { topic, group };
}

/** @param env absent: without the agent */
async function service(
  name: Bundle,
  client: Client,
  destination: Destination,
  env?: Readonly<Record<string, string>>,
): Promise<Service> {
  const preload = ['--require', sandbox.path('node_modules/rocketmq-gray/register')];
  const child = start({
    args: [...(env === undefined ? [] : preload), 'dist/orders/app.js'],
    cwd: bundles[name] as string,
    env: {
      HOME: place,
      CLIENT: client,
      ECHO: `http://127.0.0.1:${(echo.address() as AddressInfo).port}`,
      APP: JSON.stringify({ ...destination, endpoints: rocketmq.endpoints, namesrv: rocketmq.namesrv }),
      ...(env && { GRAY_MQ_NAMESRV: rocketmq.namesrv, GRAY_MQ_TAGS: 'gray', ...env }),
    },
  });
  children.push(child);
  const { group } = JSON.parse(await child.waitFor('"group"')) as { group: string };
  const { port } = JSON.parse(await child.waitFor('"port"')) as { port: number };
  const got = () =>
    child.stdout
      .split('\n')
      .filter(line => line.includes('"got"') && line.endsWith('}'))
      .map(line => JSON.parse(line) as Got);
  return {
    child,
    group,
    got,
    async send(body, headers = {}) {
      const url = `http://127.0.0.1:${port}/`;
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ body }) });
      if (response.status !== 200) throw child.failure(`answered ${await response.text()}`);
    },
    async has(...bodies) {
      const wanted = [...bodies].sort().join();
      const bodiesNow = () =>
        got()
          .map(message => message.got)
          .sort()
          .join();
      await vi
        .waitUntil(() => bodiesNow() === wanted, { timeout: 30_000, interval: 50 })
        .catch(() => {
          throw child.failure(`received [${bodiesNow()}], not [${wanted}]`);
        });
    },
  };
}

const carrying = (got: string, baggage: string | null) => ({
  got,
  downstream: baggage,
  undici: baggage,
  axios: baggage,
});

const withEachClient = (test: (client: Client) => Promise<void>) => Promise.all(CLIENTS.map(test));

describe.each(WITH_PLUGIN)('bundled with %s', name => {
  it('baseline and canary are apart, and hand over to one another', () =>
    withEachClient(async client => {
      const destination = await prepared();
      const { group } = destination;
      const base = await service(name, client, destination, {});
      expect(base.group).toBe(group);
      await base.child.waitFor(`${group}_gray: stand-in on`);
      await base.send('gray without a canary', GRAY);
      await base.has('gray without a canary');

      const canary = await service(name, client, destination, { GRAY_TAG: 'gray' });
      expect(canary.group).toBe(`${group}_gray`);
      await base.child.waitFor(`${group}_gray: stand-in off`);
      for (const sender of [base, canary]) await sender.send(`gray of ${sender.group}`, GRAY);
      await base.send('untagged');
      await canary.has(`gray of ${group}`, `gray of ${group}_gray`);
      await base.has('gray without a canary', 'untagged');

      expect(base.got()).toEqual([carrying('gray without a canary', 'gray_tag=gray'), carrying('untagged', null)]);
      for (const message of canary.got()) expect(message).toEqual(carrying(message.got, 'gray_tag=gray'));
      for (const { child } of [base, canary]) expect(child.stderr).not.toMatch(/warn:|error:|failed/);
    }));

  it('without the agent it runs as without the plugin', () =>
    withEachClient(async client => {
      const destination = await prepared();
      const bare = await service(name, client, destination);
      expect(bare.group).toBe(destination.group);
      await bare.send('any', GRAY);
      await bare.has('any');
      expect(bare.got()).toEqual([carrying('any', null)]);
      expect(bare.child.stderr).toBe('');
    }));
});

describe('bundled without the plugin', () => {
  it('a canary that goes on all the same takes messages of the baseline, in its group', () =>
    withEachClient(async client => {
      const destination = await prepared();
      const env = { GRAY_TAG: 'gray', GRAY_ON_FAILURE: 'continue' };
      const canary = await service('esbuild without the plugin', client, destination, env);
      expect(canary.group).toBe(destination.group);
      const { group } = await prepared();
      const sender = await service('esbuild', client, { ...destination, group });
      await sender.send('untagged');
      await canary.has('untagged');
    }));
});
