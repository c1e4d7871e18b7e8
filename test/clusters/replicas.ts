/** What tests of clusters whose master crashes have in common: fleets, and what a slave makes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';
import { type Client, type ConsumerApp, GRAY, type RocketmqEnvironment } from '../integration/rocketmq-environment';

/** Until a slave has what is sent, and offsets are committed. 4.9.7 asks its master for groups and offsets every ten seconds. */
const SYNCHRONIZED_MS = 15_000;
const GET_ALL_TOPIC_CONFIG = 21;
/** A proxy holds the route to a former master for some 45 s; a slave of 5.5.0 asks its master once a minute. */
export const SOON = { timeout: 120_000, interval: 500 };

export interface ReplicatedFleet {
  readonly topic: string;
  readonly baseline: ConsumerApp;
  readonly canary: ConsumerApp;
  /** Another canary. */
  restarted(): Promise<ConsumerApp>;
  /** Until the brokers take it: in a change of masters they take nothing for a while. */
  send(body: string, headers?: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * A baseline and a canary that consume a topic, and who sends to it.
 *
 * @param account of the clients, which may not make the canary's group: it is there
 */
export async function replicatedFleet(
  { rocketmq, ...started }: RocketmqEnvironment,
  client: Client,
  account?: object,
): Promise<ReplicatedFleet> {
  const name = client.replace(/\W/g, '-');
  const [topic, group] = [`T-${name}`, `group-${name}`];
  await rocketmq.createTopic(topic, { queues: 2 });
  await rocketmq.createGroup(group);
  if (account) await rocketmq.createGroup(`${group}_gray`);
  const producer = await started.producer([topic], {}, client, account);
  const consumer = async (env: Readonly<Record<string, string>> = {}) => {
    const settings = { client, group, subscriptions: { [topic]: '*' }, clientOptions: { ...account } };
    const app = await started.consumer(settings, { GRAY_MQ_NAMESRV: rocketmq.namesrv, ...env });
    await app.rebalanced();
    return app;
  };
  const baseline = await consumer();
  const canary = await consumer({ GRAY_TAG: 'gray' });
  await baseline.child.waitFor('gray is managed');
  return {
    topic,
    baseline,
    canary,
    restarted: () => consumer({ GRAY_TAG: 'gray' }),
    async send(body, headers = {}) {
      const sent = () => producer.send({ topic, body }, headers).catch(() => undefined);
      await expect.poll(sent, SOON).toBeTypeOf('string');
    },
  };
}

export const bodies = (consumer: ConsumerApp) => new Set(consumer.got().map(({ got }) => got));
/** Waits until a consumer has received these, once or several times: what a master did not tell its replica comes again. */
export const has = (consumer: ConsumerApp, expected: readonly string[]) =>
  expect.poll(() => [...bodies(consumer)].sort(), SOON).toEqual([...expected].sort());

export interface TriedFleet extends ReplicatedFleet {
  /**
   * Whether a stand-in gets messages while there is no master. Undefined for gRPC clients: the proxy gives a stand-in its queues as
   * long as it holds the route to the master.
   */
  readonly readsFromSlave: boolean | undefined;
}

/** The master crashes while the canary is there, the canary while there is no master; then both come back. */
export async function masterCrashesAndComesBack(
  { rocketmq }: RocketmqEnvironment,
  fleets: readonly TriedFleet[],
  /** With access control the slave's own questions to its master are refused: it signs none. */
  { slaveAsksMaster = true } = {},
): Promise<void> {
  const [master, slave] = rocketmq.brokers;
  for (const { baseline, canary, send } of fleets) {
    await send('g1', GRAY);
    await send('b1');
    await has(canary, ['g1']);
    await has(baseline, ['b1']);
  }
  if (slaveAsksMaster) for (const { topic } of fleets) await knows(slave?.address ?? '', topic);
  for (const { canary, send } of fleets) {
    // Whoever takes it will not be this canary.
    canary.child.process.kill('SIGSTOP');
    await send('waits', GRAY);
  }
  await sleep(SYNCHRONIZED_MS);

  // The canary is there, and the slave says so.
  await master?.kill();
  await sleep(5_000);
  for (const { baseline } of fleets) expect(baseline.child.stderr).not.toContain('stand-in on');
  // It crashes: the slave says that, too.
  for (const { baseline, canary, readsFromSlave } of fleets) {
    await canary.child.stop('SIGKILL');
    await baseline.child.waitFor('stand-in on', 60_000);
    expect(baseline.child.stderr).not.toContain('nobody has said which canaries are there');
    if (readsFromSlave) await expect.poll(() => bodies(baseline), SOON).toContain('waits');
  }
  for (const { baseline, readsFromSlave } of fleets) {
    if (readsFromSlave === false) expect(bodies(baseline)).toEqual(new Set(['b1']));
  }

  await master?.start();
  for (const { baseline, restarted, send } of fleets) {
    await send('g2', GRAY);
    await send('b2');
    // A slave of 5.5.0 does not know how far a group is: from it the canary's first message came again.
    await expect.poll(() => [...bodies(baseline)], SOON).toEqual(expect.arrayContaining(['b1', 'b2', 'g2', 'waits']));
    const next = await restarted();
    await baseline.child.waitFor('stand-in off', 60_000);
    await send('g3', GRAY);
    await expect.poll(() => bodies(next), SOON).toContain('g3');
    for (const body of bodies(next)) expect(body).toMatch(/^(g|waits)/);
    expect(bodies(baseline)).not.toContain('g3');
  }
}

/** Waits until a slave has got topics and groups from its master. 5.5.0 asks the first time a minute after its start. */
async function knows(slave: string, topic: string): Promise<void> {
  const connection = remotingConnection(slave);
  try {
    const topics = async () => (await connection.request(GET_ALL_TOPIC_CONFIG, {})).body.toString();
    await expect.poll(topics, SOON).toContain(`"${topic}"`);
  } finally {
    connection.close();
  }
}
