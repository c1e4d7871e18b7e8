/** Messages from and to plain Java consumers and producers, with another agent or none, on real brokers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JavaApplication } from '../../fixtures/java/install';
import type { Rocketmq } from '../../fixtures/rocketmq';
import type { RunningChild } from '../integration/child';
import {
  type Client,
  type ConsumerApp,
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';
import { bodiesOf, linesOf, portOf, startJava } from './java-application';

const WAIT = { timeout: 60_000, interval: 100 };

let environment: RocketmqEnvironment;
let echo: Server;
let count = 0;
const started: RunningChild[] = [];

beforeAll(async () => {
  environment = await rocketmqEnvironment({}, {}, []);
  echo = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
});
afterEach(() => Promise.all(started.splice(0).map(child => child.stop('SIGKILL'))));
afterAll(async () => {
  echo?.close();
  await environment?.stop();
});

const echoUrl = () => `http://127.0.0.1:${(echo.address() as AddressInfo).port}/`;

interface Place {
  readonly topic: string;
  readonly group: string;
  readonly namesrv: string;
}

/** A topic and a group of a test's own, and those of its canary, as Java needs them beforehand. */
async function newPlace({ rocketmq } = environment): Promise<Place> {
  const topic = `JAVA_${count}`;
  const group = `java_${count++}`;
  await rocketmq.createTopic(topic, { queues: 2 });
  await Promise.all([group, `${group}_gray`].map(name => rocketmq.createGroup(name)));
  return { topic, group, namesrv: rocketmq.namesrv };
}

async function java(
  application: JavaApplication,
  mainClass: 'Consumer' | 'Producer',
  env: Readonly<Record<string, string>>,
  hasOpenTelemetry = false,
  rocketmq: Rocketmq = environment.rocketmq,
): Promise<RunningChild> {
  const addresses = { NAMESRV: rocketmq.namesrv, ...(rocketmq.hasProxy && { ENDPOINTS: rocketmq.endpoints }) };
  const home = environment.sandbox.directory;
  const child = await startJava(application, mainClass, { ...addresses, ...env }, { home, hasOpenTelemetry });
  started.push(child);
  return child;
}

/** What a request to a Java service answers. */
async function request(service: RunningChild, path: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`http://127.0.0.1:${portOf(service)}/${path}`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw service.failure(`answered ${response.status}: ${text}`);
  return text;
}

async function consumer(
  { topic, group, namesrv }: Place,
  client: Client,
  env: Readonly<Record<string, string>>,
  { consumer: start } = environment,
): Promise<ConsumerApp> {
  const made = await start({ client, group, subscriptions: { [topic]: '*' } }, { GRAY_MQ_NAMESRV: namesrv, ...env });
  started.push(made.child);
  await made.rebalanced();
  return made;
}

async function producer({ topic, namesrv }: Place, env: Readonly<Record<string, string>> = {}): Promise<ProducerApp> {
  const made = await environment.producer([topic], { GRAY_MQ_NAMESRV: namesrv, ...env });
  started.push(made.child);
  return made;
}

const bodies = (prefix: string, number: number) => Array.from({ length: number }, (_, index) => `${prefix}${index}`);

/** Sends messages and waits until each of them was handled, by these. */
async function sendAll(from: ProducerApp, topic: string, all: readonly string[], headers = {}): Promise<void> {
  for (const body of all) await from.send({ topic, body }, headers);
}

