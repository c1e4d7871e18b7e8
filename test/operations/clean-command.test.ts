import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareCanaryGroup } from '../../src/rocketmq/administration/canary-group';
import { formerUseOf } from '../../src/rocketmq/hand-over/canary-marker';
import { type Cluster, openCluster } from '../../src/rocketmq/hand-over/cluster';
import type { Phase } from '../../src/rocketmq/hand-over/hand-over';
import { type ChildResult, run } from '../integration/child';
import { chosenRocketmqVersions } from '../integration/each-rocketmq';
import { type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';

const TOPIC = 'TEST_MQ';
const DAY = 86_400_000;

describe.each(chosenRocketmqVersions())('RocketMQ %s', version => {
  let environment: RocketmqEnvironment;
  let cluster: Cluster;
  /** A broker before 4.9 keeps the offsets of a group that is deleted. */
  const forgetsOffsets = version !== '4.5.2';

  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version });
    const { rocketmq } = environment;
    await rocketmq.createTopic(TOPIC, { queues: 1 });
    for (const group of ['group1', 'group1_other']) await rocketmq.createGroup(group);
    cluster = openCluster({ namesrv: rocketmq.namesrv, credentials: undefined });
    await baselineAt(5);
  });
  afterAll(async () => {
    cluster?.close();
    await environment?.stop();
  });

  const broker = async () => {
    const [first] = await cluster.administration.brokersOfCluster([TOPIC]);
    if (first === undefined) throw new Error('no broker');
    return first;
  };
  const baselineAt = async (offset: number) =>
    cluster.administration.commitOffset(await broker(), 'group1', TOPIC, 0, offset);
  const offsetOf = async (tag: string) =>
    cluster.administration.committedOffset(await broker(), `group1_${tag}`, TOPIC, 0);
  const exists = async (group: string) =>
    (await cluster.administration.groupSettings(await broker(), group)) !== undefined;
  const markers = async () =>
    Object.fromEntries((await cluster.markers.read('group1'))?.map(({ tag, phase }) => [tag, phase]) ?? []);
  const prepare = (tag: string) =>
    formerUseOf(cluster.administration, 'group1', tag).then(formerUse =>
      prepareCanaryGroup({
        administration: cluster.administration,
        baselineGroup: 'group1',
        canaryGroup: `group1_${tag}`,
        topics: [TOPIC],
        formerUse,
      }),
    );
  const leave = async (tag: string, phase: Phase, agoMs: number) => {
    await prepare(tag);
    await cluster.markers.write('group1', { tag, phase, at: Date.now() - agoMs, topics: [TOPIC] });
  };
  const clean = (...args: string[]): Promise<ChildResult> => {
    const { sandbox, rocketmq } = environment;
    const script = sandbox.commandLine;
    return run({ args: [script, 'clean', '--namesrv', rocketmq.namesrv, ...args], cwd: sandbox.directory, env: {} });
  };

  it('removes what nobody uses, and only when it is told to', async () => {
    expect((await clean()).stdout).toBe('Nothing to clean: no canary’s group is unused.\n');
    await leave('pr-1', 'retired', 2 * DAY);
    await leave('pr-2', 'retired', 2 * DAY);
    await leave('pr-3', 'retired', 3_600_000);
    await leave('gray', 'retired', 2 * DAY);
    await environment.rocketmq.createTopic('%RETRY%group1_pr-1', { queues: 1 });
    const settings = {
      client: 'ali-ons 3',
      group: 'group1',
      subscriptions: { [TOPIC]: '*' },
      shutsDown: true,
    } as const;
    const auto = { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_MQ_BASELINE: 'auto' };
    const canary = await environment.consumer(settings, { ...auto, GRAY_TAG: 'pr-2' });
    const before = await markers();

    const dry = await clean('--tag', 'pr-*');
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(
      /^1 unused, nothing was removed: --yes removes them\n {2}- {2}group1_pr-1 {2}2 d old\nkept:\n/,
    );
    expect(dry.stdout).toMatch(/^ {2}group1_pr-2 {2}a canary of pr-2 is there$/m);
    expect(dry.stdout).toMatch(/^ {2}group1_pr-3 {2}its last sign is only \d+ min ago/m);
    expect(dry.stdout).not.toContain('group1_gray');
    expect(dry.stdout).not.toContain('group1_other');
    expect(await markers()).toEqual(before);
    expect(await exists('group1_pr-1')).toBe(true);

    const done = await clean('--tag', 'pr-*', '--yes');
    expect(done.stdout).toMatch(
      /^1 unused\n {2}removed {2}group1_pr-1 {2}2 d old {2}group1_pr-1 on \S+; %RETRY%group1_pr-1/,
    );
    expect(done.code).toBe(0);
    expect(await exists('group1_pr-1')).toBe(false);
    expect(await cluster.administration.queuesOf('%RETRY%group1_pr-1')).toEqual([]);
    const { 'pr-1': marker, ...others } = await markers();
    expect({ marker, others }).toEqual({
      marker: forgetsOffsets ? undefined : 'retired',
      others: Object.fromEntries(Object.entries(before).filter(([tag]) => tag !== 'pr-1')),
    });
    for (const group of ['group1', 'group1_other', 'group1_pr-2', 'group1_pr-3', 'group1_gray']) {
      expect([group, await exists(group)]).toEqual([group, true]);
    }
    await canary.child.stop();
  }, 120_000);

  it('and a canary that comes again begins where the baseline stands', async () => {
    await baselineAt(9);
    await prepare('pr-1');
    expect(await offsetOf('pr-1')).toBe(9);
  });

  it('says what keeps it from it, and exits 2 for wrong usage', async () => {
    const { sandbox } = environment;
    const script = sandbox.commandLine;
    const call = (...args: string[]) => run({ args: [script, 'clean', ...args], cwd: sandbox.directory, env: {} });
    expect(await call('--namesrv', '127.0.0.1:1', '--yes')).toMatchObject({ code: 2 });
    for (const args of [['--older-than', 'yesterday'], ['--tag', 'a_*'], []]) {
      const { code, stderr } = await call(...args);
      expect([args, code, stderr === '']).toEqual([args, 2, false]);
    }
  });
});
