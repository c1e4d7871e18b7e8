/** Stand-ins of clients of the remoting protocol, and filters that change while a consumer runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerAdministration, brokerAdministration } from '../../src/rocketmq/broker-administration';
import { prepareCanaryGroup } from '../../src/rocketmq/canary-group';
import {
  type Client,
  type ConsumerApp,
  type ConsumerSettings,
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from './rocketmq-environment';

const GRAY_INSTANCE = { GRAY_TAG: 'gray' };

describe.each(['5.5.0', '4.9.7', '4.5.2'] as const)('RocketMQ %s', version => {
  let environment: RocketmqEnvironment;
  let administration: BrokerAdministration;
  let count = 0;
  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version });
    administration = brokerAdministration({ namesrv: environment.rocketmq.namesrv, timeoutMs: 20_000 });
  });
  afterAll(async () => {
    administration?.close();
    await environment?.stop();
  });

  /** A topic with a group, and that of its canary, which has offsets on every queue. */
  async function prepared(client: Client, queues = 4) {
    const name = client.replace(/\W/g, '');
    const [topic, group] = [`S${name}${++count}`, `stood${name}${count}`];
    await environment.rocketmq.createTopic(topic, { queues });
    await environment.rocketmq.createGroup(group);
    return { client, topic, group };
  }
  async function canaryGroupOf({ topic, group }: { topic: string; group: string }) {
    const canaryGroup = `${group}_gray`;
    await prepareCanaryGroup({ administration, baselineGroup: group, canaryGroup, topics: [topic] });
    const [broker] = await administration.brokersOfCluster([topic]);
    for (const { queues } of await administration.queuesOf(topic)) {
      if (broker === undefined) throw new Error('no broker');
      for (let queueId = 0; queueId < queues; queueId++) {
        const offset = await administration.committedOffset(broker, canaryGroup, topic, queueId);
        if (offset === undefined) await administration.commitOffset(broker, canaryGroup, topic, queueId, 0);
      }
    }
  }

  async function baseline(settings: Omit<ConsumerSettings, 'subscriptions'> & { topic: string }) {
    const { topic, ...rest } = settings;
    const app = await environment.consumer({ subscriptions: { [topic]: '*' }, takesOrders: true, ...rest }, DRIVEN);
    await app.rebalanced();
    const order = async (line: '"driver"' | '"orders"', body: object) => {
      const [port] = Object.values(JSON.parse(await app.child.waitFor(line)) as Record<string, number>);
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(body) });
      const text = await response.text();
      if (response.status !== 200) throw app.child.failure(text);
      return JSON.parse(text) as { readonly ms: number };
    };
    return {
      ...app,
      drive: (body: object) => order('"driver"', body),
      order: (body: object) => order('"orders"', body),
    };
  }

  const clients = version === '4.9.7' ? (['ali-ons 3', 'ali-ons 2', 'rocketmq 2'] as const) : (['ali-ons 3'] as const);
  describe.each(clients)('%s', client => {
    it('hands over to canaries and back while messages flow: none is lost', async () => {
      const names = await prepared(client);
      const { topic, group } = names;
      const base = await baseline({ ...names, workMs: 5 });
      const sender = await environment.producer([topic], {}, client);
      await canaryGroupOf(names);
      await base.drive({ leaveOut: ['gray'] });
      const traffic = steadily(sender, topic);
      await sleep(500);
      await base.drive({ start: 'gray' });
      const canaries: ConsumerApp[] = [];
      const taken: number[] = [];
      for (let i = 0; i < 3; i++) {
        await sleep(1500);
        taken.push((await base.drive({ leave: 'gray' })).ms);
        const settings = { client, group, subscriptions: { [topic]: '*' }, takesOrders: true } as const;
        const canary = await environment.consumer(settings, GRAY_INSTANCE);
        canaries.push(canary);
        await canary.rebalanced();
        await sleep(1500);
        const { orders } = JSON.parse(await canary.child.waitFor('"orders"')) as { orders: number };
        await fetch(`http://127.0.0.1:${orders}/`, { method: 'POST', body: '{"close":true}' });
        await canary.child.stop();
        taken.push((await base.drive({ start: 'gray' })).ms);
      }
      await sleep(1000);
      const sent = await traffic.stop();
      const all = () => [base, ...canaries].flatMap(app => app.got().map(({ got }) => got));
      await until(() => sent.every(body => all().includes(body)));
      const twice = all().filter((body, i, bodies) => bodies.indexOf(body) !== i);
      const doubled = twice.length;
      const who = (body: string) => [base, ...canaries].map(app => app.got().filter(({ got }) => got === body).length);
      console.log(
        `${version} ${client}: ${sent.length} sent, ${doubled} doubled, leave and start took ${taken} ms`,
        twice.map(body => `${body}: ${who(body)}`),
      );
      expect(canaries.flatMap(app => app.got()).filter(({ got }) => !got.startsWith('g'))).toEqual([]);
      // A canary's close() leaves the message that is being handled to the group.
      expect(doubled).toBeLessThanOrEqual(canaries.length * 2);
      expect(canaries.every(app => app.got().length > 0)).toBe(true);
      expect(base.lines('atOnce')).toEqual([]);
      expect(base.child.stderr).not.toMatch(/MaxListeners|failed/);
    }, 120_000);
  });
});

const DRIVEN = { NODE_OPTIONS: '--require ./rocketmq/drive-stand-ins.cjs', GRAY_LOG_LEVEL: 'debug' };

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

/** @throws when `condition` does not hold within `ms` */
async function until(condition: () => boolean, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await sleep(50);
  }
}
