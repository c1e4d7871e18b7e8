/** Dubbo over a real Nacos: plain providers and consumers, in the baseline and as canaries. */
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import type { RunningChild } from './child';
import { describeOnEachNode } from './each-node';
import { DUBBO_DEPENDENCIES, type Instance, type NacosEnvironment, nacosEnvironment } from './nacos-environment';

/** What a provider says of a call. */
interface Answer {
  readonly id: string;
  /** The provider's. */
  readonly name: string;
  /** Of a call that its handler made, after having waited; undefined: none. */
  readonly baggage?: string;
  readonly attachments: { gray_tag?: string; __microservice_tag__?: string; custom?: string };
}
interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: NodeVersion;
  readonly attachments?: Readonly<Record<string, string>>;
  /** The address of a provider to call without a registry. */
  readonly direct?: string;
  /** Milliseconds until a call fails; by default what 500 calls at once may take on a busy machine. */
  readonly timeout?: number;
}
interface Consumer {
  readonly child: RunningChild;
  /** Makes a call from within a request with that tag. @throws with what the call failed with. */
  call(tag?: string, id?: string): Promise<Answer>;
}
let environment: NacosEnvironment;
let echo: Server;
let services = 0;
const children: RunningChild[] = [];

beforeAll(async () => {
  echo = createHttpServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
  environment = await nacosEnvironment({ dependencies: DUBBO_DEPENDENCIES });
});
afterEach(() => Promise.all(children.splice(0).map(child => child.stop('SIGKILL'))));
afterAll(async () => {
  echo?.close();
  await environment?.stop();
});

const newService = () => `demo.Who${services++}`;

function app(script: string, settings: object, { env = {}, node }: Options): RunningChild {
  const { port } = echo.address() as AddressInfo;
  const child = environment.start(`dubbo/${script}`, settings, { ECHO: `http://127.0.0.1:${port}`, ...env }, node);
  children.push(child);
  return child;
}

/** Starts a provider and waits until the registry names it. */
async function provider(service: string, name: string, options: Options = {}): Promise<RunningChild> {
  const child = app('provider.js', { service, name }, options);
  const { ready } = JSON.parse(await child.waitFor('"ready"')) as { ready: number };
  await until(async () => (await environment.instances(service)).some(({ port }) => port === ready));
  return child;
}

async function consumer(service: string, options: Options = {}): Promise<Consumer> {
  const { attachments, direct, timeout = 30_000 } = options;
  const child = app('consumer.js', { service, attachments, direct, timeout }, options);
  const { port } = JSON.parse(await child.waitFor('"port"')) as { port: number };
  return {
    child,
    async call(tag, id = '') {
      const headers: Record<string, string> = tag === undefined ? {} : { baggage: `gray_tag=${tag}` };
      const response = await fetch(`http://127.0.0.1:${port}/${id}`, { headers });
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
      return JSON.parse(text) as Answer;
    },
  };
}

/** Registers an address of this machine by hand. */
async function register(service: string, port: number, metadata: Readonly<Record<string, string>>): Promise<void> {
  const { ip } = (await environment.instances(service))[0] as Instance;
  await environment.register(service, { ip, port, metadata });
  await until(async () => (await environment.instances(service)).some(instance => instance.port === port));
}

const until = (isSo: () => Promise<boolean>) => vi.waitUntil(isSo, { timeout: 15_000, interval: 20 });

/** Calls of all kinds at once, and where each of them landed. */
async function mixedCalls({ call }: Consumer, count: number): Promise<void> {
  const kinds = [undefined, 'gray', 'blue', 'base'];
  const calls = Array.from({ length: count }, async (_, i) => {
    const tag = kinds[i % kinds.length];
    const { id, name, baggage, attachments } = await call(tag, `${i}`);
    return { tag, id, name, baggage, attachment: attachments.gray_tag };
  });
  const expected = Array.from({ length: count }, (_, i) => {
    const tag = kinds[i % kinds.length];
    return {
      tag,
      id: `${i}`,
      name: tag === 'gray' ? 'gray' : 'baseline',
      baggage: tag && `gray_tag=${tag}`,
      attachment: tag,
    };
  });
  expect(await Promise.all(calls)).toEqual(expected);
}

const GRAY = { GRAY_TAG: 'gray' };

describeOnEachNode('Dubbo over Nacos', node => {
  it('calls land in their own environment, also the first ones of a process', async () => {
    const service = newService();
    await Promise.all([
      provider(service, 'baseline', { node }),
      provider(service, 'baseline', { node }),
      provider(service, 'gray', { node, env: GRAY }),
    ]);
    const [first, second, canary] = await Promise.all([
      consumer(service, { node }),
      consumer(service, { node }),
      consumer(service, { node, env: GRAY }),
    ]);
    expect(await first.call('gray')).toMatchObject({ name: 'gray', baggage: 'gray_tag=gray' });
    await mixedCalls(second, 500);
    await mixedCalls(second, 100);
    expect(await canary.call()).toMatchObject({ name: 'gray', baggage: 'gray_tag=gray' });
    expect(await canary.call('base')).toMatchObject({ name: 'baseline', baggage: 'gray_tag=base' });
  });
});

