import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fate } from '../../src/inspection/message/message-fate';
import { type ChildResult, run } from '../integration/child';
import { chosenRocketmqVersions } from '../integration/each-rocketmq';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';

const TOPIC = 'TEST_MQ';
const NOBODY = '127.0.0.1:1';
/** What clients and brokers do, on a busy machine. */
const SOON = { timeout: 60_000, interval: 300 };

type Environment = Readonly<Record<string, string>>;

function call({ sandbox }: RocketmqEnvironment, args: readonly string[], env: Environment = {}): Promise<ChildResult> {
  const script = sandbox.commandLine;
  return run({ args: [script, 'message', ...args], cwd: sandbox.directory, env });
}

interface Told {
  readonly id: string;
  readonly tag: string | null;
  readonly offsetId: string;
  readonly groups: readonly { readonly group: string; readonly fate: Fate; readonly isSelected?: boolean }[];
  readonly verdict: readonly string[];
}

/** What is told of messages, and of one group's part in the first of them. */
function asking(environment: () => RocketmqEnvironment, env: Environment = {}) {
  const told = async (...args: string[]): Promise<Told[]> => {
    const servers = ['--namesrv', environment().rocketmq.namesrv];
    const { stdout } = await call(environment(), [...servers, '--topic', TOPIC, '--json', ...args], env);
    return (JSON.parse(stdout) as { messages: Told[] }).messages;
  };
  const fates = async (...args: string[]): Promise<Record<string, Fate>> => {
    const [message] = await told(...args);
    return Object.fromEntries((message?.groups ?? []).map(({ group, fate }) => [group, fate]));
  };
  return { told, fates };
}

describe('RocketMQ 5.5.0', () => {
  let environment: RocketmqEnvironment;
  const { told, fates } = asking(() => environment);
  const auto = () => ({ GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_MQ_BASELINE: 'auto' });

  beforeAll(async () => {
    environment = await rocketmqEnvironment();
    await environment.rocketmq.createTopic(TOPIC, { queues: 1 });
    await environment.rocketmq.createGroup('group1', { retryMaxTimes: 0 });
  });
  afterAll(() => environment?.stop());

  it('tells who handled it and who skipped it, that it waits, that it is a dead letter', async () => {
    const settings = { group: 'group1', subscriptions: { [TOPIC]: '*' }, failFirst: ['fails'], shutsDown: true };
    const baseline = await environment.consumer(settings, auto());
    const canary = await environment.consumer(settings, { ...auto(), GRAY_TAG: 'gray' });
    const producer = await environment.producer([TOPIC]);
    const gray = await producer.send({ topic: TOPIC, body: 'gray', keys: ['order-1'] }, GRAY);
    await canary.receives(['gray']);
    await expect.poll(() => fates(gray), SOON).toEqual({ group1: 'skipped', group1_gray: 'taken' });
    const [message] = await told(gray);
    expect(message).toMatchObject({ id: gray, tag: 'gray' });
    expect(message?.verdict.join(' ')).toMatch(
      /^Handled by the canary gray or the baseline's stand-in: group1_gray has passed it \(now in it: 1 consumer\)\. group1 skipped it/,
    );
    expect((await told('--key', 'order-1')).map(({ id }) => id)).toEqual([gray]);

    const plain = await producer.send({ topic: TOPIC, body: 'plain' });
    await baseline.receives(['plain']);
    await expect.poll(() => fates(plain), SOON).toEqual({ group1: 'taken' });
    const [untagged] = await told(plain);
    expect(untagged).toMatchObject({ tag: null });
    expect(untagged?.verdict.join(' ')).toMatch(/The baseline handled it.*It has no tag/);

    const failing = await producer.send({ topic: TOPIC, body: 'fails' }, GRAY);
    await expect.poll(() => fates(failing), SOON).toMatchObject({ group1_gray: 'dead' });
    expect((await told(failing))[0]?.verdict[0]).toContain('it is in %DLQ%group1_gray');

    // Nobody is left.
    for (const { child } of [canary, baseline]) {
      child.process.kill('SIGTERM');
      await child.waitFor('"shutDown"', 60_000);
      await child.stop();
    }
    const waits = await producer.send({ topic: TOPIC, body: 'waits' }, GRAY);
    await expect.poll(() => fates(waits), SOON).toEqual({ group1: 'waiting', group1_gray: 'waiting' });
    expect((await told(waits))[0]?.verdict[0]).toContain('It waits in group1_gray, behind 0 messages: nobody is in it');

    const { stdout, code } = await call(environment, [
      waits,
      ...['--namesrv', environment.rocketmq.namesrv, '--topic', TOPIC, '--group', 'group1'],
    ]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/group1_gray +\S+ +waits +yes/)]);
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(100);
  }, 240_000);

  it('says what is not there, and what it was not told', async () => {
    const servers = ['--namesrv', environment.rocketmq.namesrv];
    const missing = await call(environment, ['7F00000100002A9F0000000000001234', ...servers, '--topic', TOPIC]);
    expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('no message 7F0000')]);
    expect((await call(environment, [...servers, '--topic', TOPIC])).stderr).toContain('its id, or --key');
    expect((await call(environment, ['id', '--key', 'k', ...servers, '--topic', TOPIC])).code).toBe(2);
    const nobody = await call(environment, ['id', '--namesrv', NOBODY, '--topic', TOPIC]);
    expect([nobody.code, nobody.stdout]).toEqual([2, expect.stringContaining('ECONNREFUSED')]);
  });
});

