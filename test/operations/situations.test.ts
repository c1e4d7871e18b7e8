import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/inspection/doctor/check';
import type { Fleet } from '../../src/inspection/fleet/fleet-shape';
import { type ChildResult, run } from '../integration/child';
import {
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';

type Environment = Readonly<Record<string, string>>;

const TOPIC = 'TEST_MQ';
/** What clients and brokers do, on a busy machine. */
const SOON = { timeout: 60_000, interval: 500 };

describe('RocketMQ 5.5.0', () => {
  let environment: RocketmqEnvironment;
  let producer: ProducerApp;

  beforeAll(async () => {
    environment = await rocketmqEnvironment();
    await environment.rocketmq.createTopic(TOPIC, { queues: 1 });
    for (const group of ['group1', 'group2', 'group3']) {
      await environment.rocketmq.createGroup(group, { retryMaxTimes: 0 });
    }
    producer = await environment.producer([TOPIC]);
  });
  afterAll(() => environment?.stop());

  const call = (args: readonly string[], env: Environment = {}): Promise<ChildResult> => {
    const { sandbox, rocketmq } = environment;
    const script = sandbox.commandLine;
    return run({ args: [script, ...args, '--namesrv', rocketmq.namesrv], cwd: sandbox.directory, env });
  };
  /** What is not well, and the exit code. */
  const doctor = async (group: string, env: Environment = {}): Promise<string[]> => {
    const { stdout, code } = await call(['doctor', '--json', '--topic', TOPIC, '--group', group, '--tag', 'gray'], env);
    const { checks } = JSON.parse(stdout) as { checks: readonly Check[] };
    const problems = checks.filter(({ verdict }) => verdict !== 'ok');
    return [`exit ${code}`, ...problems.map(({ verdict, finding }) => `${verdict} ${finding}`)];
  };
  const status = async (group: string, env: Environment = {}): Promise<string[]> => {
    const { stdout, code } = await call(
      ['status', '--json', '--fail-on-problem', '--group', group, '--tag', 'gray'],
      env,
    );
    const { problems, unanswered } = JSON.parse(stdout) as Fleet;
    return [`exit ${code}`, ...problems.map(({ verdict, finding }) => `${verdict} ${finding}`), ...unanswered];
  };
  /** Both say the same. */
  const bothSay = async (
    group: string,
    finding: RegExp,
    [doctorCode, statusCode]: [number, number],
    env?: Environment,
  ) => {
    await expect.poll(async () => (await doctor(group, env)).join('\n'), SOON).toMatch(finding);
    expect((await doctor(group, env))[0]).toBe(`exit ${doctorCode}`);
    const said = await status(group, env);
    expect(said.join('\n')).toMatch(finding);
    expect(said[0]).toBe(`exit ${statusCode}`);
  };
  const bothAreWell = async (group: string, env?: Environment) => {
    await expect.poll(() => doctor(group, env), SOON).toEqual(['exit 0']);
    expect(await status(group, env)).toEqual(['exit 0']);
  };
  const settings = (group: string) => ({ group, subscriptions: { [TOPIC]: '*' }, shutsDown: true });

  it('a baseline without the agent, a frozen canary, and dead letters', async () => {
    const env = { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv };
    const consuming = { ...settings('group1'), failFirst: ['fails'] };
    await environment.consumer(consuming, env);
    const canary = await environment.consumer(consuming, { ...env, GRAY_TAG: 'gray' });
    await producer.send({ topic: TOPIC, body: 'first' }, GRAY);
    await canary.receives(['first']);
    await bothAreWell('group1');

    const stranger = await environment.consumer(settings('group1'), { WITHOUT_AGENT: '1' });
    const pid = stranger.child.process.pid;
    await bothSay(
      'group1',
      new RegExp(`^fail 1 of 2 consumers of group1 does not announce itself .*@${pid}@`, 'm'),
      [1, 1],
    );
    const { stdout } = await call(['status', '--group', 'group1']);
    expect(stdout).toMatch(/1 problem\n {2}FAIL {2}of group1: 1 of 2 consumers/);
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(100);
    // A client that is killed is listed for two minutes more.
    await stranger.child.stop();
    await bothAreWell('group1');

    canary.child.process.kill('SIGSTOP');
    // What its poll brings it has it in hand, and comes again later.
    for (let index = 0; index < 40; index++) await producer.send({ topic: TOPIC, body: `waits ${index}` }, GRAY);
    await bothSay(
      'group1',
      /^warn 1 consumer is there, and the oldest message of TEST_MQ .* is frozen or too slow/m,
      [0, 1],
    );
    canary.child.process.kill('SIGCONT');
    await bothAreWell('group1');

    await producer.send({ topic: TOPIC, body: 'fails' }, GRAY);
    await bothSay('group1', /^warn 1 message in %DLQ%group1_gray, the newest since \d+ s/m, [0, 1]);
    const [, gray] = (JSON.parse((await call(['status', '--json', '--group', 'group1'])).stdout) as Fleet).groups;
    expect(gray).toMatchObject({ group: 'group1_gray', deadLetters: 1, state: 'exists' });
  }, 300_000);

  it('mode none: well with its canary, and nobody takes its messages once it is gone', async () => {
    const env = { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_MQ_BASELINE: 'none' };
    await environment.consumer(settings('group2'), env);
    const canary = await environment.consumer(settings('group2'), { ...env, GRAY_TAG: 'gray' });
    await bothAreWell('group2', { GRAY_MQ_BASELINE: 'none' });
    await canary.child.stop();
    await producer.send({ topic: TOPIC, body: 'waits' }, GRAY);
    // Whether the command line knows the mode or not: the filter of the consumers says it.
    for (const known of [{ GRAY_MQ_BASELINE: 'none' }, {}]) {
      await bothSay(
        'group2',
        /^fail nobody: they wait in group2_gray, and \d+ messages? .*leaves gray out/m,
        [1, 1],
        known,
      );
    }
  }, 180_000);

  it('clients of the remoting protocol are known by their announcements, and a missing group is said', async () => {
    const env = { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv };
    const consuming = { ...settings('group3'), client: 'ali-ons 3' as const };
    const baseline = await environment.consumer(consuming, env);
    const canary = await environment.consumer(consuming, { ...env, GRAY_TAG: 'gray' });
    await Promise.all([baseline.rebalanced(), canary.rebalanced()]);
    await bothAreWell('group3');
    await bothSay('nobody', /^fail does not exist/m, [1, 1]);
  }, 180_000);
});
