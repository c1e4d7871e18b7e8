/**
 * Services that consume and produce from within a bundle, on a real RocketMQ: a single file in a directory without
 * node_modules, and the agent beside it.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Rocketmq, startRocketmq } from '../../fixtures/rocketmq';
import { BUNDLERS, type BundleOptions, bundle } from './bundling';
import { type RunningChild, start } from './child';
import { createSandbox, type Sandbox } from './sandbox';

const GRAY = { baggage: 'gray_tag=gray' };
const CLIENTS = ['rocketmq-client-nodejs', 'ali-ons'] as const;
type Client = (typeof CLIENTS)[number];

const BUNDLES: Record<string, Pick<BundleOptions, 'bundler' | 'isMinified' | 'hasPlugin'>> = {
  esbuild: { bundler: 'esbuild' },
  'esbuild, minified': { bundler: 'esbuild', isMinified: true },
  'webpack, minified': { bundler: 'webpack', isMinified: true },
  'esbuild without the plugin': { bundler: 'esbuild', hasPlugin: false },
};
const WITH_PLUGIN = Object.keys(BUNDLES).filter(name => BUNDLES[name]?.hasPlugin !== false);

let rocketmq: Rocketmq;
let sandbox: Sandbox;
let echo: Server;
let place: string;
let topics = 0;
const bundles: Record<string, string> = {};
const children: RunningChild[] = [];

beforeAll(async () => {
  echo = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.headers));
  });
  echo.keepAliveTimeout = 300_000;
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
  [rocketmq] = await Promise.all([startRocketmq(), makeBundles()]);
});
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
      'rocketmq-client-nodejs': '^1.0.8',
      'ali-ons': '^3.12.0',
      urllib: '^2.44.0',
      undici: '^7',
      axios: '^1',
    },
  });
  place = mkdtempSync(join(tmpdir(), 'rocketmq-gray-bundles-'));
  for (const [i, [name, options]] of Object.entries(BUNDLES).entries()) {
    const file = await bundle(sandbox, { ...options, entry: 'bundles/service.js', outfile: `out${i}/service.js` });
    // rocketmq-client-nodejs reads a package.json two directories above the file that it is in.
    const directory = join(place, `${i}`);
    cpSync(dirname(file), join(directory, 'dist', 'bundle'), { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "name": "app", "version": "1.0.0" }');
    bundles[name] = join(directory, 'dist', 'bundle', 'service.js');
  }
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
  name: string,
  client: Client,
  destination: Destination,
  env?: Readonly<Record<string, string>>,
): Promise<Service> {
  const file = bundles[name] as string;
  const preload = ['--require', sandbox.path('node_modules/rocketmq-gray/register')];
  const child = start({
    args: [...(env === undefined ? [] : preload), file],
    cwd: dirname(file),
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
