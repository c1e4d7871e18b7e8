/** Brokers with a replica, whose master crashes and comes back: nothing is lost, nothing is on the wrong side, lines are true. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { GET_BROKER_CLUSTER_INFO } from '../../src/rocketmq/remoting/codes';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';
import {
  type Client,
  type ConsumerApp,
  GRAY,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';

/** A slave asks its master for groups and offsets every ten seconds. */
const SYNCHRONIZED_MS = 15_000;
/** A proxy holds the route to a former master for some 45 s. */
const SOON = { timeout: 120_000, interval: 500 };

let environment: RocketmqEnvironment | undefined;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(environment?.rocketmq.sampleLogs());
  await environment?.stop();
});

/** A baseline and a canary that consume a topic, and who sends to it. */
async function fleet(name: string, client: Client, started: RocketmqEnvironment) {
  environment = started;
  const { rocketmq } = started;
  const [topic, group] = [`T-${name}`, `group-${name}`];
  await rocketmq.createTopic(topic, { queues: 2 });
  await rocketmq.createGroup(group);
  const producer = await started.producer([topic], {}, client);
  const consumer = async (env: Readonly<Record<string, string>> = {}) => {
    const settings = { client, group, subscriptions: { [topic]: '*' } };
    const app = await started.consumer(settings, { GRAY_MQ_NAMESRV: rocketmq.namesrv, ...env });
    await app.rebalanced();
    return app;
  };
  const baseline = await consumer();
  const canary = await consumer({ GRAY_TAG: 'gray' });
  await baseline.child.waitFor('gray is managed');
  return {
    group,
    baseline,
    canary,
    restarted: () => consumer({ GRAY_TAG: 'gray' }),
    /** Until the brokers take it: in a change of masters they take nothing for a while. */
    send: (body: string, headers = {}) =>
      expect.poll(() => producer.send({ topic, body }, headers).catch(() => undefined), SOON).toBeTypeOf('string'),
  };
}

const bodies = (consumer: ConsumerApp) => new Set(consumer.got().map(({ got }) => got));
/** Waits until a consumer has received these, once or several times: what a master did not tell its replica comes again. */
const has = (consumer: ConsumerApp, expected: readonly string[]) =>
  expect.poll(() => [...bodies(consumer)].sort(), SOON).toEqual([...expected].sort());

it.each(['5.5.0', '4.9.7'] as const)('%s, master and slave', async version => {
  const { baseline, canary, restarted, send } = await fleet(
    'slave',
    'ali-ons 3',
    await rocketmqEnvironment({ version, replicas: 'slave' }),
  );
  const master = environment?.rocketmq.brokers[0];
  await send('g1', GRAY);
  await send('b1');
  await has(canary, ['g1']);
  await has(baseline, ['b1']);
  await sleep(SYNCHRONIZED_MS);

  // The canary is there, and the slave says so.
  await master?.kill();
  await sleep(5_000);
  expect(baseline.child.stderr).not.toContain('stand-in on');
  // It crashes while there is no master: the slave says that, too.
  await canary.child.stop('SIGKILL');
  await baseline.child.waitFor('stand-in on', 60_000);
  expect(baseline.child.stderr).not.toContain('nobody has said which canaries are there');

  await master?.start();
  await send('g2', GRAY);
  await send('b2');
  await has(baseline, ['b1', 'b2', 'g2']);
  const next = await restarted();
  await baseline.child.waitFor('stand-in off', 60_000);
  await send('g3', GRAY);
  await expect.poll(() => bodies(next), SOON).toContain('g3');
  for (const body of bodies(next)) expect(body).toMatch(/^g/);
  expect(bodies(baseline)).not.toContain('g3');
});

it('5.5.0, controller: another broker becomes master', async () => {
  const { baseline, canary, send } = await fleet(
    'controller',
    'rocketmq-client-nodejs',
    await rocketmqEnvironment({ replicas: 'controller', proxyMode: 'CLUSTER' }),
  );
  const { rocketmq } = environment as RocketmqEnvironment;
  const former = await masterOf(rocketmq.namesrv);
  await send('g1', GRAY);
  await send('b1');
  await has(canary, ['g1']);
  await has(baseline, ['b1']);

  const broker = rocketmq.brokers.find(({ address }) => address === former);
  await broker?.kill();
  await expect.poll(() => masterOf(rocketmq.namesrv), SOON).not.toBe(former);
  await expect.poll(() => masterOf(rocketmq.namesrv), SOON).toMatch(/:/);
  expect(baseline.child.stderr).not.toContain('stand-in on');
  await send('g2', GRAY);
  await send('b2');
  await has(canary, ['g1', 'g2']);
  await has(baseline, ['b1', 'b2']);

  await broker?.start();
  await canary.child.stop('SIGKILL');
  await baseline.child.waitFor('stand-in on', 60_000);
  await send('g3', GRAY);
  await expect.poll(() => bodies(baseline), SOON).toContain('g3');
  for (const body of bodies(canary)) expect(body).toMatch(/^g/);
});

async function masterOf(namesrv: string): Promise<string | undefined> {
  const connection = remotingConnection(namesrv);
  try {
    const { body } = await connection.request(GET_BROKER_CLUSTER_INFO, {});
    return /"?brokerAddrs"?:\{"?0"?:"([^"]+)"/.exec(body.toString())?.[1];
  } finally {
    connection.close();
  }
}
