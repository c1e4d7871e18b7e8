/** Brokers with a replica, whose master crashes and comes back: nothing is lost, nothing is on the wrong side, lines are true. */
import { afterEach, expect, it } from 'vitest';
import { GET_BROKER_CLUSTER_INFO } from '../../src/rocketmq/remoting/codes';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';
import { bodies, has, masterCrashesAndComesBack, replicatedFleet, SOON } from './replicas';

let environment: RocketmqEnvironment | undefined;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(environment?.rocketmq.sampleLogs());
  await environment?.stop();
});

it('5.5.0, master and slave that serves reads', { timeout: 400_000 }, async () => {
  environment = await rocketmqEnvironment({
    replicas: 'slave',
    // A proxy of its own is there without the master.
    proxyMode: 'CLUSTER',
    brokerConfig: { slaveReadEnable: 'true' },
  });
  await masterCrashesAndComesBack(environment, [
    { ...(await replicatedFleet(environment, 'ali-ons 3')), readsFromSlave: true },
    { ...(await replicatedFleet(environment, 'rocketmq-client-nodejs')), readsFromSlave: undefined },
  ]);
});

it('5.5.0, controller: another broker becomes master', async () => {
  environment = await rocketmqEnvironment({ replicas: 'controller', proxyMode: 'CLUSTER' });
  const { rocketmq } = environment;
  const { baseline, canary, send } = await replicatedFleet(environment, 'rocketmq-client-nodejs');
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