describe('a canary that is a Java consumer without this agent', () => {
  it.each<[string, JavaApplication, Client, string, Readonly<Record<string, string>>, string]>([
    [
      'a filter written by hand, declared here',
      'rocketmq-client 4.9.7',
      'ali-ons 3',
      "gray_tag = 'gray'",
      { GRAY_MQ_TAGS: 'gray' },
      'gray_tag',
    ],
    ['the same, undeclared', 'rocketmq-client 5.3.1', 'ali-ons 3', "gray_tag = 'gray'", {}, 'gray_tag'],
    [
      'the filter of Sermant',
      'rocketmq-client 5.3.1',
      'ali-ons 3',
      "(x_lane_canary in ('gray'))",
      { GRAY_KEY: 'x_lane_canary', GRAY_INTEROP: 'sermant' },
      'x_lane_canary',
    ],
    [
      'the gRPC client',
      'rocketmq-client-java',
      'rocketmq-client-nodejs',
      "gray_tag = 'gray'",
      { GRAY_MQ_TAGS: 'gray' },
      'gray_tag',
    ],
  ])(
    'takes its messages alone, and is stood in for when it has left: %s',
    async (_name, application, client, sql, env, key) => {
      const place = await newPlace();
      const { topic, group } = place;
      const baseline = await consumer(place, client, env);
      if (env.GRAY_MQ_TAGS) await baseline.child.waitFor(`${group}_gray: stand-in on`);
      const canary = await java(application, 'Consumer', { GROUP: `${group}_gray`, TOPIC: topic, SQL: sql });
      await baseline.child.waitFor(`GRAY-461 ${group}_gray: a canary of gray without this agent is there`, 60_000);
      await baseline.child.waitFor(
        env.GRAY_MQ_TAGS
          ? `${group}_gray: stand-in off, a canary of gray is there`
          : `${group}, ${topic}: gray is managed`,
        60_000,
      );
      const from = await producer(place, env);
      const headers = { baggage: `${key}=gray` };
      // Until each side has asked with its new filter.
      await expect
        .poll(async () => {
          await from.send({ topic, body: 'first' }, headers);
          return bodiesOf(canary).length;
        }, WAIT)
        .toBeGreaterThan(0);
      const before = baseline.got().filter(({ got }) => got !== 'first').length;
      expect(before).toBe(0);

      const gray = bodies('gray-', 20);
      await sendAll(from, topic, gray, headers);
      await sendAll(from, topic, bodies('plain-', 5));
      await expect.poll(() => bodiesOf(canary).filter(body => body !== 'first'), WAIT).toEqual([...gray].sort());
      await expect
        .poll(
          () =>
            baseline
              .got()
              .map(({ got }) => got)
              .filter(body => body !== 'first')
              .sort(),
          WAIT,
        )
        .toEqual(bodies('plain-', 5));

      await canary.stop('SIGTERM');
      await expect
        .poll(() => baseline.child.stderr.split(`${group}_gray: stand-in on`).length, WAIT)
        .toBeGreaterThan(env.GRAY_MQ_TAGS ? 2 : 1);
      await sendAll(from, topic, bodies('late-', 5), headers);
      await expect
        .poll(
          () =>
            baseline
              .got()
              .map(({ got }) => got)
              .filter(body => body.startsWith('late-'))
              .sort(),
          WAIT,
        )
        .toEqual(bodies('late-', 5));
      expect(bodiesOf(canary).filter(body => body !== 'first')).toEqual([...gray].sort());
    },
    240_000,
  );

  it('is none by its name alone', async () => {
    const place = await newPlace();
    const { topic, group } = place;
    const env = { GRAY_MQ_TAGS: 'gray' };
    const baseline = await consumer(place, 'ali-ons 3', env);
    await baseline.child.waitFor(`${group}_gray: stand-in on`);
    const other = await java('rocketmq-client 4.9.7', 'Consumer', {
      GROUP: `${group}_gray`,
      TOPIC: topic,
      SQL: 'a = 1',
    });
    // Longer than it takes to ask who is there, twice.
    await new Promise(resolve => setTimeout(resolve, 8_000));
    expect(baseline.child.stderr).not.toContain('stand-in off');
    expect(bodiesOf(other)).toEqual([]);
  }, 120_000);
});

