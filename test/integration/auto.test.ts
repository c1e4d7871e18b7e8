import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../fixtures/servers/free-ports';
import { DRAIN_MS, GIVE_UP_AFTER_MS } from '../../src/rocketmq/hand-over/tag-life';
import {
  type ConsumerApp,
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from './rocketmq-environment';

let environment: RocketmqEnvironment;

beforeAll(async () => {
  environment = await rocketmqEnvironment();
});
afterAll(() => environment?.stop());

/** A topic, with a producer that sends gray and untagged messages to it, and consumers in its group. */
async function topicOf(name: string, env: Readonly<Record<string, string>>) {
  const { rocketmq } = environment;
  const topic = `AUTO_${name}`;
  await Promise.all([rocketmq.createTopic(topic), rocketmq.createGroup(`group-${name}`)]);
  const auto = { GRAY_MQ_NAMESRV: rocketmq.namesrv, ...env };
  const producer: ProducerApp = await environment.producer([topic]);
  let sent = 0;
  return {
    topic,
    consumer: (
      settings: { mode?: 'push' | 'pull'; shutsDown?: boolean } = {},
      more: Readonly<Record<string, string>> = {},
    ): Promise<ConsumerApp> =>
      environment.consumer(
        { group: `group-${name}`, subscriptions: { [topic]: '*' }, ...settings },
        { ...auto, ...more },
      ),
    async send(count: number, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
      const bodies = Array.from({ length: count }, () => `${headers.baggage ? 'gray' : 'plain'}-${sent++}`);
      for (const body of bodies) await producer.send({ topic, body }, headers);
      return bodies;
    },
  };
}

const bodies = (consumer: ConsumerApp) =>
  consumer
    .got()
    .map(({ got }) => got)
    .sort();

/** Waits until a consumer has received these, and no others, once or several times. */
const has = (consumer: ConsumerApp, expected: readonly string[]) =>
  expect.poll(() => new Set(bodies(consumer)), { timeout: 60_000 }).toEqual(new Set(expected));

describe.each(['push', 'pull'] as const)('%s mode: gray messages', mode => {
  it.each([
    ['declared', { GRAY_MQ_TAGS: 'gray' }],
    ['undeclared', {}],
  ] as const)(
    'of a tag that is %s go to the canary while it is there, to the baseline before and after',
    async (name, env) => {
      const { consumer, send } = await topicOf(`${name}-${mode}`, env);
      const baseline = await consumer({ mode });
      const first = [...(await send(3, GRAY)), ...(await send(3))];
      await baseline.receives(first);

      const canary = await consumer({ mode }, { GRAY_TAG: 'gray' });
      await baseline.child.waitFor('gray is managed');
      const [gray, plain] = [await send(5, GRAY), await send(5)];
      await canary.receives(gray);
      await baseline.receives([...first, ...plain]);

      await canary.child.stop('SIGKILL');
      const later = await send(5, GRAY);
      await baseline.receives([...first, ...plain, ...later]);
      expect(bodies(canary)).toEqual([...gray].sort());
    },
  );
});

describe('a canary whose group may not consume', () => {
  it('has its messages handled by the baseline, which says so, until the group is switched on', async () => {
    const { topic, consumer, send } = await topicOf('paused', { GRAY_MQ_TAGS: 'gray' });
    await environment.rocketmq.createGroup('group-paused_gray', { consumeEnable: false, retryMaxTimes: 7 });
    const baseline = await consumer();
    const line = await baseline.child.waitFor('group-paused_gray may not consume on');
    expect(line).toContain('the baseline takes the messages of gray as well');
    expect(line).toMatch(/mqadmin updateSubGroup .* -g group-paused_gray -s true .*-r 7/);
    const first = await send(3, GRAY);
    await baseline.receives(first);

    await environment.rocketmq.createGroup('group-paused_gray', { consumeEnable: true, retryMaxTimes: 7 });
    await baseline.child.waitFor(`group-paused, ${topic}: gray is managed`);
    await has(baseline, [...first, ...(await send(3, GRAY))]);

    // Switched off again, it keeps what is left to it.
    await baseline.child.waitFor('stand-in on');
    await environment.rocketmq.createGroup('group-paused_gray', { consumeEnable: false, retryMaxTimes: 7 });
    await send(1, GRAY);
    await baseline.child.waitFor('group-paused_gray may not consume (consumeEnable=false): its messages wait');
  });
});

describe('a canary that never comes back', () => {
  it('leaves nothing behind, although no baseline was there when it left', async () => {
    const { consumer, send } = await topicOf('backlog', {});
    const [baseline, canary] = [await consumer(), await consumer({}, { GRAY_TAG: 'gray' })];
    await baseline.child.waitFor('gray is managed');
    const gray = await send(2, GRAY);
    await canary.receives(gray);
    await Promise.all([baseline.child.stop('SIGKILL'), canary.child.stop('SIGKILL')]);

    const left = [...(await send(4, GRAY)), ...(await send(2))];
    const next = await consumer();
    await next.receives(left);
    expect(await next.child.waitFor('gray is managed')).toContain('(marked)');
  });

  it('is given up when nothing was heard of it, costs nothing then, and goes on from there if it does come', async () => {
    const clock = { NODE_OPTIONS: '--require ./clock.cjs', SKIP_MS: `${GIVE_UP_AFTER_MS + DRAIN_MS}` };
    const { consumer, send } = await topicOf('given-up', {});
    const [baseline, canary] = [await consumer({}, clock), await consumer({}, { GRAY_TAG: 'gray' })];
    await baseline.child.waitFor('gray is managed');
    await canary.receives(await send(2, GRAY));
    await canary.child.stop('SIGKILL');
    await baseline.child.waitFor('stand-in on');

    baseline.child.process.kill('SIGUSR2');
    await baseline.child.waitFor("gray is given up, its messages are the baseline's again", 60_000);
    // Real time, since only the clock skips it: polls that were on their way with the former filter end (here after 2 s).
    await sleep(10_000);
    baseline.child.process.kill('SIGUSR2');
    await baseline.child.waitFor('stand-in off, gray is given up', 60_000);
    const own = await send(4, GRAY);
    await baseline.receives(own);
    // A broker commits what was popped and acknowledged a while later.
    await sleep(5_000);

    const next = await consumer({}, { GRAY_TAG: 'gray' });
    const later = await send(3, GRAY);
    await expect.poll(() => later.every(body => bodies(next).includes(body)), { timeout: 30_000 }).toBe(true);
    // What the baseline had handled is not handled once more, but for what the broker had not committed yet.
    expect(bodies(next).filter(body => own.includes(body)).length).toBeLessThan(own.length);
  }, 240_000);
});

it('a canary that starts while no name server answers is announced when one does', async () => {
  const { rocketmq } = environment;
  const { consumer, send } = await topicOf('late', {});
  // Somebody else has seen to its group: else the client would wait for it.
  await rocketmq.createGroup('group-late_gray');
  const baseline = await consumer();
  const port = await freePort();
  const canary = await consumer({}, { GRAY_TAG: 'gray', GRAY_MQ_NAMESRV: `127.0.0.1:${port}` });
  await canary.child.waitFor('could not be prepared');
  // The baseline does not know of it.
  const both = await send(2, GRAY);
  await Promise.all([canary.receives(both), baseline.receives(both)]);

  const [host, ofNamesrv] = rocketmq.namesrv.split(':');
  const relay = createServer(socket => {
    socket.pipe(connect(Number(ofNamesrv), host)).pipe(socket);
  });
  relay.on('connection', socket => socket.on('error', () => {}));
  await new Promise<void>(resolve => relay.listen(port, '127.0.0.1', resolve));
  try {
    await canary.child.waitFor('group-late_gray is ready now', 60_000);
    await baseline.child.waitFor('gray is managed');
    const gray = await send(3, GRAY);
    await canary.receives([...both, ...gray]);
    await baseline.receives(both);
  } finally {
    await canary.child.stop();
    relay.close();
  }
}, 120_000);

it('without name servers, the proxy says who is there', async () => {
  const { rocketmq } = environment;
  const proxyOnly = { GRAY_MQ_NAMESRV: '', GRAY_MQ_PROXY_REMOTING: rocketmq.proxyRemoting, GRAY_MQ_TAGS: 'gray' };
  const { consumer, send } = await topicOf('proxy', proxyOnly);
  await rocketmq.createGroup('group-proxy_gray');
  const baseline = await consumer();
  expect(await baseline.child.waitFor('no name server is known')).toContain(rocketmq.proxyRemoting);
  await baseline.child.waitFor('stand-in on');
  // A stand-in has polled for a while before anything is left to its group: so long, both take it.
  await baseline.child.waitFor('gray is managed', 90_000);
  const first = await send(3, GRAY);
  // Once more what a poll brings that was on its way: where its queue stood then, nobody can say.
  await has(baseline, first);

  const canary = await consumer({ shutsDown: true }, { GRAY_TAG: 'gray' });
  expect(await canary.child.waitFor('cannot announce itself')).toContain('group-proxy_gray');
  await baseline.child.waitFor('stand-in off');
  const [gray, plain] = [await send(5, GRAY), await send(5)];
  await canary.receives(gray);
  await has(baseline, [...first, ...plain]);

  // It leaves with a word; a crash would be known after two minutes.
  canary.child.process.kill('SIGTERM');
  await canary.child.waitFor('"shutDown"', 60_000);
  const later = await send(3, GRAY);
  await has(baseline, [...first, ...plain, ...later]);
}, 240_000);
