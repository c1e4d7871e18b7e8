/**
 * Stand-ins of rocketmq-client-nodejs on a real RocketMQ 5.5.0: each message of a canary is handled once, by the canary
 * where there is one, else by the baseline.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import {
  type ConsumerApp,
  type ConsumerSettings,
  GRAY,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from './rocketmq-environment';

let environment: RocketmqEnvironment;
let count = 0;

beforeAll(async () => {
  environment = await rocketmqEnvironment();
});
afterAll(() => environment?.stop());

const TIMEOUT_MS = 180_000;
const ON = 'stand-in on';
const OFF = 'stand-in off';

/** Topic and group of a test. A subscription of the baseline is handed over at once: its tags are declared. */
async function prepared({ isOrdered = false, retryMaxTimes = 16 } = {}) {
  onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
  const [topic, group] = [`Stand${++count}`, `stand${count}`];
  await environment.rocketmq.createTopic(topic, { queues: 2, ...(isOrdered ? { type: 'FIFO' as const } : {}) });
  await environment.rocketmq.createGroup(group, { retryMaxTimes, consumeMessageOrderly: isOrdered });
  return { topic, group, subscriptions: { [topic]: '*' } };
}

const auto = () => ({
  GRAY_MQ_NAMESRV: environment.rocketmq.namesrv,
  GRAY_MQ_BASELINE: 'auto',
  GRAY_LOG_LEVEL: 'debug',
});
const canary = (settings: ConsumerSettings) =>
  environment.consumer({ shutsDown: true, ...settings }, { GRAY_TAG: 'gray', ...auto() });
const baseline = (settings: ConsumerSettings, env: Readonly<Record<string, string>> = {}) =>
  environment.consumer({ shutsDown: true, ...settings }, { GRAY_MQ_TAGS: 'gray', ...auto(), ...env });

/** Shuts the consumer of an application down; polls in flight keep a push consumer for up to half a minute. */
async function shutDown(app: ConsumerApp): Promise<void> {
  app.child.process.kill('SIGTERM');
  await app.child.waitFor('"shutDown"', 60_000);
}

