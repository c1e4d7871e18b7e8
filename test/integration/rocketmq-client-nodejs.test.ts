/** rocketmq-client-nodejs on a real RocketMQ 5.5.0: an unchanged application, isolated. */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

let environment: RocketmqEnvironment;
let count = 0;
/** Names of its own for each test. */
const names = () => ({ topic: `T${++count}`, group: `group${count}` });

beforeAll(async () => {
  environment = await rocketmqEnvironment();
});
afterAll(() => environment?.stop());

const withNamesrv = () => ({ GRAY_MQ_NAMESRV: environment.rocketmq.namesrv });
const gray = () => ({ GRAY_TAG: 'gray', ...withNamesrv() });

async function prepared() {
  onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
  const { topic, group } = names();
  await environment.rocketmq.createTopic(topic, { queues: 2 });
  await environment.rocketmq.createGroup(group);
  return { topic, group };
}

describe.each(['push', 'pull'] as const)('%s consumers', mode => {
  it.each([
    ['none', ['b1', 'b2']],
    ['all', ['b1', 'b2', 'g1', 'g2']],
  ])('keep messages apart, baseline mode %s', async (baseline, baselineGets) => {
    const { topic, group } = await prepared();
    const subscriptions = { [topic]: '*' };
    const [base, canary, producer] = await Promise.all([
      environment.consumer({ mode, group, subscriptions }, { GRAY_MQ_BASELINE: baseline }),
      environment.consumer({ mode, group, subscriptions }, gray()),
      environment.producer([topic]),
    ]);
    await producer.send({ topic, body: 'b1', properties: { user: 'kept' } });
    await producer.send({ topic, body: 'g1', properties: { user: 'kept' }, keys: ['k'] }, GRAY);
    await producer.send({ topic, body: 'b2' });
    await producer.send({ topic, body: 'g2' }, GRAY);
    await Promise.all([base.receives(baselineGets), canary.receives(['g1', 'g2'])]);

    expect(canary.lines('group')[0]).toMatchObject({ group: `${group}_gray` });
    expect(canary.child.stderr).toContain(`${group} -> ${group}_gray, ${topic}: gray_tag = 'gray'`);
    // Work done for a message follows the message's tag, on either side.
    for (const { got, downstream, properties, keys } of [...base.got(), ...canary.got()]) {
      expect([got, downstream]).toEqual([got, got.startsWith('g') ? 'gray_tag=gray' : null]);
      expect(properties.gray_tag).toBe(got.startsWith('g') ? 'gray' : undefined);
      if (got.endsWith('1')) expect(properties.user).toBe('kept');
      if (got === 'g1') expect(keys).toEqual(['k']);
    }
  });

  it('never take the messages of ignored tags in the baseline', async () => {
    const { topic, group } = await prepared();
    const base = await environment.consumer(
      { mode, group, subscriptions: { [topic]: '*' } },
      { GRAY_MQ_IGNORE_TAGS: 'blue' },
    );
    const producer = await environment.producer([topic]);
    await producer.send({ topic, body: 'blue' }, { baggage: 'gray_tag=blue' });
    await producer.send({ topic, body: 'g' }, GRAY);
    await producer.send({ topic, body: 'b' });
    await base.receives(['b', 'g']);
  });

  it('keep the meaning of tag and SQL92 subscriptions, also of later ones', async () => {
    const [first, second, third] = [await prepared(), await prepared(), await prepared()];
    const canary = await environment.consumer(
      {
        mode,
        group: first.group,
        subscriptions: { [first.topic]: 'A || B' },
        later: { [second.topic]: { sql: 'a = 1 OR b = 2' }, [third.topic]: { tag: 'x || y' } },
      },
      gray(),
    );
    const producer = await environment.producer([first.topic]);
    for (const [environmentName, headers] of [
      ['b', {}],
      ['g', GRAY],
    ] as const) {
      const send = (topic: string, body: string, options: object) =>
        producer.send({ topic, body: `${environmentName}-${body}`, ...options }, headers);
      await send(first.topic, 'A', { tag: 'A' });
      await send(first.topic, 'B', { tag: 'B' });
      await send(first.topic, 'C', { tag: 'C' });
      await send(first.topic, 'no-tag', {});
      await send(second.topic, 'a1', { properties: { a: '1' } });
      await send(second.topic, 'b2', { properties: { b: '2' } });
      await send(second.topic, 'a2', { properties: { a: '2' } });
      await send(third.topic, 'x', { tag: 'x' });
      await send(third.topic, 'z', { tag: 'z' });
    }
    await canary.receives(['g-A', 'g-B', 'g-a1', 'g-b2', 'g-x']);
    const said = canary.child.stderr;
    expect(said).toContain(`${first.topic}: (TAGS IS NOT NULL AND TAGS IN ('A','B')) AND gray_tag = 'gray'`);
    expect(said).toContain(`${second.topic}: (a = 1 OR b = 2) AND gray_tag = 'gray'`);
  });
});

