/** Auto mode with clients of the remoting protocol: stand-ins, and filters that change while a consumer runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import {
  type Client,
  type ConsumerApp,
  type ConsumerSettings,
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from './rocketmq-environment';

const AUTO = { GRAY_MQ_BASELINE: 'auto' };
const DECLARED = { ...AUTO, GRAY_MQ_TAGS: 'gray' };
const GRAY_INSTANCE = { ...AUTO, GRAY_TAG: 'gray' };

interface App extends ConsumerApp {
  order(order: { close?: true; subscribe?: Record<string, string> }): Promise<void>;
}

let environment: RocketmqEnvironment;
let count = 0;

async function prepared(client: Client = 'ali-ons 3', queues = 4) {
  const name = client.replace(/\W/g, '');
  const [topic, group] = [`S${name}${++count}`, `stood${name}${count}`];
  await environment.rocketmq.createTopic(topic, { queues });
  await environment.rocketmq.createGroup(group);
  return { client, topic, group };
}

type Settings = Omit<ConsumerSettings, 'subscriptions'> & { readonly topic: string };

async function consumer({ topic, ...settings }: Settings, env: Record<string, string>): Promise<App> {
  const app = await environment.consumer({ subscriptions: { [topic]: '*' }, takesOrders: true, ...settings }, env);
  await app.rebalanced();
  return {
    ...app,
    async order(order) {
      const { orders } = JSON.parse(await app.child.waitFor('"orders"')) as { orders: number };
      await fetch(`http://127.0.0.1:${orders}/`, { method: 'POST', body: JSON.stringify(order) });
    },
  };
}

const bodies = (...apps: ConsumerApp[]) => apps.flatMap(app => app.got().map(({ got }) => got));
const said = (app: ConsumerApp, text: string) => app.child.stderr.split(text).length - 1;

/** Waits until the stand-in of `app` is on, or off, for the nth time. */
const standIn = (app: ConsumerApp, state: 'on' | 'off', n = 1) => until(() => said(app, `stand-in ${state}`) >= n);

describe.each(['5.5.0', '4.9.7', '4.5.2'] as const)('RocketMQ %s', version => {
  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version });
  });
  afterAll(() => environment?.stop());

  const clients = version === '4.9.7' ? (['ali-ons 3', 'ali-ons 2', 'rocketmq 2'] as const) : (['ali-ons 3'] as const);
  it.each(clients)(
    '%s: hands over to canaries and back while messages flow, and loses none',
    async client => {
      const names = await prepared(client);
      const sender = await environment.producer([names.topic], {}, client);
      const base = await consumer({ ...names, workMs: 5 }, DECLARED);
      const traffic = steadily(sender, names.topic);
      await standIn(base, 'on');
      const canaries: App[] = [];
      for (let i = 1; i <= 2; i++) {
        const canary = await consumer(names, GRAY_INSTANCE);
        canaries.push(canary);
        await until(() => canary.got().length > 20);
        // What the baseline has begun to handle has ended before a canary starts.
        const since = bodies(base).filter(body => body.startsWith('g')).length;
        await until(() => canary.got().length > 40);
        expect(bodies(base).filter(body => body.startsWith('g'))).toHaveLength(since);
        await canary.order({ close: true });
        await standIn(base, 'on', i + 1);
        await canary.child.stop();
      }
      await sleep(500);
      const sent = await traffic.stop();
      await receive(sent, base, ...canaries);
      expect(bodies(...canaries).filter(body => !body.startsWith('g'))).toEqual([]);
      const all = bodies(base, ...canaries);
      const doubled = all.filter((body, i) => all.indexOf(body) !== i);
      // The client's own close() leaves what is being handled to the group.
      expect(doubled.length).toBeLessThanOrEqual(canaries.length);
      expect(base.lines('atOnce')).toEqual([]);
      expect(base.child.stderr).not.toMatch(/MaxListeners|failed/);
    },
    150_000,
  );
});