describe('messages of Java producers', () => {
  it('with the property are those of the canary, the others those of the baseline', async () => {
    const place = await newPlace();
    const [baseline, canary, from] = await Promise.all([
      consumer(place, 'rocketmq-client-nodejs', { GRAY_MQ_TAGS: 'gray' }),
      consumer(place, 'rocketmq-client-nodejs', { GRAY_TAG: 'gray' }),
      java('rocketmq-client 4.9.7', 'Producer', { TOPIC: place.topic }),
    ]);
    for (const body of bodies('gray-', 5)) await request(from, `${body}?gray_tag=gray`);
    for (const body of bodies('plain-', 5)) await request(from, body);
    await canary.receives(bodies('gray-', 5));
    await baseline.receives(bodies('plain-', 5));
  }, 120_000);
});

/** Both sides on one broker: the agent of OpenTelemetry writes and reads `baggage` alone. */
describe.each<[string, Client, JavaApplication]>([
  ['5.5.0', 'rocketmq-client-nodejs', 'rocketmq-client 5.3.1'],
  ['4.9.7', 'ali-ons 3', 'rocketmq-client 4.9.7'],
])("beside OpenTelemetry's Java agent, on RocketMQ %s", (version, client, application) => {
  let own: RocketmqEnvironment;
  beforeAll(async () => {
    own = version === '5.5.0' ? environment : await rocketmqEnvironment({ version: '4.9.7' }, {}, []);
  }, 180_000);
  afterAll(async () => {
    if (own !== environment) await own?.stop();
  });

  it('a message that Java sends in a gray request is the canary’s, and the tag goes on', async () => {
    const place = await newPlace(own);
    const { topic, group } = place;
    const otel = { GRAY_INTEROP: 'otel' };
    const [baseline, canary, from] = await Promise.all([
      consumer(place, client, { ...otel, GRAY_MQ_TAGS: 'gray' }, own),
      consumer(place, client, { ...otel, GRAY_TAG: 'gray' }, own),
      java(application, 'Producer', { TOPIC: topic }, true, own.rocketmq),
    ]);
    for (const body of bodies('gray-', 5)) await request(from, body, { baggage: 'a=1,gray_tag=gray' });
    for (const body of bodies('blank-', 2)) await request(from, body, { baggage: 'a=1' });
    for (const body of bodies('plain-', 3)) await request(from, body);
    await canary.receives(bodies('gray-', 5), 60_000);
    await baseline.receives([...bodies('blank-', 2), ...bodies('plain-', 3)], 60_000);
    expect(canary.got().map(({ properties }) => properties?.gray_tag)).toEqual(Array(5).fill(undefined));
    expect(canary.got().map(({ downstream }) => downstream)).toEqual(Array(5).fill('gray_tag=gray'));
    if (version === '4.9.7') expect(canary.child.stderr).toContain('is older than 5.0, and cannot filter by baggage');
    else expect(canary.child.stderr).toContain(`${group} -> ${group}_gray, ${topic}: (gray_tag = 'gray' OR `);
  }, 240_000);

  it('a message that is sent here in a gray request is one to Java as well', async () => {
    const place = await newPlace(own);
    const { topic, group } = place;
    const canary = await java(
      application,
      'Consumer',
      { GROUP: `${group}_gray`, TOPIC: topic, SQL: "gray_tag = 'gray'", DOWN: echoUrl() },
      true,
      own.rocketmq,
    );
    const from = await own.producer([topic], { GRAY_INTEROP: 'otel' }, client);
    started.push(from.child);
    // A client of the remoting protocol begins at the end, once it has its queues.
    await expect
      .poll(async () => {
        await from.send({ topic, body: 'gray' }, GRAY);
        return bodiesOf(canary).length;
      }, WAIT)
      .toBeGreaterThan(0);
    const [{ down, properties }] = linesOf(canary, 'got') as [{ down: string; properties: Record<string, string> }];
    expect(properties).toMatchObject({ gray_tag: 'gray', baggage: 'gray_tag=gray' });
    expect((JSON.parse(down) as { baggage?: string }).baggage).toBe('gray_tag=gray');
  }, 240_000);
});