describe('Dubbo over Nacos', () => {
  it('without the agent the applications work, and tell nothing apart', async () => {
    const service = newService();
    const env = { WITHOUT_AGENT: '1' };
    await Promise.all([provider(service, 'one', { env }), provider(service, 'two', { env: { ...env, ...GRAY } })]);
    const { call } = await consumer(service, { env });
    // The first connection takes all that is waiting; later calls have both.
    await call('gray');
    const answers = await Promise.all(Array.from({ length: 50 }, () => call('gray')));
    expect(new Set(answers.map(({ name }) => name))).toEqual(new Set(['one', 'two']));
    expect(answers.filter(({ baggage, attachments }) => baggage || attachments.gray_tag)).toEqual([]);
    expect((await environment.instances(service)).filter(({ metadata }) => 'gray_tag' in metadata)).toEqual([]);
  });

  it('a canary that comes and goes costs no call, and gets none without its tag', async () => {
    const service = newService();
    await provider(service, 'baseline');
    const { call } = await consumer(service);
    const landed: Record<string, number> = {};
    const failed: unknown[] = [];
    let isOver = false;
    const traffic = Array.from({ length: 20 }, async (_, i) => {
      const tag = i % 2 === 0 ? 'gray' : undefined;
      while (!isOver) {
        try {
          const { name, baggage } = await call(tag);
          const key = `${tag} -> ${name}, ${baggage}`;
          landed[key] = (landed[key] ?? 0) + 1;
        } catch (error) {
          failed.push(error);
        }
        await sleep(5);
      }
    });
    const grayCalls = () => landed['gray -> gray, gray_tag=gray'] ?? 0;
    for (let round = 0; round < 2; round++) {
      const canary = await provider(service, 'gray', { env: GRAY });
      const before = grayCalls();
      await until(async () => grayCalls() > before + 50);
      canary.process.kill('SIGTERM');
      expect(await canary.ended).toMatchObject({ code: 0 });
    }
    await sleep(200);
    isOver = true;
    await Promise.all(traffic);

    expect(failed).toEqual([]);
    expect(Object.keys(landed).sort()).toEqual([
      'gray -> baseline, gray_tag=gray',
      'gray -> gray, gray_tag=gray',
      'undefined -> baseline, undefined',
    ]);
  });

  it('calls fall back at once when a canary dies, and when it was dead from the start', async () => {
    const service = newService();
    const [, canary] = await Promise.all([provider(service, 'baseline'), provider(service, 'gray', { env: GRAY })]);
    // Nothing listens there.
    await register(service, 1, { side: 'provider', version: '0.0.0', group: '', gray_tag: 'blue' });
    const { call } = await consumer(service, { timeout: 3000 });
    expect(await call('blue')).toMatchObject({ name: 'baseline', baggage: 'gray_tag=blue' });
    expect(await call('gray')).toMatchObject({ name: 'gray' });
    await canary.stop('SIGKILL');
    // A call that is sent before the consumer has heard of it is lost.
    await until(() =>
      call('gray').then(
        ({ name, baggage }) => name === 'baseline' && baggage === 'gray_tag=gray',
        () => false,
      ),
    );
    // Sooner than the registry notices.
    expect((await environment.instances(service)).filter(({ metadata }) => metadata.gray_tag === 'gray')).toHaveLength(
      1,
    );
  });

  it('where there are canaries of others only, a call fails as it does without a provider', async () => {
    const service = newService();
    await provider(service, 'gray', { env: GRAY });
    const { call, child } = await consumer(service);
    const error = `DubboScheduleError: Could not find any agent worker with ${service}`.replace('DubboSchedule', '');
    await expect(call()).rejects.toThrow(error);
    await expect(call('blue')).rejects.toThrow(error);
    expect(await call('gray')).toMatchObject({ name: 'gray' });
    expect(child.stderr).toContain(`${service} has instances of other canaries only`);
    await provider(service, 'baseline');
    await until(() =>
      call().then(
        ({ name }) => name === 'baseline',
        () => false,
      ),
    );
  });

  it('consumers, which are registered beside providers, are never called', async () => {
    const service = newService();
    let received = 0;
    const server = createTcpServer(socket => socket.on('data', () => received++).on('error', () => {}));
    await new Promise<void>(resolve => server.listen(0, resolve));
    await provider(service, 'baseline');
    const { port } = server.address() as AddressInfo;
    await register(service, port, { side: 'consumer', version: '', group: '0.0.0', gray_tag: 'gray' });
    const { call } = await consumer(service);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => call(i % 2 === 0 ? 'gray' : undefined)));
    expect(answers.filter(({ name }) => name !== 'baseline')).toEqual([]);
    expect(received).toBe(0);
    server.close();
  });

  it('a provider that cannot be reached does not keep calls from the baseline, and never sends them elsewhere than they may go', async () => {
    const [grayUnreachable, baselineUnreachable] = [newService(), newService()];
    await Promise.all([provider(grayUnreachable, 'baseline'), provider(baselineUnreachable, 'gray', { env: GRAY })]);
    const blackHole = app('black-hole.js', {}, { env: { WITHOUT_AGENT: '1' } });
    const { ready } = JSON.parse(await blackHole.waitFor('"ready"')) as { ready: number };
    const metadata = { side: 'provider', version: '0.0.0', group: '' };
    await register(grayUnreachable, ready, { ...metadata, gray_tag: 'gray' });
    await register(baselineUnreachable, ready, metadata);
    const [first, second] = await Promise.all([
      consumer(grayUnreachable),
      consumer(baselineUnreachable, { timeout: 3000 }),
    ]);
    const outcome = (call: Promise<Answer>) =>
      call.then(
        answer => answer.name,
        error => String(error),
      );

    const [gray, untagged, other] = await Promise.all([
      outcome(first.call('gray')),
      outcome(first.call()),
      outcome(second.call()),
    ]);
    // The first call of gray waits for the attempt to connect, for a second at most (test/unit/first-attempt.test.ts).
    expect([gray, untagged]).toEqual(['baseline', 'baseline']);
    expect(other).toContain(`invoke ${baselineUnreachable}#who`);
    expect(await outcome(first.call('gray'))).toBe('baseline');
  });

  it('calls without a registry carry the tag', async () => {
    const service = newService();
    await provider(service, 'one');
    const { ip, port } = (await environment.instances(service))[0] as Instance;
    const { call } = await consumer(service, { direct: `${ip}:${port}`, attachments: { custom: 'x' } });
    const answers = await Promise.all([call('gray'), call(), call('blue')]);
    expect(answers.map(({ baggage }) => baggage)).toEqual(['gray_tag=gray', undefined, 'gray_tag=blue']);
    expect(answers.map(({ attachments }) => attachments.custom)).toEqual(['x', 'x', 'x']);
  });

  it("keeps the application's attachments, and writes the Java agent's on demand", async () => {
    const service = newService();
    const attachments = { custom: 'x', gray_tag: 'theirs', __microservice_tag__: 'theirs' };
    await provider(service, 'baseline');
    const consumers = [{}, { GRAY_INTEROP: 'mse' }, { GRAY_INBOUND: 'ignore' }].map(env =>
      consumer(service, { env, attachments }),
    );
    const [plain, interop, ignoring] = (await Promise.all(consumers)) as [Consumer, Consumer, Consumer];
    const seen = async ({ call }: Consumer, tag?: string) => {
      const { attachments, baggage } = await call(tag);
      return { ...attachments, baggage };
    };
    const mse = (name: string) => JSON.stringify([{ name }]);

    expect(await seen(plain)).toEqual({ ...attachments, baggage: 'gray_tag=theirs' });
    expect(await seen(plain, 'gray')).toEqual({ ...attachments, gray_tag: 'gray', baggage: 'gray_tag=gray' });
    expect(await seen(interop, 'gray')).toEqual({
      custom: 'x',
      gray_tag: 'gray',
      __microservice_tag__: mse('gray'),
      baggage: 'gray_tag=gray',
    });
    expect(await seen(interop, 'base')).toEqual({ custom: 'x', gray_tag: 'base', baggage: 'gray_tag=base' });
    expect(await seen(ignoring, 'gray')).toEqual({ custom: 'x' });
  });

  it("reads the Java agent's attachment, and none where inbound tags are ignored", async () => {
    const [reading, ignoring] = [newService(), newService()];
    await Promise.all([
      provider(reading, 'baseline'),
      provider(ignoring, 'baseline', { env: { GRAY_INBOUND: 'ignore' } }),
    ]);
    const attachments = { __microservice_tag__: '[{"name":"gray"}]' };
    const toReading = await consumer(reading, { attachments });
    expect(await toReading.call()).toMatchObject({ baggage: 'gray_tag=gray', attachments });
    const toIgnoring = await consumer(ignoring, { attachments });
    const answer = await toIgnoring.call('blue');
    expect(answer).toMatchObject({ attachments: { ...attachments, gray_tag: 'blue' } });
    expect(answer).not.toHaveProperty('baggage');
  });

  it('a canary is registered as one', async () => {
    const service = newService();
    await Promise.all([
      provider(service, 'baseline'),
      provider(service, 'gray', { env: GRAY }),
      provider(service, 'blue', { env: { GRAY_TAG: 'blue', GRAY_INTEROP: 'mse' } }),
    ]);
    const environments = (await environment.instances(service)).map(({ metadata }) =>
      Object.fromEntries(Object.entries(metadata).filter(([name]) => /gray|canary/.test(name))),
    );
    expect(environments).toHaveLength(3);
    expect(environments).toEqual(
      expect.arrayContaining([{}, { gray_tag: 'gray' }, { gray_tag: 'blue', 'opensergo.io/canary-blue': 'blue' }]),
    );
  });
});