describe('ali-ons 3 on RocketMQ 4.9.7', () => {
  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version: '4.9.7' });
  });
  afterAll(() => environment?.stop());
  const producer = (topic: string) => environment.producer([topic], {}, 'ali-ons 3');

  it('narrows its filter when the first canary of a tag comes: nothing is lost, own retries come back', async () => {
    const names = await prepared();
    const sender = await producer(names.topic);
    const base = await consumer({ ...names, failFirst: ['g-retried'] }, AUTO);
    await sender.send({ topic: names.topic, body: 'g-retried' }, GRAY);
    await base.receives(['g-retried']);
    const traffic = steadily(sender, names.topic);
    await until(() => base.got().length > 20);
    const canary = await consumer(names, GRAY_INSTANCE);
    await until(() => canary.got().length > 20);
    await base.child.waitFor('gray is managed');
    // The retry comes back 10 s after the failure.
    await until(() => bodies(base).filter(body => body === 'g-retried').length === 2);
    await canary.order({ close: true });
    await standIn(base, 'on');
    const sent = await traffic.stop();
    await receive(sent, base, canary);
    expect(bodies(canary).filter(body => !body.startsWith('g'))).toEqual([]);
  }, 120_000);

  it('leaves what it pulled and has not begun to the canary', async () => {
    const names = await prepared('ali-ons 3', 1);
    const sender = await producer(names.topic);
    const base = await consumer({ ...names, workMs: 300, clientOptions: { parallelConsumeLimit: 3 } }, DECLARED);
    await standIn(base, 'on');
    const sent = Array.from({ length: 90 }, (_, i) => `g-${i}`);
    for (const body of sent) await sender.send({ topic: names.topic, body }, GRAY);
    const canary = await consumer(names, GRAY_INSTANCE);
    await receive(sent, base, canary);
    expect(bodies(base).length).toBeGreaterThan(0);
    expect(bodies(base, canary).sort()).toEqual([...sent].sort());
  }, 90_000);

  it('handles no more messages at once than the application allows, over both groups', async () => {
    const names = await prepared();
    const sender = await producer(names.topic);
    const base = await consumer({ ...names, workMs: 50 }, DECLARED);
    await standIn(base, 'on');
    const sent: string[] = [];
    for (let i = 0; i < 15; i++) {
      for (const [body, headers] of [[`b-${i}`, {}] as const, [`g-${i}`, GRAY] as const]) {
        await sender.send({ topic: names.topic, body }, headers);
        sent.push(body);
      }
    }
    await base.receives(sent);
    expect(base.lines('atOnce')).toEqual([]);
    // Neither waits for the other to have nothing left.
    const lastOf = (name: string) => bodies(base).findLastIndex(body => body.startsWith(name));
    expect(Math.min(lastOf('b'), lastOf('g'))).toBeGreaterThan(sent.length / 2);
  });

  it('starts a few stand-ins at a time: each of fifty gets its queues in time', async () => {
    const names = await prepared();
    const tags = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const base = await consumer(names, { ...AUTO, GRAY_MQ_TAGS: tags.join() });
    await until(() => said(base, 'stand-in on') === tags.length);
    expect(base.child.stderr).not.toContain('could not be started');
    await (await producer(names.topic)).send({ topic: names.topic, body: 'g' }, { baggage: 'gray_tag=t49' });
    await base.receives(['g']);
  }, 120_000);

  it("tells the application of its handler's failures in a stand-in, and tries again in the canary's group", async () => {
    const names = await prepared();
    const base = await consumer({ ...names, failFirst: ['g-again'] }, DECLARED);
    await standIn(base, 'on');
    await (await producer(names.topic)).send({ topic: names.topic, body: 'g-again' }, GRAY);
    await base.receives(['g-again', 'g-again'], 60_000);
    expect(base.got().map(({ attempt, downstream }) => [attempt, downstream])).toEqual([
      [1, 'gray_tag=gray'],
      [2, 'gray_tag=gray'],
    ]);
    const errors = base.lines('clientError').map(({ clientError }) => String(clientError));
    expect(errors.filter(text => text.includes('the first attempt fails'))).toHaveLength(1);
  }, 90_000);

  it('retries of a topic that the canary leaves out are handled by who stands in beside it, attempt by attempt', async () => {
    const [names, less] = [await prepared(), (await prepared()).topic];
    const sender = await environment.producer([less], {}, 'ali-ons 3');
    const base = await environment.consumer(
      {
        ...names,
        subscriptions: { [names.topic]: '*', [less]: '*' },
        failFirst: ['early', 'late'],
      },
      DECLARED,
    );
    await base.rebalanced();
    await standIn(base, 'on');
    const attempts = (body: string) => base.got().flatMap(({ got, attempt }) => (got === body ? [attempt] : []));
    // It fails while no canary is there. Its retry comes 10 s later, when one is.
    await sender.send({ topic: less, body: 'early' }, GRAY);
    await until(() => attempts('early').length === 1);
    const canary = await consumer(names, { ...GRAY_INSTANCE, GRAY_LOG_LEVEL: 'debug' });
    await base.child.waitFor(`stand-in on for ${less}`);
    await until(() => attempts('early').length === 2, 90_000);

    const waited = said(canary, 'GRAY-447');
    await sender.send({ topic: less, body: 'late' }, GRAY);
    await until(() => attempts('late').length === 2, 90_000);
    expect([attempts('early'), attempts('late')]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(said(canary, 'GRAY-447')).toBe(waited);
    expect(canary.got()).toEqual([]);
    expect(base.child.stderr).not.toContain('MaxListeners');
  }, 240_000);

  it('stands in for a topic that is subscribed to late, and ends with the application', async () => {
    const [names, late] = [await prepared(), await prepared()];
    const base = await consumer(names, DECLARED);
    await standIn(base, 'on');
    await base.order({ subscribe: { [late.topic]: 'A || B' } });
    await base.child.waitFor(`${late.topic}: gray is managed`);
    const sender = await producer(names.topic);
    for (const tag of ['A', 'C']) {
      await sender.send({ topic: late.topic, body: `b-${tag}`, tag });
      await sender.send({ topic: late.topic, body: `g-${tag}`, tag }, GRAY);
    }
    await base.receives(['b-A', 'g-A']);

    // The stand-in commits every 5 s: never less than the offsets that the group was given.
    await sleep(6000);
    await base.order({ close: true });
    const administration = brokerAdministration({ namesrv: environment.rocketmq.namesrv, timeoutMs: 20_000 });
    try {
      const [broker] = await administration.brokersOfCluster([late.topic]);
      if (broker === undefined) throw new Error('no broker');
      const offsets = await Promise.all(
        [0, 1, 2, 3].map(queue => administration.committedOffset(broker, `${names.group}_gray`, names.topic, queue)),
      );
      expect(offsets).toEqual([0, 0, 0, 0]);
    } finally {
      administration.close();
    }
    await base.child.waitFor('stand-in off');
  }, 120_000);

  it('shares the queues of a canary among two baseline processes', async () => {
    const names = await prepared();
    const sender = await producer(names.topic);
    const one = await consumer(names, DECLARED);
    await standIn(one, 'on');
    const traffic = steadily(sender, names.topic);
    await until(() => one.got().length > 20);
    const other = await consumer(names, DECLARED);
    await standIn(other, 'on');
    await until(() => other.got().some(({ got }) => got.startsWith('g')));
    const before = bodies(one, other).length;
    await until(() => bodies(one, other).length > before + 40);
    const sent = await traffic.stop();
    await receive(sent, one, other);
    const gray = bodies(one, other).filter(body => body.startsWith('g'));
    const doubled = gray.filter((body, i) => gray.indexOf(body) !== i);
    // The second started at the last offsets that the first had committed, which is up to the client; not all over again.
    expect(doubled.length).toBeLessThan(gray.length / 4);
  }, 90_000);
});

/** Sends messages of both environments, one after another, until it is stopped: their bodies. */
function steadily(sender: ProducerApp, topic: string, ms = 15) {
  const sent: string[] = [];
  let isStopped = false;
  const done = (async () => {
    for (let i = 0; !isStopped; i++) {
      for (const [name, headers] of [
        ['b', {}],
        ['g', GRAY],
      ] as const) {
        const body = `${name}-${i}`;
        await sender.send({ topic, body }, headers);
        sent.push(body);
      }
      await sleep(ms);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await done;
      return sent;
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Waits until each of `sent` reached one of the consumers. @throws with what is missing and the output of all of them */
async function receive(sent: readonly string[], ...apps: ConsumerApp[]): Promise<void> {
  const missing = () => {
    // The consumers call a server of this process: it must not be busy with this.
    const received = new Set(bodies(...apps));
    return sent.filter(body => !received.has(body));
  };
  await until(() => missing().length === 0).catch(() => {
    const outputs = apps.map(({ child }) => child.failure('received the others').message);
    throw new Error(`lost: ${missing()}\n${outputs.join('\n')}`);
  });
}

/** @throws when `condition` does not hold within `ms` */
async function until(condition: () => boolean, ms = 40_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await sleep(50);
  }
}
