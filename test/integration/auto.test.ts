import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
      settings: { mode?: 'push' | 'pull' } = {},
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
      await sleep(1_000);
      const [gray, plain] = [await send(5, GRAY), await send(5)];
      await canary.receives(gray);
      await baseline.receives([...first, ...plain]);

      await canary.child.stop('SIGKILL');
      const later = await send(5, GRAY);
      await baseline.receives([...first, ...plain, ...later]);
      await sleep(2_000);
      expect(canary.got().map(({ got }) => got)).toEqual(expect.arrayContaining(gray));
    },
  );
});
