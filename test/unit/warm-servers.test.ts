/** Servers that are kept warm, with nothing behind them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import type { RocketmqFacts, Started, Wanted } from '../../fixtures/warm-servers/kinds';
import { serve } from '../../fixtures/warm-servers/serve';
import { createStock, type Stock } from '../../fixtures/warm-servers/stock';
import { askKeeper, takeNacos, takeRocketmq, WARM_SERVERS } from '../../fixtures/warm-servers/take';

const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-warm-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => void delete process.env[WARM_SERVERS]);

const PLAIN: Wanted = { kind: 'rocketmq', options: {} };
const ofVersion = (version: '4.9.7' | '4.5.2'): Wanted => ({ kind: 'rocketmq', options: { version } });

/** Servers by number, in the order in which they were started. */
function servers() {
  const story: string[] = [];
  const lines: string[] = [];
  let fails = false;
  const stock = createStock(
    line => lines.push(line),
    async ({ options }): Promise<Started> => {
      const name = `${options.version ?? 'plain'} ${story.filter(text => text.startsWith('starts')).length}`;
      story.push(`starts ${name}`);
      if (fails) throw new Error('no Java');
      const facts: RocketmqFacts = {
        version: '5.5.0',
        nameServers: [],
        namesrv: name,
        brokerAddress: 'broker:1',
        directory,
        brokers: [{ name: 'broker-a', address: 'broker:1', pid: 1 }],
        proxies: [{ endpoints: 'proxy:1', remoting: 'proxy:2', pid: 1 }],
      };
      return {
        facts,
        async call(called, args) {
          if (called === 'createGroup') throw new Error('no such broker');
          story.push(`${name}: ${called} ${JSON.stringify(args)}`);
          return called === 'broker' ? 2 : undefined;
        },
        async stop() {
          story.push(`ends ${name}`);
        },
      };
    },
  );
  return {
    stock,
    story,
    lines,
    fail(value: boolean) {
      fails = value;
    },
  };
}

it('each server is used once: the next one starts when it is given back', async () => {
  const { stock, story, lines } = servers();
  stock.prepare(PLAIN);
  const first = await stock.take(PLAIN);
  expect([story, stock.taken()]).toEqual([['starts plain 0'], 1]);
  const second = await stock.take(PLAIN);
  await stock.giveBack(PLAIN, first);
  await stock.giveBack(PLAIN, second);
  expect(story).toEqual(['starts plain 0', 'starts plain 1', 'ends plain 0', 'starts plain 2', 'ends plain 1']);
  expect(stock.taken()).toBe(0);
  await stock.stop();
  expect(story.at(-1)).toBe('ends plain 2');
  expect(lines).toEqual(['rocketmq is ready', 'rocketmq is ready']);
});

it('of the kinds asked for last, two are kept', async () => {
  const { stock, story } = servers();
  for (const wanted of [PLAIN, ofVersion('4.9.7'), ofVersion('4.5.2'), ofVersion('4.5.2')]) stock.prepare(wanted);
  await vi.waitFor(() => expect(story).toHaveLength(4));
  expect(story).toEqual(['starts plain 0', 'starts 4.9.7 1', 'starts 4.5.2 2', 'ends plain 0']);
});

it('what does not start is said, and tried anew by whoever wants it', async () => {
  const { stock, story, lines, fail } = servers();
  fail(true);
  stock.prepare(ofVersion('4.9.7'));
  await vi.waitFor(() => expect(lines).toEqual(['rocketmq {"version":"4.9.7"} did not start: no Java']));
  await expect(stock.take(ofVersion('4.9.7'))).rejects.toThrow('no Java');
  fail(false);
  await stock.take(ofVersion('4.9.7'));
  expect([story.length, stock.taken()]).toEqual([3, 1]);
});

it('one that is asked for as all end is not started', async () => {
  const { stock, story } = servers();
  const taken = await stock.take(PLAIN);
  await stock.stop();
  await stock.giveBack(PLAIN, taken);
  expect(story).toEqual(['starts plain 0', 'ends plain 0']);
});

let sockets = 0;
async function served(stock: Stock) {
  const path = join(directory, `${sockets++}.sock`);
  const [onChange, onEnd] = [vi.fn(), vi.fn()];
  await serve(path, { stock, about: { pid: 7, hash: 'abc' }, onChange, onEnd });
  process.env[WARM_SERVERS] = path;
  return { path, onChange, onEnd };
}

it('another process takes one, asks it, and gives it back as it ends', async () => {
  const { stock, story } = servers();
  const { onChange } = await served(stock);
  const rocketmq = await takeRocketmq({ onProgress: () => {} });
  const { namesrv, endpoints, proxyRemoting, hasProxy, brokers } = rocketmq;
  expect([namesrv, endpoints, proxyRemoting, hasProxy]).toEqual(['plain 0', 'proxy:1', 'proxy:2', true]);
  expect(brokers.map(({ name, address, pid }) => [name, address, pid])).toEqual([['broker-a', 'broker:1', 1]]);
  await Promise.all([rocketmq.createTopic('T', { queues: 1 }), rocketmq.createTopic('U')]);
  await brokers[0]?.restart();
  expect(brokers[0]?.pid).toBe(2);
  await expect(rocketmq.createGroup('g')).rejects.toThrow('no such broker');
  expect(rocketmq.sampleLogs()).toBe('');
  expect([stock.taken(), onChange.mock.calls.length]).toEqual([1, 1]);
  await rocketmq.stop();
  await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(2));
  expect(story.slice(1)).toEqual([
    'plain 0: createTopic ["T",{"queues":1}]',
    'plain 0: createTopic ["U"]',
    'plain 0: broker [0,"restart"]',
    'ends plain 0',
    'starts plain 1',
  ]);
  await expect(rocketmq.createTopic('T')).rejects.toThrow('nobody keeps servers warm');
});

it('one that cannot be started is an error there, too', async () => {
  const { stock, fail } = servers();
  await served(stock);
  fail(true);
  await expect(takeNacos()).rejects.toThrow('no Java');
});

it('tells what it is, and can be asked to end', async () => {
  const { path, onEnd } = await served(servers().stock);
  expect(await askKeeper(path, { about: true })).toEqual({ pid: 7, hash: 'abc' });
  const asked = askKeeper(path, { end: true }).catch(() => {});
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));
  await expect(askKeeper(`${path}-other`, { about: true })).rejects.toThrow('ENOENT');
  void asked;
});
