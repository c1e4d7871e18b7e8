/** The same as in availability.test.ts, on 4.9.7. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { plainAcl } from '../../fixtures/rocketmq/configuration';
import { type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';
import { masterCrashesAndComesBack, replicatedFleet } from './replicas';

const SHAPE = { version: '4.9.7', replicas: 'slave' } as const;
const ADMINISTRATOR = { accessKey: 'administrator', secretKey: '12345678' };
/** May send and receive. */
const SERVICES = { accessKey: 'services', secretKey: '12345678' };
/** A broker looks each half second whether its file of accounts has changed. */
const ACCOUNTS_READ_MS = 3_000;

let environment: RocketmqEnvironment | undefined;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(environment?.rocketmq.sampleLogs());
  await environment?.stop();
});

it('master and slave that serves reads', async () => {
  environment = await rocketmqEnvironment({ ...SHAPE, brokerConfig: { slaveReadEnable: 'true' } });
  const fleet = await replicatedFleet(environment, 'ali-ons 3');
  await masterCrashesAndComesBack(environment, [{ ...fleet, readsFromSlave: true }]);
});

it('master and slave with access control', async () => {
  environment = await rocketmqEnvironment({ ...SHAPE, accessControl: { ...ADMINISTRATOR, restricted: SERVICES } });
  const { rocketmq } = environment;
  const fleet = await replicatedFleet(environment, 'ali-ons 3', SERVICES);
  // By default a slave refuses every pull (rejectRequest of PullMessageProcessor.java).
  await masterCrashesAndComesBack(environment, [{ ...fleet, readsFromSlave: false }], { slaveAsksMaster: false });

  // Brokers do not share their accounts: a slave that does not know this one says nothing of canaries, and it is said why.
  const [master, slave] = rocketmq.brokers;
  const accounts = join(rocketmq.directory, `${slave?.name}-2`, 'conf', 'plain_acl.yml');
  writeFileSync(accounts, JSON.stringify(plainAcl(ADMINISTRATOR)));
  await sleep(ACCOUNTS_READ_MS);
  await master?.kill();
  const said = await fleet.baseline.child.waitFor('nobody has said which canaries are there', 90_000);
  expect(said).toContain(`RocketMQ at ${slave?.address}, asking who announces himself: error 1`);
  expect(said).toContain('No PlainAccessResource for accessKey=services');
});
