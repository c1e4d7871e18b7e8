import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RocketmqVersion } from '../../fixtures/rocketmq';
import {
  type BrokerAdministration,
  brokerAdministration,
} from '../../src/rocketmq/administration/broker-administration';
import { prepareCanaryGroup } from '../../src/rocketmq/administration/canary-group';
import { endOf, hasPassed } from '../../src/rocketmq/administration/group-progress';
import { chosenRocketmqVersions } from './each-rocketmq';
import { type Client, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

const WITHOUT_AGENT = { WITHOUT_AGENT: '1' };
/** A filter's long poll ends, an offset is committed, a retry comes due: each in its own time. */
const PATIENCE = { timeout: 90_000, interval: 500 };

const CASES: readonly [RocketmqVersion, Client, string][] = [
  ['5.5.0', 'rocketmq-client-nodejs', '%RETRY%group_gray_orders'],
  ['5.5.0', 'ali-ons 3', '%RETRY%group_gray'],
  ['4.9.7', 'ali-ons 3', '%RETRY%group_gray'],
  ['4.5.2', 'ali-ons 3', '%RETRY%group_gray'],
];
const chosen = CASES.filter(([version]) => chosenRocketmqVersions().includes(version));
describe.each(chosen)('RocketMQ %s with %s', (version, client, retryTopic) => {
  const topic = 'orders';
  const group = { canaryGroup: 'group_gray', topics: [topic] };
  let environment: RocketmqEnvironment;
  let administration: BrokerAdministration;

  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version });
    const { rocketmq } = environment;
    administration = brokerAdministration({ namesrv: rocketmq.namesrv, timeoutMs: 20_000 });
    await rocketmq.createTopic(topic, { queues: 2 });
  });
  afterAll(async () => {
    administration?.close();
    await environment?.stop();
  });

  it('tells when a group has consumed all there was, its retries included', async () => {
    const all = { administration, ...group };
    await prepareCanaryGroup({ ...all, baselineGroup: 'group' });
    expect(await hasPassed(all, await endOf(all))).toBe(true);

    const producer = await environment.producer([topic], WITHOUT_AGENT, client);
    const send = (body: string) => producer.send({ topic, body, properties: { user: body } });
    for (const body of ['gray', 'again', 'other']) await send(body);
    const total = async () => (await endOf(all)).reduce((sum, { offset }) => sum + offset, 0);
    await expect.poll(total, PATIENCE).toBe(3);
    const end = await endOf(all);
    expect(await hasPassed(all, end)).toBe(false);

    // It takes some of the messages; the others are passed as well.
    const consumer = await environment.consumer(
      { client, group: 'group_gray', subscriptions: { [topic]: { sql: "user <> 'other'" } }, failFirst: ['again'] },
      WITHOUT_AGENT,
    );
    await consumer.receives(['gray', 'again', 'again'], 90_000);
    await expect.poll(() => hasPassed(all, end), PATIENCE).toBe(true);

    const withRetries = await endOf(all);
    expect(withRetries).toContainEqual({ broker: 'broker-a', topic: retryTopic, queueId: 0, offset: 1 });
    await expect.poll(() => hasPassed(all, withRetries), PATIENCE).toBe(true);
    for (const position of withRetries.filter(({ offset }) => offset > 0)) {
      expect(await hasPassed(all, [{ ...position, offset: position.offset + 1 }])).toBe(false);
    }
    await consumer.child.stop('SIGKILL');
    await send('later');
    await expect.poll(async () => hasPassed(all, await endOf(all)), PATIENCE).toBe(false);
    expect(await hasPassed(all, withRetries)).toBe(true);
  }, 300_000);
});
