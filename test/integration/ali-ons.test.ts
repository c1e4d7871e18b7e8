/** Clients of the remoting protocol, beyond what the isolation matrix holds for each of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

const ADMIN = { accessKey: 'administrator', secretKey: '12345678' };
const RESTRICTED = { accessKey: 'restricted', secretKey: '12345678' };
const client = 'ali-ons 3';
const GRAY_INSTANCE = { GRAY_TAG: 'gray' };

let environment: RocketmqEnvironment;
let count = 0;

async function prepared(groups = true) {
  const [topic, group] = [`O${++count}`, `ons${count}`];
  await environment.rocketmq.createTopic(topic, { queues: 2 });
  if (groups) await environment.rocketmq.createGroup(group);
  return { topic, group };
}

describe('ali-ons 3 on RocketMQ 4.9.7', () => {
  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version: '4.9.7' });
  });
  afterAll(() => environment?.stop());
  const producer = (topic: string) => environment.producer([topic], {}, client);

  it('keeps the meaning of every form of subscription, also of late ones', async () => {
    const [first, second, third] = [await prepared(), await prepared(), await prepared()];
    const canary = await environment.consumer(
      {
        client,
        group: first.group,
        subscriptions: { [first.topic]: '*', [second.topic]: { sql: 'a = 1 OR b = 2' } },
        later: { [third.topic]: 'A || B' },
      },
      GRAY_INSTANCE,
    );
    await canary.rebalanced();
    const sender = await producer(first.topic);
    for (const [name, headers] of [
      ['b', {}],
      ['g', GRAY],
    ] as const) {
      await sender.send({ topic: first.topic, body: `${name}-all` }, headers);
      await sender.send({ topic: second.topic, body: `${name}-a1`, properties: { a: '1' } }, headers);
      await sender.send({ topic: second.topic, body: `${name}-a2`, properties: { a: '2' } }, headers);
      await sender.send({ topic: third.topic, body: `${name}-B`, tag: 'B' }, headers);
      await sender.send({ topic: third.topic, body: `${name}-C`, tag: 'C' }, headers);
    }
    await canary.receives(['g-all', 'g-a1', 'g-B']);
    expect(canary.child.stderr).toContain(`${second.topic}: (a = 1 OR b = 2) AND gray_tag = 'gray'`);
  });

  it("starts a canary where the baseline's group stands", async () => {
    const { topic, group } = await prepared();
    const sender = await producer(topic);
    const base = await environment.consumer({ client, group, subscriptions: { [topic]: '*' } });
    await base.rebalanced();
    for (let i = 0; i < 4; i++) await sender.send({ topic, body: `old-${i}` }, GRAY);
    await base.receives(['old-0', 'old-1', 'old-2', 'old-3']);
    // The client commits its offsets every 5 s.
    await new Promise(resolve => setTimeout(resolve, 6000));
    await base.child.stop('SIGKILL');
    await sender.send({ topic, body: 'missed-0' }, GRAY);
    await sender.send({ topic, body: 'missed-1' }, GRAY);
    const canary = await environment.consumer({ client, group, subscriptions: { [topic]: '*' } }, GRAY_INSTANCE);
    await canary.receives(['missed-0', 'missed-1']);
  });

  it("gives the canary's group the baseline group's settings but for its pause, also when it subscribes late", async () => {
    const { topic, group } = await prepared(false);
    const lasting = { retryMaxTimes: 3, consumeBroadcastEnable: false };
    await environment.rocketmq.createGroup(group, { ...lasting, consumeEnable: false });
    const settings = { client, group, subscriptions: {}, later: { [topic]: '*' } } as const;
    const canary = await environment.consumer(settings, GRAY_INSTANCE);
    await canary.rebalanced();
    const administration = brokerAdministration({ namesrv: environment.rocketmq.namesrv, timeoutMs: 20_000 });
    try {
      for (const broker of await administration.brokersOfCluster([topic])) {
        const created = await administration.groupSettings(broker, `${group}_gray`);
        expect(created).toMatchObject({ ...lasting, consumeEnable: true });
      }
    } finally {
      administration.close();
    }
    await (await producer(topic)).send({ topic, body: 'g' }, GRAY);
    await canary.receives(['g']);
  });

  it('says that a message is refused for its tag, and does not send it without', async () => {
    const { topic } = await prepared();
    const sender = await producer(topic);
    const send = (length: number, headers = {}) =>
      sender.send({ topic, body: 'x', properties: { long: 'x'.repeat(length) } }, headers).then(
        () => true,
        () => false,
      );
    let [fits, refused] = [32_000, 32_767];
    while (refused - fits > 1) {
      const middle = (fits + refused) >> 1;
      if (await send(middle)) fits = middle;
      else refused = middle;
    }
    expect(sender.child.stderr).not.toContain('was refused');
    expect([await send(fits - 100, GRAY), await send(fits, GRAY), await send(fits, GRAY)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(sender.child.stderr.split(`a message of gray to ${topic} was refused (`)).toHaveLength(2);
  });

  it('lets the client refuse what is no handler to it', async () => {
    const { topic, group } = await prepared();
    const settings = { client, group, subscriptions: { [topic]: '*' }, plainHandler: true } as const;
    const consumer = await environment.consumer(settings, GRAY_INSTANCE, false);
    const { code, stderr } = await consumer.child.ended;
    expect(code).not.toBe(0);
    expect(stderr).toContain('handler should be a asyncFunction');
  });

  it('handles retries within the tag of their message, in their own group', async () => {
    const { topic, group } = await prepared();
    const canary = await environment.consumer(
      { client, group, subscriptions: { [topic]: '*' }, failFirst: ['again'] },
      GRAY_INSTANCE,
    );
    await canary.rebalanced();
    await (await producer(topic)).send({ topic, body: 'again' }, GRAY);
    await canary.receives(['again', 'again'], 60_000);
    expect(canary.got().map(({ attempt, downstream }) => [attempt, downstream])).toEqual([
      [1, 'gray_tag=gray'],
      [2, 'gray_tag=gray'],
    ]);
  }, 90_000);

  it('leaves broadcasts what they are: each instance of an environment gets every message of it', async () => {
    const { topic, group } = await prepared();
    const settings = { client, group, subscriptions: { [topic]: '*' }, broadcast: true } as const;
    const [one, other, base] = await Promise.all([
      environment.consumer(settings, GRAY_INSTANCE),
      environment.consumer(settings, GRAY_INSTANCE),
      environment.consumer(settings, { GRAY_MQ_BASELINE: 'none' }),
    ]);
    await Promise.all([one, other, base].map(consumer => consumer.rebalanced()));
    const sender = await producer(topic);
    await sender.send({ topic, body: 'g' }, GRAY);
    await sender.send({ topic, body: 'b' });
    await Promise.all([one.receives(['g']), other.receives(['g']), base.receives(['b'])]);
  });

  it('renames a group within its namespace', async () => {
    const { topic, group } = await prepared(false);
    await environment.rocketmq.createTopic(`shop%${topic}`);
    const settings = { client, group, subscriptions: { [topic]: '*' }, clientOptions: { namespace: 'shop' } } as const;
    const canary = await environment.consumer(settings, GRAY_INSTANCE);
    expect(canary.lines('group')[0]).toMatchObject({ group: `shop%${group}_gray` });
    await canary.rebalanced();
    const sender = await environment.producer([topic], {}, client, { namespace: 'shop' });
    await sender.send({ topic, body: 'b' });
    await sender.send({ topic, body: 'g' }, GRAY);
    await canary.receives(['g']);
  });

  it('takes everything in a baseline of mode all, each message within its tag', async () => {
    const { topic, group } = await prepared();
    const base = await environment.consumer({ client, group, subscriptions: { [topic]: '*' } });
    await base.rebalanced();
    const sender = await producer(topic);
    await sender.send({ topic, body: 'g' }, GRAY);
    await sender.send({ topic, body: 'b' });
    await base.receives(['b', 'g']);
    const downstream = Object.fromEntries(base.got().map(message => [message.got, message.downstream]));
    expect(downstream).toEqual({ b: null, g: 'gray_tag=gray' });
  });

  it.each(['ali-ons 2', 'rocketmq 2'] as const)('%s refuses GRAY_MQ_FILTER_SIDE=broker clearly', async older => {
    const { topic, group } = await prepared();
    const env = { ...GRAY_INSTANCE, GRAY_MQ_FILTER_SIDE: 'broker' };
    const consumer = await environment.consumer({ client: older, group, subscriptions: { [topic]: '*' } }, env, false);
    const { code, stderr } = await consumer.child.ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/know no SQL92 filters: GRAY_MQ_FILTER_SIDE must be client or auto, not broker/);
  });
});

describe('ali-ons 3 with access keys, on RocketMQ 4.9.7 with access control', () => {
  beforeAll(async () => {
    environment = await rocketmqEnvironment({
      version: '4.9.7',
      accessControl: { ...ADMIN, restricted: RESTRICTED },
    });
  });
  afterAll(() => environment?.stop());

  it("creates the canary's group with the client's keys", async () => {
    const { topic, group } = await prepared();
    const settings = { client, group, subscriptions: { [topic]: '*' }, clientOptions: ADMIN } as const;
    const canary = await environment.consumer(settings, GRAY_INSTANCE);
    expect(canary.child.stderr).toContain(`${group}_gray created on`);
    await canary.rebalanced();
    await (await environment.producer([topic], {}, client, ADMIN)).send({ topic, body: 'g' }, GRAY);
    await canary.receives(['g']);
    expect(canary.child.stderr).not.toContain(ADMIN.secretKey);
  });

  it('says in one line what to create when its keys may not', async () => {
    const { topic, group } = await prepared();
    const settings = { client, group, subscriptions: { [topic]: '*' }, clientOptions: RESTRICTED } as const;
    const canary = await environment.consumer(settings, GRAY_INSTANCE);
    const lines = canary.child.stderr.split('\n').filter(line => line.includes('mqadmin'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`-g ${group}_gray`);
    expect(canary.child.stderr).not.toContain(RESTRICTED.secretKey);
  });
});
