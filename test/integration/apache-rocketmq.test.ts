/** The native client, on a real broker, in a fleet with the others. */
import { cpSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { apacheRocketmqDirectory, whyNotBuilt } from '../../fixtures/apache-rocketmq';
import { until } from '../../fixtures/servers/until';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { type ConsumerApp, GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

const client = 'apache-rocketmq';
const NONE = { GRAY_MQ_BASELINE: 'none' };
const FORMS = ['promise', 'bare', 'buffer', 'callback', 'callbackThird', 'noTexts'] as const;
/** Two properties, if it went into the property string as it is. */
const SMUGGLED = { keys: 'k\x02gray_tag\x01gray', tag: 'A\x02x\x01y' };

let environment: RocketmqEnvironment;

const notBuilt = whyNotBuilt();
const title = `apache-rocketmq${notBuilt === undefined ? '' : `, not run: ${notBuilt}`}`;

describe.skipIf(notBuilt !== undefined)(title, () => {
  beforeAll(async () => {
    environment = await rocketmqEnvironment();
    cpSync(apacheRocketmqDirectory(), environment.sandbox.path('node_modules/apache-rocketmq'), { recursive: true });
  });
  afterAll(() => environment?.stop());

  it('keeps environments apart with any client at the other end, in every form of a call, and after a failure', async () => {
    onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
    const [mixed, forms] = ['Mixed', 'Forms'];
    await Promise.all([environment.rocketmq.createTopic(mixed), environment.rocketmq.createTopic(forms)]);
    const subscriptions = { [mixed]: 'A || B' };
    const consumers = [
      ['native', { client, subscriptions: { ...subscriptions, [forms]: '*' } }, {}],
      ['ons', { client: 'ali-ons 3', subscriptions: { ...subscriptions, [forms]: '*' } }, {}],
      ['grpc', { subscriptions }, { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv }],
    ] as const;
    for (const [group] of consumers) await beginsAtTheBeginning(group, [mixed, forms]);
    const [producer, ...others] = await Promise.all([
      environment.producer([mixed, forms], {}, client),
      environment.producer([mixed], {}, 'ali-ons 3'),
      environment.producer([mixed], {}),
    ]);
    const [native, ons, grpc] = await Promise.all(
      consumers.map(async ([group, settings, env]) => {
        const [base, gray] = await Promise.all([
          environment.consumer({ group, ...settings, failFirst: ['b-again'] }, { ...NONE, ...env }),
          environment.consumer({ group, ...settings, failFirst: ['g-again'] }, { ...NONE, ...env, GRAY_TAG: 'gray' }),
        ]);
        return { base, gray };
      }),
    );
    if (native === undefined || ons === undefined || grpc === undefined) throw new Error('a consumer is missing');
    expect(native.gray.child.stderr).toContain('native_gray created on');
    expect(native.gray.child.stderr).toContain(`native -> native_gray, ${mixed}: A || B`);
    expect(native.gray.lines('started')).toEqual([{ started: true, status: 0 }]);

    for (const [name, headers] of [
      ['b', {}],
      ['g', GRAY],
    ] as const) {
      // Redelivered ten seconds later: first.
      await producer.send({ topic: forms, body: `${name}-again` }, headers);
      for (const [i, sender] of [producer, ...others].entries()) {
        await sender.send({ topic: mixed, body: `${name}-A${i}`, tag: 'A', ...(i === 1 ? {} : keysFor(i)) }, headers);
        await sender.send({ topic: mixed, body: `${name}-C${i}`, tag: 'C' }, headers);
      }
      for (const form of FORMS) await producer.send({ topic: forms, body: `${name}-${form}`, form }, headers);
      await producer.send({ topic: forms, body: `${name}-keys`, keys: 'k1 k2', form: 'callback' }, headers);
      await producer.send({ topic: forms, body: `${name}-smuggled`, ...SMUGGLED }, headers);
    }

    const wanted = (name: 'b' | 'g') => ({
      mixed: [0, 1, 2].map(i => `${name}-A${i}`),
      forms: [...FORMS, 'keys', 'smuggled', 'again', 'again'].map(form => `${name}-${form}`),
    });
    const [b, g] = [wanted('b'), wanted('g')];
    await Promise.all([
      grpc.base.receives(b.mixed),
      grpc.gray.receives(g.mixed),
      ons.base.receives([...b.mixed, ...b.forms], 50_000),
      ons.gray.receives([...g.mixed, ...g.forms], 50_000),
      native.base.receives([...b.mixed, ...b.forms], 50_000),
      native.gray.receives([...g.mixed, ...g.forms], 50_000),
    ]);
    for (const consumer of [native, ons, grpc].flatMap(({ base, gray }) => [base, gray])) {
      for (const { got, downstream, properties } of consumer.got()) {
        const gray = got.startsWith('g');
        expect([got, downstream]).toEqual([got, gray ? 'gray_tag=gray' : null]);
        expect([got, properties]).toEqual([got, gray ? { gray_tag: 'gray' } : {}]);
      }
    }

    // Keys and tags are what the application gave.
    const nativeShows = (name: string) => pick(one(native.gray, name), 'keys', 'tags');
    expect(one(grpc.gray, 'g-A0').keys).toEqual(['k0']);
    expect(one(grpc.gray, 'g-A1').keys).toEqual([]);
    expect(nativeShows('g-A0')).toEqual({ keys: 'k0', tags: 'A' });
    expect(nativeShows('g-keys')).toEqual({ keys: 'k1 k2', tags: '' });
    expect(nativeShows('g-bare')).toEqual({ keys: '', tags: '' });
    expect(nativeShows('g-noTexts')).toEqual({ keys: '', tags: '' });
    for (const [consumer, name] of [
      [native.base, 'b-smuggled'],
      [native.gray, 'g-smuggled'],
    ] as const) {
      expect(pick(one(consumer, name), 'keys', 'tags')).toEqual({ keys: 'kgray_taggray', tags: 'Axy' });
    }
    expect(producer.child.stderr.match(/held separators of message properties/g)).toHaveLength(1);

    // What a callback does belongs to the request that sent.
    const called = JSON.parse(`[${producer.child.stdout.match(/^.*"calledBack".*$/gm)?.join()}]`) as object[];
    expect(called).toEqual(
      ['b', 'g'].flatMap(name =>
        ['callback', 'callbackThird', 'keys'].map(form => ({
          calledBack: `${name}-${form}`,
          downstream: name === 'g' ? 'gray_tag=gray' : null,
        })),
      ),
    );
  }, 120_000);

  it('as a canary has stand-ins of the baseline leave, and come back when it leaves', async () => {
    const [topic, group] = ['Handed', 'handed'];
    await environment.rocketmq.createTopic(topic);
    await beginsAtTheBeginning(group, [topic]);
    const settings = { group, subscriptions: { [topic]: '*' } };
    const producer = await environment.producer([topic], {}, client);
    const base = await environment.consumer({ client: 'ali-ons 3', ...settings }, { GRAY_MQ_TAGS: 'gray' });
    await says(base, 'stand-in on', 1);
    await producer.send({ topic, body: 'g-before' }, GRAY);
    await base.receives(['g-before']);

    const canary = await environment.consumer({ client, ...settings, twice: true }, { GRAY_TAG: 'gray' });
    await canary.child.waitFor('"second"');
    expect(canary.lines('second')).toEqual([{ second: 20 }]);
    await says(base, 'stand-in off, a canary of gray is there', 1);
    await producer.send({ topic, body: 'g-there' }, GRAY);
    await producer.send({ topic, body: 'b-there' });
    await Promise.all([canary.receives(['g-there']), base.receives(['g-before', 'b-there'])]);

    // One that could not be started takes no other's place with it.
    expect(said(base, 'stand-in on')).toBe(1);
    await canary.child.stop();
    expect(canary.lines('shutDown')).toHaveLength(1);
    await says(base, 'stand-in on', 2);
    await producer.send({ topic, body: 'g-after' }, GRAY);
    await base.receives(['g-before', 'b-there', 'g-after']);
    expect(canary.got().map(({ got }) => got)).toEqual(['g-there']);
  });

  it('in the baseline has no stand-ins: in auto mode it takes everything, each message within its tag, and says so', async () => {
    const [topic, group] = ['Alone', 'alone'];
    await environment.rocketmq.createTopic(topic);
    await beginsAtTheBeginning(group, [topic]);
    const base = await environment.consumer({ client, group, subscriptions: { [topic]: '*' } });
    const producer = await environment.producer([topic], {}, 'ali-ons 3');
    await producer.send({ topic, body: 'g' }, GRAY);
    await producer.send({ topic, body: 'b' });
    await base.receives(['b', 'g']);
    expect(Object.fromEntries(base.got().map(({ got, downstream }) => [got, downstream]))).toEqual({
      b: null,
      g: 'gray_tag=gray',
    });
    expect(said(base, `${group}: beside a consumer of apache-rocketmq 1.0.0-rc1 nobody can stand in`)).toBe(1);
    expect(said(base, 'warn: ')).toBe(1);
  });

  it('does not consume where it cannot keep environments apart', async () => {
    // A build without message-properties.patch, by its mark.
    const unpatched = 'unpatched/node_modules/apache-rocketmq';
    cpSync(apacheRocketmqDirectory(), environment.sandbox.path(unpatched), { recursive: true });
    environment.sandbox.write(
      `${unpatched}/lib/common.js`,
      `exports.requireBinding = name => {
        const addon = require('../build/Release/' + name);
        delete addon.PushConsumer.prototype.hasMessageProperties;
        return addon;
      };`,
    );
    for (const app of ['apache-rocketmq/consumer-or-producer.js', 'echo.js', 'send-server.js']) {
      cpSync(environment.sandbox.path(`clients/${app}`), environment.sandbox.path(`unpatched/${app}`));
    }
    const { namesrv } = environment.rocketmq;
    const start = (env: Record<string, string>, script = 'unpatched/apache-rocketmq/consumer-or-producer.js') =>
      environment.start(script, { namesrv, group: 'blind', subscriptions: { Blind: '*' } }, env);
    const refused = [
      [start({ GRAY_TAG: 'gray' }), 'which messages are those of gray: the consumer of blind is not made'],
      [start(NONE), 'which messages are left to canaries: the consumer of blind is not made'],
      [
        start({ GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: 'broker' }, 'clients/apache-rocketmq/consumer-or-producer.js'),
        'know no SQL92 filters: GRAY_MQ_FILTER_SIDE must be client or auto, not broker',
      ],
    ] as const;
    const takesAll = start({});
    await takesAll.waitFor('"started"');
    expect(takesAll.stderr).toContain(
      'was built without message-properties.patch (see docs/apache-rocketmq.md): consumers of blind handle messages of canaries as if they had no tag',
    );
    for (const [child, words] of refused) {
      const { code, stdout, stderr } = await child.ended;
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(words);
    }
    expect(refused[0][0].stderr.match(/error: /g)).toHaveLength(1);
  });
});

/** The group exists, with offsets: a consumer of the remoting protocol would begin at the end of each queue it gets. */
async function beginsAtTheBeginning(group: string, topics: readonly string[]): Promise<void> {
  await environment.rocketmq.createGroup(group);
  const administration = brokerAdministration({ namesrv: environment.rocketmq.namesrv, timeoutMs: 20_000 });
  try {
    const brokers = await administration.brokersOfCluster(topics);
    for (const topic of topics) {
      for (const { broker: name, queues } of await administration.queuesOf(topic)) {
        const broker = brokers.find(one => one.name === name);
        if (broker === undefined) throw new Error(`no broker ${name}`);
        for (let queue = 0; queue < queues; queue++) {
          await administration.commitOffset(broker, group, topic, queue, 0);
        }
      }
    }
  } finally {
    administration.close();
  }
}

const keysFor = (i: number) => ({ keys: i === 0 ? 'k0' : ['k2'] });

const said = (app: ConsumerApp, text: string) => app.child.stderr.split(text).length - 1;

/** Waits until it has been said so often. */
const says = (app: ConsumerApp, text: string, times: number) =>
  until(`"${text}" ${times} times in\n${app.child.stderr}`, 30_000, async () => said(app, text) === times);

function one(consumer: ConsumerApp, body: string) {
  const found = consumer.got().find(({ got }) => got === body);
  if (found === undefined) throw consumer.child.failure(`received no ${body}`);
  return found;
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(keys.map(key => [key, from[key]])) as Pick<T, K>;
}
