/** One of two name servers hangs: its process is stopped, as if its host were switched off. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';

let environment: RocketmqEnvironment;

beforeAll(async () => {
  environment = await rocketmqEnvironment({ nameServers: 2 });
});
afterAll(() => environment?.stop());

it.each([0, 1])(
  'name server %s hangs: baseline and canary start, see each other, and hand over',
  async index => {
    const { rocketmq } = environment;
    const [topic, group] = [`HUNG_${index}`, `group-hung-${index}`];
    await rocketmq.createTopic(topic);
    await rocketmq.createGroup(group);
    // A broker makes it with a group's first heartbeat, which it does not answer before each name server has had its time.
    for (const name of [group, `${group}_gray`]) await rocketmq.createTopic(`%RETRY%${name}`, { queues: 1 });
    const healthy = rocketmq.nameServers[1 - index]?.address ?? '';
    const hung = rocketmq.nameServers[index]?.pid ?? 0;
    const producer = await environment.producer([topic], {}, 'ali-ons 3', { nameSrv: healthy });
    // The client itself asks the one that answers: what is tried is the agent.
    const settings = {
      client: 'ali-ons 3' as const,
      group,
      subscriptions: { [topic]: '*' },
      clientOptions: { nameSrv: healthy },
    };
    const env = { GRAY_MQ_NAMESRV: rocketmq.namesrv, GRAY_MQ_TAGS: 'gray' };
    process.kill(hung, 'SIGSTOP');
    try {
      const baseline = await environment.consumer(settings, env);
      const canary = await environment.consumer(settings, { ...env, GRAY_TAG: 'gray' });
      await Promise.all([baseline.rebalanced(), canary.rebalanced()]);
      await baseline.child.waitFor('gray is managed');
      for (const body of ['g1', 'g2']) await producer.send({ topic, body }, GRAY);
      for (const body of ['b1', 'b2']) await producer.send({ topic, body });
      await canary.receives(['g1', 'g2']);
      await baseline.receives(['b1', 'b2']);
      expect(baseline.child.stderr).not.toContain('not known');

      await canary.child.stop('SIGKILL');
      await producer.send({ topic, body: 'g3' }, GRAY);
      // What the canary had not committed comes once more.
      await expect.poll(() => baseline.got().map(({ got }) => got), { timeout: 60_000 }).toContain('g3');
    } finally {
      process.kill(hung, 'SIGCONT');
    }
  },
  180_000,
);