async function until(what: string, app: ConsumerApp, condition: () => boolean, timeout = 60_000): Promise<void> {
  const end = Date.now() + timeout;
  while (!condition()) {
    if (Date.now() > end) throw app.child.failure(`not in ${timeout} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

const bodies = (...apps: ConsumerApp[]) => apps.flatMap(app => app.got().map(({ got }) => got));
const gray = (...apps: ConsumerApp[]) => bodies(...apps).filter(body => body.startsWith('g'));
const numbers = (texts: readonly string[]) => texts.map(text => Number(text.slice(1)));

/** Sends numbered messages, every third untagged, until told to stop; then all that were sent. */
async function traffic(topic: string, isOrdered = false): Promise<() => Promise<string[]>> {
  const producer = await environment.producer([topic]);
  const sent: string[] = [];
  let isOn = true;
  const done = (async () => {
    for (let i = 0; isOn; i++) {
      const body = `${i % 3 === 0 ? 'b' : 'g'}${i}`;
      const message = { topic, body, ...(isOrdered ? { messageGroup: 'one' } : {}) };
      await producer.send(message, body.startsWith('g') ? GRAY : {});
      sent.push(body);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  })();
  return async () => {
    isOn = false;
    await done;
    return sent;
  };
}

describe.each(['push', 'pull'] as const)('%s consumers', mode => {
  it.each([
    ['', false],
    [', in order', true],
  ])(
    'hand over to a canary and back under traffic%s',
    async (_name, isOrdered) => {
      const { topic, group, subscriptions } = await prepared({ isOrdered });
      // Several loops: some poll is on its way whenever the stand-in leaves.
      const loops = isOrdered ? {} : { loops: ['forOf', 'forOf', 'forOf'] as const };
      const base = await baseline({ mode, group, subscriptions, ...loops });
      const stop = await traffic(topic, isOrdered);
      await until('gray messages in the baseline', base, () => gray(base).length > 10);
      const guest = await canary({ mode, group, subscriptions });
      const atHandOver = gray(base).length;
      await until('gray messages in the canary', guest, () => gray(guest).length > 20);
      await shutDown(guest);
      const atReturn = gray(base).length;
      await until('gray messages in the baseline again', base, () => gray(base).length > atReturn + 20);
      const sent = await stop();
      await until('all of them', base, () => bodies(base, guest).length >= sent.length);

      expect(bodies(base, guest).sort()).toEqual([...sent].sort());
      expect(gray(guest)).toEqual(bodies(guest));
      // The canary says that it is started when its consumer is; what had begun in the baseline before that may end then.
      expect(atReturn - atHandOver).toBeLessThanOrEqual(3);
      // The poll that was on its way when the stand-in left brought the next message. (One pull loop may have had none.)
      if (mode === 'push' || !isOrdered)
        expect(base.child.stderr).toMatch(
          new RegExp(`GRAY-502 debug: message \\w+ of ${topic} was given back to ${group}_gray`),
        );
      // A broker counts each delivery of an ordered group, whatever is asked of it.
      if (!isOrdered) expect(new Set(guest.got().map(({ attempt }) => attempt))).toEqual(new Set([1]));
      for (const { got, downstream } of [...base.got(), ...guest.got()]) {
        expect([got, downstream]).toEqual([got, got.startsWith('g') ? 'gray_tag=gray' : null]);
      }
      if (!isOrdered) return;
      const order = numbers([...gray(base).slice(0, atReturn), ...gray(guest), ...gray(base).slice(atReturn)]);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    },
    TIMEOUT_MS,
  );

  it(
    'stand in as long as the application consumes, and for subscriptions made at run time too',
    async () => {
      const [{ topic, group, subscriptions }, other] = [await prepared(), await prepared()];
      const settings = { mode, group, subscriptions, later: { [other.topic]: { tag: 'A || B' } } };
      const [first, second] = [await baseline(settings), await baseline(settings)];
      const producer = await environment.producer([topic]);
      await producer.send({ topic: other.topic, body: 'g-A', tag: 'A' }, GRAY);
      await producer.send({ topic: other.topic, body: 'g-C', tag: 'C' }, GRAY);
      const stop = await traffic(topic);
      await until('gray messages in both', first, () => gray(first).length > 10 && gray(second).length > 10);
      await shutDown(first);
      const mark = gray(second).length;
      await until('gray messages in the second', second, () => gray(second).length > mark + 10);
      const sent = await stop();
      await until('all of them', second, () => bodies(first, second).length > sent.length);
      expect(bodies(first, second).sort()).toEqual([...sent, 'g-A'].sort());
      expect((await first.child.ended).code).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe('pull consumers', () => {
  it(
    'get no more than they ask for, and acknowledge what a stand-in brought also when it has left',
    async () => {
      const { topic, group, subscriptions } = await prepared();
      const settings = { mode: 'pull', group, subscriptions } as const;
      const base = await baseline({ ...settings, loops: ['later', 'later'], ackMs: 8000 });
      await base.child.waitFor(ON);
      const stop = await traffic(topic);
      await until('gray messages in the baseline', base, () => gray(base).length > 20);
      const guest = await canary(settings);
      await base.child.waitFor(OFF);
      await until('gray messages in the canary', guest, () => gray(guest).length > 20);
      const sent = await stop();
      await until('all of them', base, () => base.lines('acknowledged').length === bodies(base).length);
      // Their invisible time (20 s), and what the broker adds.
      await new Promise(resolve => setTimeout(resolve, 25_000));
      expect(base.lines('ackError')).toEqual([]);
      expect(bodies(base, guest).sort()).toEqual([...sent].sort());
      expect(Math.max(...base.lines('batch').map(({ batch }) => batch as number))).toBeLessThanOrEqual(4);
    },
    TIMEOUT_MS,
  );
});

describe('push consumers', () => {
  it(
    'keep to the limits of their cache together with their stand-ins, of which none waits for the backlog of others',
    async () => {
      const { topic, group, subscriptions } = await prepared();
      const base = await baseline({
        group,
        subscriptions,
        handleMs: 500,
        clientOptions: { maxCacheMessageCount: 6 },
      });
      await base.child.waitFor(ON);
      const producer = await environment.producer([topic]);
      const send = (body: string) => producer.send({ topic, body }, body.startsWith('g') ? GRAY : {});
      // The first polls were sent by a consumer that was alone.
      for (let i = 0; i < 4; i++) await Promise.all([send(`b${i}`), send(`g${i}`)]);
      await until('the first ones', base, () => bodies(base).length === 8);
      await Promise.all(Array.from({ length: 48 }, (_, i) => send(`b1${i}`)));
      await Promise.all(Array.from({ length: 8 }, (_, i) => send(`g1${i}`)));
      await until('all of them', base, () => bodies(base).length === 64);
      const most = Math.max(
        ...base
          .got()
          .slice(8)
          .map(({ atOnce }) => atOnce),
      );
      expect(most).toBeGreaterThan(3);
      expect(most).toBeLessThanOrEqual(6);
      // The untagged ones were sent first, and are many more than are handled at once.
      const lastOfGray = bodies(base).findLastIndex(body => body.startsWith('g'));
      expect(bodies(base).length - lastOfGray).toBeGreaterThan(6);
    },
    TIMEOUT_MS,
  );

  it(
    'leave their cache to who has messages: stand-ins that have none take nothing from the untagged ones',
    async () => {
      const { topic, group, subscriptions } = await prepared();
      await environment.rocketmq.createGroup(`${group}-control`);
      // Shared out among all of their queues it was four messages a queue, and a second for each of these.
      const settings = { group, subscriptions, clientOptions: { maxCacheMessageCount: 128 } };
      const tags = Array.from({ length: 15 }, (_, i) => `t${i}`);
      const [base, control] = await Promise.all([
        baseline(settings, { GRAY_MQ_TAGS: tags.join() }),
        baseline({ ...settings, group: `${group}-control` }, { GRAY_MQ_TAGS: '' }),
      ]);
      await until('all stand-ins', base, () => base.child.stderr.split(ON).length - 1 === tags.length);
      const producer = await environment.producer([topic]);
      const sent = Array.from({ length: 400 }, (_, i) => `b${i}`);
      for (let i = 0; i < sent.length; i += 50) {
        await Promise.all(sent.slice(i, i + 50).map(body => producer.send({ topic, body })));
      }
      await until('all of them without stand-ins', control, () => bodies(control).length === sent.length);
      expect(bodies(base).length).toBeGreaterThan(sent.length / 2);
      await until('all of them', base, () => bodies(base).length === sent.length);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['what it does at startup, which is done once', 'ownStartup', true],
    ['how messages are received: the baseline takes those of a canary', 'ownRequests', false],
  ] as const)(
    'may be of a class of the application, which changes %s',
    async (_name, ofClass, hasStandIn) => {
      const { topic, group, subscriptions } = await prepared();
      const base = await baseline({ group, subscriptions, ofClass });
      await base.child.waitFor(
        hasStandIn ? ON : 'a wrapPushReceiveMessageRequest() of its own, so no other consumer can stand in',
      );
      const producer = await environment.producer([topic]);
      await producer.send({ topic, body: 'g' }, GRAY);
      await base.receives(['g']);
      expect(base.lines('starts')).toHaveLength(ofClass === 'ownStartup' ? 1 : 0);
    },
    TIMEOUT_MS,
  );
});
