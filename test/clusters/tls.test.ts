/** A RocketMQ whose name server, broker and proxy take TLS only, with a certificate that no public authority knows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CERTIFICATE } from '../../fixtures/rocketmq/tls';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';

let environment: RocketmqEnvironment;

beforeAll(async () => {
  environment = await rocketmqEnvironment({ tls: true });
});
afterAll(() => environment?.stop());

const SSL = { sslEnabled: true };
/** What the client needs, with or without the agent. */
const TRUST = { NODE_EXTRA_CA_CERTS: CERTIFICATE };

function consumer(name: string, env: Readonly<Record<string, string>>, wait = true) {
  const settings = { group: `group-${name}`, subscriptions: { [`TLS_${name}`]: '*' }, clientOptions: SSL };
  return environment.consumer(settings, { ...TRUST, GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, ...env }, wait);
}

async function prepared(name: string) {
  await environment.rocketmq.createTopic(`TLS_${name}`);
  await environment.rocketmq.createGroup(`group-${name}`);
  const producer = await environment.producer([`TLS_${name}`], TRUST, undefined, SSL);
  return (body: string, headers = {}) => producer.send({ topic: `TLS_${name}`, body }, headers);
}

describe.each(['on', 'unverified'])('GRAY_MQ_TLS=%s', mode => {
  it('keeps baseline and canary apart, and hands over', async () => {
    const send = await prepared(mode);
    const env = { GRAY_MQ_TLS: mode, GRAY_MQ_TAGS: 'gray' };
    const baseline = await consumer(mode, env);
    const canary = await consumer(mode, { ...env, GRAY_TAG: 'gray' });
    for (const body of ['g1', 'g2']) await send(body, GRAY);
    for (const body of ['b1', 'b2']) await send(body);
    await canary.receives(['g1', 'g2']);
    await baseline.receives(['b1', 'b2']);

    await canary.child.stop('SIGKILL');
    await send('g3', GRAY);
    await baseline.receives(['b1', 'b2', 'g3'], 60_000);
    expect(baseline.child.stderr + canary.child.stderr).not.toMatch(/ (?:warn|error): /);
  });
});

it('without GRAY_MQ_TLS: the lines name it', async () => {
  await prepared('off');
  // It waits for its group, which nobody can make.
  const canary = await consumer('off', { GRAY_TAG: 'gray' }, false);
  expect(await canary.child.waitFor('GRAY_MQ_TLS')).toMatch(/takes TLS only \(GRAY_MQ_TLS=on, now off\)/);
});

it('with a certificate that does not verify: server and reason are said, and not again and again', async () => {
  await prepared('unknown');
  // The application's client is told by other means, which the agent does not have.
  const env = { GRAY_MQ_TLS: 'on', NODE_EXTRA_CA_CERTS: '', GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: CERTIFICATE };
  const baseline = await consumer('unknown', env);
  const { nameServers } = environment.rocketmq;
  const problem = `RocketMQ at ${nameServers[0]?.address}, .*: its certificate does not verify: self-signed certificate`;
  expect(await baseline.child.waitFor('does not verify')).toMatch(new RegExp(problem));
  await new Promise(resolve => setTimeout(resolve, 5_000));
  expect(baseline.child.stderr.match(/does not verify/g)?.length).toBeLessThanOrEqual(2);
});