it('follows each message in pull loops side by side, however they take it', async () => {
  const { topic, group } = await prepared();
  const producer = await environment.producer([topic]);
  const bodies: string[] = [];
  for (let i = 0; i < 40; i++) {
    const tag = [undefined, 'gray', 'blue'][i % 3];
    bodies.push(`${tag ?? 'none'}-${i}`);
    await producer.send({ topic, body: bodies[i] as string }, tag ? { baggage: `gray_tag=${tag}` } : {});
  }
  const base = await environment.consumer({
    mode: 'pull',
    group,
    subscriptions: { [topic]: '*' },
    loops: ['forOf', 'forOf', 'map', 'index'],
  });
  await base.receives(bodies);
  for (const { got, downstream } of base.got()) {
    const tag = got.split('-')[0];
    expect([got, downstream]).toEqual([got, tag === 'none' ? null : `gray_tag=${tag}`]);
  }
});

describe('producers', () => {
  it('tag normal, ordered, delayed and transactional messages; the instance tag where no request has one', async () => {
    const types = { normal: 'NORMAL', fifo: 'FIFO', delay: 'DELAY', tx: 'TRANSACTION' } as const;
    const kinds = Object.keys(types) as (keyof typeof types)[];
    const { group } = await prepared();
    for (const kind of kinds) await environment.rocketmq.createTopic(`kind-${kind}`, { type: types[kind] });
    // The client (1.0.8) does not start with several topics: the others are added later.
    const [first, ...others] = kinds.map(kind => `kind-${kind}`) as [string, ...string[]];
    const later = Object.fromEntries(others.map(topic => [topic, { tag: '*' }]));
    const [canary, instance, baseline] = await Promise.all([
      environment.consumer({ group, subscriptions: { [first]: '*' }, later }, gray()),
      environment.producer([first], { GRAY_TAG: 'gray' }),
      environment.producer([first]),
    ]);
    for (const [name, producer, headers] of [
      ['instance', instance, {}],
      ['request', baseline, GRAY],
      ['untagged', baseline, {}],
      ['base', instance, { baggage: 'gray_tag=base' }],
    ] as const) {
      const own = { gray_tag: 'gray' };
      await producer.send(
        { topic: 'kind-normal', body: `${name}-normal`, ...(name === 'base' ? { properties: own } : {}) },
        headers,
      );
      await producer.send({ topic: 'kind-fifo', body: `${name}-fifo`, messageGroup: 'm' }, headers);
      await producer.send({ topic: 'kind-delay', body: `${name}-delay`, delay: 1000 }, headers);
      await producer.send({ topic: 'kind-tx', body: `${name}-tx`, transaction: 'commit' }, headers);
    }
    await canary.receives(['instance', 'request'].flatMap(name => kinds.map(kind => `${name}-${kind}`)));
  });

  it("runs the transaction checker in its message's context", async () => {
    const producer = await environment.producer(['kind-tx']);
    await producer.send({ topic: 'kind-tx', body: 'orphan', transaction: 'open' }, GRAY);
    await producer.send({ topic: 'kind-tx', body: 'untagged orphan', transaction: 'open' });
    // The broker asks some 6 s after the message at the earliest, in rounds of 30 s.
    const tagged = JSON.parse(await producer.child.waitFor('"checked":"orphan"', 90_000)) as object;
    expect(tagged).toMatchObject({ downstream: 'gray_tag=gray' });
    const untagged = JSON.parse(await producer.child.waitFor('"checked":"untagged', 90_000)) as object;
    expect(untagged).toMatchObject({ downstream: null });
  }, 200_000);

  it("replaces the application's own property by the request's tag, and leaves it without one", async () => {
    const { topic, group } = await prepared();
    const base = await environment.consumer({ group, subscriptions: { [topic]: '*' } });
    const producer = await environment.producer([topic]);
    await producer.send({ topic, body: 'own', properties: { gray_tag: 'blue' } });
    await producer.send({ topic, body: 'replaced', properties: { gray_tag: 'blue' } }, GRAY);
    await base.receives(['own', 'replaced']);
    const tags = Object.fromEntries(base.got().map(({ got, properties }) => [got, properties.gray_tag]));
    expect(tags).toEqual({ own: 'blue', replaced: 'gray' });
  });
});

