/** Canaries' groups on brokers with access control. */
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '../../fixtures/rocketmq';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import {
  type BrokerAdministration,
  brokerAdministration,
} from '../../src/rocketmq/administration/broker-administration';
import { prepareCanaryGroup } from '../../src/rocketmq/administration/canary-group';
import { chosenRocketmqVersions } from './each-rocketmq';
import {
  commit,
  everyQueue,
  failureOf,
  groups,
  leaveCluster,
  offsetsOf,
  PATIENCE_MS,
  rocketmq,
  settingsOf,
  TOPICS,
  useCluster,
} from './group-cluster';

describe.each(chosenRocketmqVersions())('RocketMQ %s with access control', version => {
  const admin: Account = { accessKey: 'administrator', secretKey: 'secret-of-the-administrator' };
  const restricted: Account = { accessKey: 'application', secretKey: 'secret-of-the-application' };
  const opened: BrokerAdministration[] = [];

  beforeAll(async () => useCluster(await takeRocketmq({ version, accessControl: { ...admin, restricted } }), admin));
  afterAll(async () => {
    for (const one of opened) one.close();
    await leaveCluster();
  });

  function as(credentials: Account | undefined) {
    const one = brokerAdministration({ namesrv: rocketmq.namesrv, credentials, timeoutMs: PATIENCE_MS });
    opened.push(one);
    return one;
  }

  /** A baseline group that stands at 5 on each queue. */
  async function baseline() {
    const group = groups();
    await rocketmq.createGroup(group.baselineGroup, { retryMaxTimes: 5 });
    const offsets = everyQueue().map(() => 5);
    await commit(group.baselineGroup, offsets);
    return { group, offsets };
  }

  it('lets the administrator prepare a group', async () => {
    const { group, offsets } = await baseline();

    expect(await prepareCanaryGroup(group)).toEqual({
      created: ['broker-a'],
      createdAlone: [],
      used: [],
      offsets: offsets.length,
      paused: [],
    });

    expect(await offsetsOf(group.canaryGroup)).toEqual(offsets);
    expect(await settingsOf(group.canaryGroup)).toMatchObject([{ retryMaxTimes: 5 }]);
  });

  it.each<[string, Account | undefined, RegExp]>([
    // The authentication of 5.5 lets every account create groups.
    ...(version.startsWith('5.')
      ? []
      : ([['that may not administrate', restricted, /error 1, Need admin permission for request code=200/]] as [
          string,
          Account,
          RegExp,
        ][])),
    ['with a wrong secret key', { ...admin, secretKey: 'another-secret' }, /signature failed/i],
    ['that is none', undefined, /error (1, No accessKey is configured|16, username cannot be null)/],
  ])('denies an account %s: a hint in one line, and nothing is created', async (_, account, words) => {
    const { group } = await baseline();

    const error = await failureOf(prepareCanaryGroup({ ...group, administration: as(account) }));

    expect(error.hint).toMatch(words);
    expect(error.hint).toContain(
      `mqadmin updateSubGroup -n ${rocketmq.namesrv} -c DefaultCluster -g ${group.canaryGroup}`,
    );
    expect(error.prepared).toEqual({ created: [], createdAlone: [], used: [], offsets: 0, paused: [] });
    expect(inspect(error, { depth: 10 })).not.toMatch(/secret-of|another-secret/);
    expect(await settingsOf(group.canaryGroup)).toEqual([undefined]);
    expect(await offsetsOf(group.canaryGroup)).toEqual(everyQueue().map(() => undefined));
  });

  it('lets an account that may only send and receive set the offsets of a group made by hand', async () => {
    const { group, offsets } = await baseline();
    await rocketmq.createTopic('never-read', { queues: 1 });
    await rocketmq.createGroup(group.canaryGroup);

    const prepared = await prepareCanaryGroup({
      ...group,
      topics: [...TOPICS, 'never-read'],
      administration: as(restricted),
    });

    expect(prepared).toEqual({
      created: [],
      createdAlone: [],
      used: ['broker-a'],
      offsets: offsets.length,
      paused: [],
    });
    expect(await offsetsOf(group.canaryGroup)).toEqual(offsets);
  });
});
