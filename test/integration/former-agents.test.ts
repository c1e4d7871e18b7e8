/** Agents of former versions and this one in one fleet, as in every rollout of the agent: nothing is lost, nobody takes what is another's. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConsumerApp, GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

const DIRECTORY = join(__dirname, '..', 'former-agents');
const FORMER = readdirSync(DIRECTORY).flatMap(file => /^rocketmq-gray-(.+)\.tgz$/.exec(file)?.[1] ?? []);
const SOON = { timeout: 60_000, interval: 200 };

let environment: RocketmqEnvironment;
beforeAll(async () => {
  const packages = FORMER.map(version => [
    `rocketmq-gray-${version}`,
    `file:${join(DIRECTORY, `rocketmq-gray-${version}.tgz`)}`,
  ]);
  environment = await rocketmqEnvironment({}, Object.fromEntries(packages));
});
afterAll(() => environment?.stop());

type Version = string | undefined;

/** Starts a consumer with the agent of a former version; undefined: with this one. */
async function consumer(version: Version, topic: string, env: Readonly<Record<string, string>>): Promise<ConsumerApp> {
  const agent =
    version === undefined
      ? {}
      : { WITHOUT_AGENT: 'true', NODE_OPTIONS: `--require ./node_modules/rocketmq-gray-${version}/register` };
  const settings = { group: `group-${topic}`, subscriptions: { [topic]: '*' }, shutsDown: true };
  const started = await environment.consumer(settings, {
    GRAY_MQ_NAMESRV: environment.rocketmq.namesrv,
    ...agent,
    ...env,
  });
  // Of the version that is meant.
  await started.child.waitFor(version === undefined ? / GRAY-101 / : `version ${version}`);
  return started;
}

const bodies = (...apps: readonly ConsumerApp[]) => apps.flatMap(app => app.got().map(({ got }) => got)).sort();

describe.each(FORMER)('an agent of %s', former => {
  it.each<[string, readonly Version[], Version]>([
    ['in the baseline, with a canary of this one', [former], undefined],
    ['in the canary, with a baseline of this one', [undefined], former],
    ['in one process of the baseline, this one in the other and in the canary', [former, undefined], undefined],
  ])('%s', async (_name, baselines, canary) => {
    const topic = `FORMER_${baselines.map(version => (version ? 'old' : 'new')).join('_')}`;
    await environment.rocketmq.createTopic(topic);
    await environment.rocketmq.createGroup(`group-${topic}`);
    const producer = await environment.producer([topic]);
    let count = 0;
    const send = async (headers: Readonly<Record<string, string>> = {}) => {
      const sent = Array.from({ length: 6 }, () => `${headers.baggage ? 'gray' : 'plain'}-${count++}`);
      for (const body of sent) await producer.send({ topic, body }, headers);
      return sent;
    };
    const running = await Promise.all(baselines.map(version => consumer(version, topic, {})));
    const first = await consumer(canary, topic, { GRAY_TAG: 'gray' });
    await Promise.all(running.map(({ child }) => child.waitFor('gray is managed')));

    const [gray, plain] = [await send(GRAY), await send()];
    await first.receives(gray);
    await expect.poll(() => bodies(...running), SOON).toEqual([...plain].sort());

    await first.child.stop('SIGTERM');
    const away = await send(GRAY);
    await expect.poll(() => bodies(...running), SOON).toEqual([...plain, ...away].sort());

    const second = await consumer(canary, topic, { GRAY_TAG: 'gray' });
    const back = [await send(GRAY), await send()];
    await second.receives(back[0] ?? []);
    await expect.poll(() => bodies(...running), SOON).toEqual([...plain, ...away, ...(back[1] ?? [])].sort());
    expect(bodies(first)).toEqual([...gray].sort());
    for (const app of [...running, second]) await app.child.stop('SIGKILL');
    await producer.child.stop('SIGKILL');
  });
});