const ACCOUNT = { accessKey: 'admin-of-the-test', secretKey: 'the-secret-of-admin' };

describe.each(chosenRocketmqVersions())('RocketMQ %s, clients of the remoting protocol', version => {
  let environment: RocketmqEnvironment;
  // Brokers of 5.x give one to messages whose client gave none.
  const hasIds = version === '5.5.0';
  const accessControl = version === '4.9.7' ? ACCOUNT : undefined;
  const account: Environment = accessControl
    ? { ROCKETMQ_ACCESS_KEY: ACCOUNT.accessKey, ROCKETMQ_SECRET_KEY: ACCOUNT.secretKey }
    : {};
  const clientOptions = accessControl ?? {};
  const { told, fates } = asking(() => environment, account);

  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version, ...(accessControl && { accessControl }) });
    await environment.rocketmq.createTopic(TOPIC, { queues: 1 });
    await environment.rocketmq.createGroup('group1');
  });
  afterAll(() => environment?.stop());

  it('have their messages found by their ids and keys, while they fail and after', async () => {
    const env = { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_TAG: 'gray' };
    const settings = {
      client: 'ali-ons 3',
      group: 'group1',
      subscriptions: { [TOPIC]: '*' },
      clientOptions,
    } as const;
    const canary = await environment.consumer({ ...settings, failFirst: ['fails'] }, env);
    await canary.rebalanced();
    const producer = await environment.producer([TOPIC], {}, 'ali-ons 3', clientOptions);
    const id = await producer.send({ topic: TOPIC, body: 'fails', keys: ['order-1'] }, GRAY);
    // The first retry is due after ten seconds.
    await expect.poll(() => fates(id), SOON).toMatchObject({ group1_gray: 'retried' });
    expect((await told(id))[0]?.verdict[0]).toContain('Its handling failed 1 time in group1_gray');
    await canary.receives(['fails', 'fails'], 90_000);
    await expect.poll(() => fates(id), SOON).toEqual({ group1: 'none', group1_gray: 'taken' });
    expect(await told('--key', 'order-1')).toMatchObject([
      { id: hasIds ? expect.any(String) : id, offsetId: id, tag: 'gray' },
    ]);
    // Without an id or a key nobody can say whether it failed.
    const bare = await producer.send({ topic: TOPIC, body: 'bare' }, GRAY);
    await expect.poll(() => fates(bare), SOON).toMatchObject({ group1_gray: hasIds ? 'taken' : 'passed' });
    if (accessControl) {
      const { stdout, code } = await call(environment, [
        ...[id, '--namesrv', environment.rocketmq.namesrv, '--topic', TOPIC],
      ]);
      expect([code, stdout]).toEqual([2, expect.stringContaining('not known')]);
    }
  }, 240_000);
});
