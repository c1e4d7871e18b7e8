/** Standing in is shared out among the processes of a baseline, on a real RocketMQ 5.5.0. */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import {
  type Client,
  type ConsumerApp,
  GRAY,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';

let environment: RocketmqEnvironment;
let count = 0;

beforeAll(async () => {
  environment = await rocketmqEnvironment();
});
afterAll(() => environment?.stop());

const TIMEOUT_MS = 300_000;

interface Fleet {
  readonly topic: string;
  readonly group: string;
  readonly baselines: ConsumerApp[];
  start(env?: Readonly<Record<string, string>>): Promise<ConsumerApp>;
}

/** Processes of a baseline that know of the tag beforehand. */
async function fleet(client: Client, processes: number, env: Readonly<Record<string, string>> = {}): Promise<Fleet> {
  onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
  const [topic, group] = [`Shared${++count}`, `shared${count}`];
  await environment.rocketmq.createTopic(topic, { queues: 4 });
  await environment.rocketmq.createGroup(group);
  const start = (more: Readonly<Record<string, string>> = {}) =>
    environment.consumer(
      { client, mode: 'push', group, subscriptions: { [topic]: '*' }, shutsDown: true },
      { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_MQ_BASELINE: 'auto', ...more },
    );
  const baselines = await Promise.all(Array.from({ length: processes }, () => start({ GRAY_MQ_TAGS: 'gray', ...env })));
  return { topic, group, baselines, start };
}

const changes = ({ child }: ConsumerApp) => child.stderr.match(/stand-in (on|off)/g) ?? [];
const standing = (apps: readonly ConsumerApp[]) => apps.filter(app => changes(app).at(-1) === 'stand-in on');
const gray = (...apps: ConsumerApp[]) =>
  apps.flatMap(app => app.got().map(({ got }) => got)).filter(body => body.startsWith('g'));

async function until(what: string, app: ConsumerApp | undefined, isSo: () => boolean, ms = 90_000): Promise<void> {
  const end = Date.now() + ms;
  while (!isSo()) {
    if (Date.now() > end) throw app?.child.failure(`not in ${ms} ms: ${what}`) ?? new Error(what);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function send({ topic }: Fleet, name: string, messages = 20): Promise<string[]> {
  const producer = await environment.producer([topic]);
  const bodies = Array.from({ length: messages }, (_, index) => `g-${name}-${index}`);
  for (const body of bodies) await producer.send({ topic, body }, GRAY);
  return bodies;
}

describe.each(['rocketmq-client-nodejs', 'ali-ons 3'] as const)('%s: of four processes', client => {
  it(
    'two stand in; one that dies is replaced, and those that come back take their places again',
    async () => {
      const one = await fleet(client, 4);
      const { baselines } = one;
      const [any] = baselines;
      await until('two stand in', any, () => standing(baselines).length === 2);
      await sleep(4_000);
      const first = standing(baselines);
      // Whoever was first to start may have stood in alone for a moment.
      expect(first.length).toBeGreaterThanOrEqual(2);
      expect(first.length).toBeLessThan(4);
      const sent = await send(one, 'a');
      await until('all are handled', any, () => gray(...baselines).length >= sent.length);
      expect(gray(...baselines).sort()).toEqual(sent.sort());
      expect(gray(...first)).toHaveLength(sent.length);

      const [dead] = first as [ConsumerApp];
      dead.child.process.kill('SIGKILL');
      const left = baselines.filter(app => app !== dead);
      const killedAt = Date.now();
      await until('another stands in', any, () => standing(left).length >= 2);
      // Five seconds are promised. The machine may be busy.
      expect(Date.now() - killedAt).toBeLessThan(15_000);
      const before = gray(...left).length;
      const more = await send(one, 'b');
      await until('all are handled', left[0], () => gray(...left).length - before >= more.length, 150_000);

      const canary = await one.start({ GRAY_TAG: 'gray' });
      await until('all leave', left[0], () => standing(left).length === 0);
      const its = await send(one, 'c');
      await until('its messages are its own', canary, () => gray(canary).length >= its.length);
      expect(gray(...left).filter(body => body.startsWith('g-c'))).toEqual([]);
      canary.child.process.kill('SIGKILL');
      await until('two stand in again', left[0], () => standing(left).length >= 2);
    },
    TIMEOUT_MS,
  );
});

it(
  'those who hang are not waited for: others see that what was there is not taken, and help',
  async () => {
    const one = await fleet('rocketmq-client-nodejs', 3, { GRAY_MQ_STAND_INS: '1' });
    const { baselines } = one;
    const [any] = baselines;
    await until('one stands in', any, () => standing(baselines).length >= 1);
    // Whoever was first to start gives its place back to the one whose it is.
    await until('no other does', any, () => standing(baselines).length === 1);
    const [hanging] = standing(baselines) as [ConsumerApp];
    hanging.child.process.kill('SIGSTOP');
    try {
      const others = baselines.filter(app => app !== hanging);
      // Some of the first are given to the polls that hang, and come again when they were held for too long.
      const sent = await send(one, 'h');
      await until('another stands in', others[0], () => standing(others).length >= 1, 120_000);
      await until('all are handled', others[0], () => new Set(gray(...others)).size === sent.length, 150_000);
    } finally {
      hanging.child.process.kill('SIGCONT');
    }
    // The one whose place it is goes on; those who helped leave a minute later.
    const others = baselines.filter(app => app !== hanging);
    await until('those who helped have left', others[0], () => standing(others).length === 0, 150_000);
    expect(others.flatMap(({ child }) => child.stderr.match(/stand-in off, other processes/g) ?? [])).not.toEqual([]);
  },
  TIMEOUT_MS,
);

it(
  'a wrong GRAY_MQ_STAND_INS is refused with what is allowed',
  async () => {
    await expect(fleet('rocketmq-client-nodejs', 1, { GRAY_MQ_STAND_INS: '0' })).rejects.toThrow(
      /GRAY_MQ_STAND_INS=0; allowed: a whole number from 1 to 1000/,
    );
  },
  TIMEOUT_MS,
);
