/**
 * A broker as it comes, enablePropertyFilter=false, that creates no groups by itself. Brokers 5.5.0 refuse SQL92 filters
 * of the remoting protocol then, and honour those of gRPC clients (POP) all the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

let environment: RocketmqEnvironment;
beforeAll(async () => {
  environment = await rocketmqEnvironment({
    brokerConfig: { enablePropertyFilter: 'false', autoCreateSubscriptionGroup: 'false' },
  });
  for (const topic of ['push', 'pull', 'baseline', 'auto-push', 'auto-pull'])
    await environment.rocketmq.createTopic(topic);
});
afterAll(() => environment?.stop());

describe.each(['push', 'pull'] as const)('a %s canary', mode => {
  it('says once what to set on the broker, and takes only what is its own', async () => {
    const group = `${mode}-group`;
    await environment.rocketmq.createGroup(group);
    const producer = await environment.producer([mode]);
    const canary = await environment.consumer(
      { mode, group, subscriptions: { [mode]: '*' } },
      { GRAY_TAG: 'gray', GRAY_MQ_NAMESRV: environment.rocketmq.namesrv },
    );
    await canary.child.waitFor('enablePropertyFilter=true');
    await producer.send({ topic: mode, body: 'b' });
    await producer.send({ topic: mode, body: 'g' }, GRAY);
    await canary.receives(['g']);
    expect(canary.child.stderr.match(/enablePropertyFilter=true/g)).toHaveLength(1);
  });
});

it('GRAY_MQ_FILTER_SIDE=broker is an error that names what to change, and nothing is taken', async () => {
  await environment.rocketmq.createGroup('broker-side-group');
  const canary = await environment.consumer(
    { client: 'ali-ons 3', group: 'broker-side-group', subscriptions: { baseline: '*' } },
    { GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: 'broker' },
  );
  const line = await canary.child.waitFor('GRAY_MQ_FILTER_SIDE=broker leaves it to the broker');
  expect(line).toMatch(/^\[rocketmq-gray\] \S+ \d+ GRAY-312 error: /);
  expect(line).toContain('enablePropertyFilter=true');
  const producer = await environment.producer(['baseline']);
  await producer.send({ topic: 'baseline', body: 'early b' });
  await canary.child.waitFor('does not support consumer to filter message by SQL92');
  expect(canary.got()).toEqual([]);
  await canary.child.stop();
});

it('the baseline goes on as without the agent', async () => {
  await environment.rocketmq.createGroup('baseline-group');
  const producer = await environment.producer(['baseline']);
  const base = await environment.consumer({ group: 'baseline-group', subscriptions: { baseline: 'only-this' } });
  await producer.send({ topic: 'baseline', body: 'b', tag: 'only-this' });
  await producer.send({ topic: 'baseline', body: 'g', tag: 'only-this' }, GRAY);
  await base.receives(['b', 'g']);
});

it.each(['push', 'pull'] as const)('auto mode, %s: a canary has its messages alone while it is there', async mode => {
  const { rocketmq } = environment;
  const [topic, group] = [`auto-${mode}`, `auto-${mode}-group`];
  await rocketmq.createGroup(group);
  const auto = { GRAY_MQ_NAMESRV: rocketmq.namesrv, GRAY_MQ_TAGS: 'gray' };
  const producer = await environment.producer([topic]);
  const send = async (...all: readonly [string, object?][]) => {
    for (const [body, headers] of all) await producer.send({ topic, body }, headers as Record<string, string>);
  };
  const baseline = await environment.consumer({ mode, group, subscriptions: { [topic]: '*' } }, auto);
  await baseline.child.waitFor('enablePropertyFilter=true');
  await baseline.child.waitFor('stand-in on');
  await send(['g1', GRAY], ['b1']);
  await baseline.receives(['g1', 'b1']);

  const canary = await environment.consumer(
    { mode, group, subscriptions: { [topic]: '*' } },
    { ...auto, GRAY_TAG: 'gray' },
  );
  await send(['g2', GRAY], ['b2'], ['g3', GRAY], ['b3']);
  await canary.receives(['g2', 'g3']);
  await baseline.receives(['g1', 'b1', 'b2', 'b3']);

  await canary.child.stop('SIGKILL');
  await send(['g4', GRAY], ['b4']);
  await baseline.receives(['g1', 'b1', 'b2', 'b3', 'g4', 'b4']);
});