describe("the canary's group", () => {
  it('starts where the baseline group stands, with its settings', async () => {
    const { topic, group } = await prepared();
    const producer = await environment.producer([topic]);
    const first = await environment.consumer({ mode: 'pull', group, subscriptions: { [topic]: '*' } });
    const before = ['old-1', 'old-2', 'old-3', 'old-4'];
    for (const body of before) await producer.send({ topic, body }, GRAY);
    await first.receives(before);
    await first.child.stop('SIGKILL');
    // Its last long poll (2 s) is still at the broker, and would take what comes meanwhile.
    await new Promise(resolve => setTimeout(resolve, 3000));
    await producer.send({ topic, body: 'missed-1' }, GRAY);
    await producer.send({ topic, body: 'missed-2' }, GRAY);
    const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, gray());
    await canary.receives(['missed-1', 'missed-2']);
    expect(canary.child.stderr).toContain(`${group}_gray created on`);
  });

  it('is retried in its own group', async () => {
    const { topic, group } = await prepared();
    const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' }, failFirst: ['again'] }, gray());
    const producer = await environment.producer([topic]);
    await producer.send({ topic, body: 'again' }, GRAY);
    await canary.receives(['again', 'again'], 60_000);
    expect(canary.got().map(({ downstream }) => downstream)).toEqual(['gray_tag=gray', 'gray_tag=gray']);
  });

  it('that is missing is named once, with the command that creates it; then the consumer starts', async () => {
    const { topic, group } = await prepared();
    const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, { GRAY_TAG: 'gray' }, false);
    await canary.child.waitFor(`mqadmin updateSubGroup -n '<name server>' -c '<cluster>' -g ${group}_gray`);
    await new Promise(resolve => setTimeout(resolve, 5000));
    expect(canary.child.stderr.match(/has no consumer group/g)).toHaveLength(1);
    // The client tried again several times by now; its own log has the error once.
    expect(
      canary.lines('clientError').filter(({ clientError }) => /group not found/.test(`${clientError}`)),
    ).toHaveLength(1);
    await environment.rocketmq.createGroup(`${group}_gray`);
    await canary.child.waitFor('"started"');
    const producer = await environment.producer([topic]);
    await producer.send({ topic, body: 'g' }, GRAY);
    await canary.receives(['g']);
  });

  it('is renamed whatever its name already is', async () => {
    const { topic, group } = await prepared();
    const canary = await environment.consumer({ group: `${group}_gray`, subscriptions: { [topic]: '*' } }, gray());
    expect(canary.lines('group')[0]).toMatchObject({ group: `${group}_gray_gray` });
  });

  it('that cannot be prepared is said in one line, and the consumer goes on', async () => {
    const { topic, group } = await prepared();
    await environment.rocketmq.createGroup(`${group}_gray`);
    const env = { GRAY_TAG: 'gray', GRAY_MQ_NAMESRV: '127.0.0.1:1' };
    const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, env);
    const lines = canary.child.stderr.split('\n').filter(line => line.includes('mqadmin'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${group}_gray`);
  });
});

it.each([
  ['the canary', { GRAY_TAG: 'gray' }, 'group1_gray'],
  ['the baseline', {}, 'group1'],
  ['no agent', { WITHOUT_AGENT: '1' }, 'group1'],
])('however a consumer is made: %s', async (_name, env, group) => {
  const child = environment.start('clients/rocketmq-client-nodejs/kinds.js', {}, env);
  const { refusals, ...made } = JSON.parse(await child.waitFor('"push"')) as Record<string, unknown>;
  expect(made).toEqual({
    push: group,
    pull: group,
    ofClass: group,
    own: group,
    ownIs: [true, true, true],
    is: [true, true, 'SimpleConsumer', 1],
    lite: ['group1', 'group1'],
    untouched: 'T,*',
  });
  // The client's own words.
  for (const refusal of refusals as string[]) expect(refusal).toMatch(/^Cannot read properties of undefined/);
  const { stderr } = await child.ended;
  expect(stderr.match(/LitePushConsumer/g) ?? []).toHaveLength('WITHOUT_AGENT' in env ? 0 : 1);
});

describe('left alone', () => {
  it('messages, with GRAY_MQ_ENABLED=false', async () => {
    const { topic, group } = await prepared();
    const env = { ...gray(), GRAY_MQ_ENABLED: 'false' };
    const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, env);
    const producer = await environment.producer([topic], env);
    await producer.send({ topic, body: 'x' });
    await canary.receives(['x']);
    expect(canary.got()[0]?.properties).not.toHaveProperty('gray_tag');
    expect(canary.lines('group')[0]).toMatchObject({ group });
    // HTTP goes on: the instance tag is carried.
    expect(canary.got()[0]?.downstream).toBe('gray_tag=gray');
  });

  it('the options of the application', async () => {
    const { topic, group } = await prepared();
    const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, gray());
    expect(canary.lines('options')[0]).toMatchObject({ options: { group, topics: [topic] } });
  });
});

describe('with access keys, on a broker with authentication', () => {
  const administrator = { accessKey: 'administrator', secretKey: '12345678' };
  const sessionCredentials = { accessKey: administrator.accessKey, accessSecret: administrator.secretKey };
  const clientOptions = { sessionCredentials };
  let secured: RocketmqEnvironment;
  beforeAll(async () => {
    const restricted = { accessKey: 'restricted', secretKey: '12345678' };
    secured = await rocketmqEnvironment({ accessControl: { ...administrator, restricted } });
  });
  afterAll(() => secured?.stop());

  it("the canary's group is created, and canaries are known, with the client's keys, which are never printed", async () => {
    const { topic, group } = names();
    await Promise.all([secured.rocketmq.createTopic(topic), secured.rocketmq.createGroup(group)]);
    const env = { GRAY_MQ_NAMESRV: secured.rocketmq.namesrv, GRAY_MQ_TAGS: 'gray', GRAY_LOG_LEVEL: 'debug' };
    const settings = { group, subscriptions: { [topic]: '*' }, clientOptions };
    const baseline = await secured.consumer(settings, env);
    const canary = await secured.consumer(settings, { ...env, GRAY_TAG: 'gray' });
    const producer = await secured.producer([topic], {}, undefined, clientOptions);
    await producer.send({ topic, body: 'g' }, GRAY);
    await producer.send({ topic, body: 'b' });
    await canary.receives(['g']);
    await baseline.receives(['b']);
    expect(baseline.child.stderr).toContain(`${group}, ${topic}: gray is managed (declared)`);
    for (const { child } of [baseline, canary]) expect(child.stderr).not.toContain(administrator.secretKey);
  });
});

describe('messages at the limits of a proxy', () => {
  it.each([
    ['many', (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'x'])), 128],
    ['long', (length: number) => ({ p: 'x'.repeat(length - 1) }), 16_384],
  ])(
    'are refused for their tag, which is said, and are not sent without it: too %s',
    async (_name, properties, most) => {
      const { topic, group } = await prepared();
      const canary = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, gray());
      const base = await environment.consumer({ group, subscriptions: { [topic]: '*' } }, { GRAY_MQ_BASELINE: 'none' });
      const producer = await environment.producer([topic]);
      const send = (body: string, count: number, headers = {}) =>
        producer.send({ topic, body, properties: properties(count) }, headers);
      await send('b', most);
      await expect(send('b-refused', most + 1)).rejects.toThrow('max is');
      expect(producer.child.stderr).not.toContain('was refused');
      const fits = most - (most === 128 ? 1 : 'gray_taggray'.length);
      await send('g', fits, GRAY);
      for (let i = 0; i < 2; i++) await expect(send('g-refused', most, GRAY)).rejects.toThrow('max is');
      const lines = producer.child.stderr.split('\n').filter(line => line.includes('was refused'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(
        new RegExp(`a message of gray to ${topic} was refused .*max is ${most}.*it is not sent`),
      );
      await Promise.all([base.receives(['b']), canary.receives(['g'])]);
    },
  );
});
