import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Rocketmq } from '../../fixtures/rocketmq';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import type { Check } from '../../src/inspection/doctor/check';
import type { Fleet, Group } from '../../src/inspection/fleet/fleet-shape';
import { VERSION } from '../../src/names/version';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { UPDATE_BROKER_CONFIG } from '../../src/rocketmq/remoting/codes';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';
import { type ChildResult, PRELOAD, run, start } from '../integration/child';
import { GRAY, type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';
import { createSandbox, type Sandbox } from '../integration/sandbox';

type Environment = Readonly<Record<string, string>>;

/** A consumer's arrival and end, as brokers and baselines see them, on a busy machine. */
const SOON = { timeout: 40_000, interval: 500 };
const TOPIC = 'TEST_MQ';
const NOBODY = '127.0.0.1:1';

let sandbox: Sandbox;
let script: string;
beforeAll(async () => {
  sandbox = await createSandbox();
  script = sandbox.commandLine;
});
afterAll(() => sandbox?.remove());

function call(args: readonly string[], env: Environment = {}): Promise<ChildResult> {
  return run({ args: [script, ...args], cwd: sandbox.directory, env });
}

interface Doctor {
  readonly checks: readonly Check[];
  readonly exitCode: number;
}

const QUESTION = ['--topic', TOPIC, '--group', 'group1', '--tag', 'gray'];

async function doctor(args: readonly string[], env: Environment = {}): Promise<Doctor> {
  const { stdout, stderr, code } = await call(['doctor', '--json', ...args], env);
  const answer = JSON.parse(stdout || `"${stderr}"`) as Doctor;
  expect(code).toBe(answer.exitCode);
  return answer;
}

const verdicts = ({ checks }: Doctor, name: string) =>
  checks.filter(({ check }) => check === name).map(({ verdict }) => verdict);
const remedies = ({ checks }: Doctor, name: string) =>
  checks.filter(({ check }) => check === name).flatMap(check => check.remedies ?? []);

describe('conventions', () => {
  it('--help and --version go to standard output', async () => {
    expect(await call(['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    const commands = ['doctor', 'status', 'message', 'page', 'clean', 'run'];
    const asked = [
      ['--help'],
      ['help'],
      ...commands.flatMap(name => [
        [name, '--help'],
        ['help', name],
      ]),
    ];
    for (const args of asked) {
      const { code, stdout, stderr } = await call(args);
      expect([args, code, stderr]).toEqual([args, 0, '']);
      expect(stdout).toContain('Usage: rocketmq-gray');
      expect(stdout).toContain('Exit code: 0');
    }
  });

  it.each<[string[], Environment, string]>([
    [[], {}, 'Usage: rocketmq-gray'],
    [['docter'], {}, "unknown command 'docter'"],
    [['doctor', '--namesvr', NOBODY], {}, "unknown option '--namesvr'"],
    [['doctor', '--namesrv', NOBODY, '--group', 'group1'], {}, "'--topic <topic>' not specified"],
    [['message', '7F', '--namesrv', NOBODY, '--bogus'], {}, "unknown option '--bogus'"],
    [['doctor', '--topic', TOPIC, '--group', 'group1', '--tag', 'gray'], {}, '--namesrv'],
    [['doctor', '--namesrv', NOBODY, '--topic', TOPIC, '--group', 'group1'], {}, '--tag'],
    [['doctor', '--namesrv', NOBODY, ...QUESTION, '--tag', 'a_b'], {}, 'up to 31 letters'],
    [['doctor', '--namesrv', 'nonsense', ...QUESTION], {}, 'host:port'],
    [['doctor', '--namesrv', NOBODY, ...QUESTION, '--access-key', 'somebody'], {}, 'secret key'],
    [['status'], { GRAY_TAG: 'a_b', GRAY_MQ_NAMESRV: NOBODY }, 'GRAY_TAG'],
    [['status'], {}, '--namesrv'],
    [['page', '--namesrv', NOBODY, '--port', '70000'], {}, '65535'],
  ])('wrong usage is said on standard error: %j', async (args, env, words) => {
    const { code, stdout, stderr } = await call(args, env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('    at ');
  });

  it('nobody answers: exit code 2, and the cause', async () => {
    const result = await call(['doctor', '--namesrv', NOBODY, ...QUESTION]);
    expect(result.code).toBe(2);
    expect(result.stdout).toContain(`RocketMQ at ${NOBODY}, asking for the list of brokers: `);
    expect(result.stdout).toContain('ECONNREFUSED');
    expect(result.stdout).not.toContain('\u001b[');
    expect((await call(['doctor', '--endpoints', NOBODY, '--proxy-remoting', NOBODY, ...QUESTION])).code).toBe(2);
    const status = await call(['status', '--json', '--namesrv', NOBODY]);
    expect(status.code).toBe(2);
    expect((JSON.parse(status.stdout) as Fleet).unanswered.join()).toContain('ECONNREFUSED');
  });
});

describe('RocketMQ 5.5.0', () => {
  let environment: RocketmqEnvironment;
  let rocketmq: Rocketmq;
  let servers: string[];

  beforeAll(async () => {
    environment = await rocketmqEnvironment();
    rocketmq = environment.rocketmq;
    servers = ['--namesrv', rocketmq.namesrv];
    await rocketmq.createTopic(TOPIC);
    await rocketmq.createGroup('group1');
  });
  afterAll(() => environment?.stop());

  const fleet = async (...args: string[]) => {
    const { stdout } = await call(['status', '--json', ...servers, ...args]);
    return JSON.parse(stdout) as Fleet;
  };
  const groupOf = async (tag: string | null): Promise<Group | undefined> =>
    (await fleet()).groups.find(group => group.tag === tag);

  it('doctor: a cluster before its first canary is fit for it', async () => {
    const answer = await doctor([...servers, ...QUESTION]);
    expect(answer.exitCode).toBe(0);
    expect(verdicts(answer, 'broker')).toEqual(['ok']);
    expect(answer.checks.find(({ check }) => check === 'broker')?.finding).toContain('RocketMQ 5.5.0');
    for (const name of ['topic', 'group', 'canary group', 'create groups', 'marker']) {
      expect([name, verdicts(answer, name)]).toEqual([name, ['ok']]);
    }
    // To ask whether groups may be created creates none.
    const administration = brokerAdministration({ namesrv: rocketmq.namesrv });
    const [broker] = await administration.brokersOfCluster([TOPIC]);
    expect(broker && (await administration.groupSettings(broker, 'group1_gray'))).toBe(undefined);
    administration.close();
  });

  it('doctor: settings come from the environment, and are overruled', async () => {
    const env = { GRAY_MQ_NAMESRV: rocketmq.namesrv, GRAY_TAG: 'blue', GRAY_KEY: 'x_lane' };
    const { stdout, code } = await call(
      ['doctor', '--topic', TOPIC, '--group', 'group1', '--filter', 'A || B', '-v'],
      env,
    );
    expect(stdout.replace(/\s+/g, ' ')).toContain("(TAGS IS NOT NULL AND TAGS IN ('A','B')) AND x_lane = 'blue'");
    expect(code).toBe(0);
  });

  it('doctor: what is missing comes with its command', async () => {
    const answer = await doctor([...servers, '--topic', 'nowhere', '--group', 'nobody', '--tag', 'gray']);
    expect(answer.exitCode).toBe(1);
    expect(remedies(answer, 'topic')[0]).toBe(
      `mqadmin updateTopic -n '${rocketmq.namesrv}' -c DefaultCluster -t nowhere -r 8 -w 8`,
    );
    expect(remedies(answer, 'group')).toEqual([
      `mqadmin updateSubGroup -n ${rocketmq.namesrv} -c DefaultCluster -g nobody`,
    ]);
  });

  it('doctor: one of two name servers is away', async () => {
    const answer = await doctor(['--namesrv', `${NOBODY};${rocketmq.namesrv}`, ...QUESTION]);
    expect(answer.exitCode).toBe(1);
    expect(verdicts(answer, 'name server')).toEqual(['fail', 'ok']);
    expect(verdicts(answer, 'topic')).toEqual(['ok']);
  });

  it('doctor: a broker without enablePropertyFilter, until it is set as the remedy says', async () => {
    const connection = remotingConnection(rocketmq.brokerAddress);
    const set = (value: boolean) =>
      connection.request(UPDATE_BROKER_CONFIG, {}, Buffer.from(`enablePropertyFilter=${value}\n`));
    await set(false);
    const answer = await doctor([...servers, ...QUESTION]);
    expect([answer.exitCode, verdicts(answer, 'filter')]).toEqual([0, ['warn']]);
    const left = await doctor([...servers, ...QUESTION, '--filter-side', 'broker']);
    expect([left.exitCode, verdicts(left, 'filter')]).toEqual([1, ['fail']]);
    // What the command in it sends.
    expect(remedies(answer, 'filter').join()).toContain(
      `updateBrokerConfig -b ${rocketmq.brokerAddress} -k enablePropertyFilter -v true`,
    );
    expect((await doctor([...servers, ...QUESTION, '--filter-side', 'client'])).exitCode).toBe(0);
    await set(true);
    connection.close();
    expect((await doctor([...servers, ...QUESTION])).exitCode).toBe(0);
  });

  it('doctor: a filter that the broker does not take', async () => {
    const answer = await doctor([...servers, ...QUESTION, '--sql', 'a = = 1']);
    expect([answer.exitCode, verdicts(answer, 'filter')]).toEqual([1, ['fail', 'fail']]);
  });

  it('doctor: a proxy is asked what it knows', async () => {
    const answer = await doctor([
      '--endpoints',
      rocketmq.endpoints,
      '--proxy-remoting',
      rocketmq.proxyRemoting,
      ...QUESTION,
    ]);
    expect(answer.exitCode).toBe(0);
    expect([verdicts(answer, 'proxy'), verdicts(answer, 'topic'), verdicts(answer, 'filter')]).toEqual([
      ['ok'],
      ['ok'],
      ['unknown'],
    ]);
  });

  it('doctor: the groups of others', async () => {
    await rocketmq.createGroup('group2');
    await rocketmq.createGroup('group2_gray', { retryMaxTimes: 3 });
    const stranger = await environment.consumer(
      { client: 'ali-ons 3', group: 'group2_gray', subscriptions: { [TOPIC]: '*' } },
      { WITHOUT_AGENT: '1' },
    );
    const question = [...servers, '--topic', TOPIC, '--group', 'group2', '--tag', 'gray'];
    await expect.poll(async () => verdicts(await doctor(question), 'online'), SOON).toEqual(['warn', 'fail']);
    const answer = await doctor(question);
    expect(answer.checks.find(({ check }) => check === 'canary group')).toMatchObject({
      verdict: 'warn',
      finding: expect.stringContaining('retryMaxTimes 3, not 16'),
      remedies: [expect.stringContaining('-g group2_gray -s true')],
    });
    await stranger.child.stop('SIGKILL');
  });

  it('status and doctor: a canary, and its stand-in once it has gone', async () => {
    expect((await fleet()).groups).toEqual([]);
    const env = { GRAY_MQ_NAMESRV: rocketmq.namesrv };
    const consumer = { group: 'group1', subscriptions: { [TOPIC]: '*' }, shutsDown: true };
    const baseline = await environment.consumer(consumer, env);
    const canary = await environment.consumer(consumer, { ...env, GRAY_TAG: 'gray' });
    const producer = await environment.producer([TOPIC]);
    await expect.poll(async () => (await groupOf('gray'))?.takenBy, SOON).toBe('consumers');

    const whole = await fleet();
    expect(whole.brokers).toMatchObject([{ name: 'broker-a', release: '5.5.0', problem: null }]);
    expect(whole.problems).toEqual([]);
    const [ofBaseline, ofGray] = whole.environments;
    expect(ofBaseline).toMatchObject({ tag: null, standIns: 0, groups: 1 });
    expect(ofBaseline?.instances).toMatchObject([
      { pid: baseline.child.process.pid, version: VERSION, groups: ['group1'], standsInFor: [] },
    ]);
    expect(ofGray).toMatchObject({ tag: 'gray', standIns: 0, groups: 1 });
    expect(ofGray?.instances).toMatchObject([{ pid: canary.child.process.pid, version: VERSION, groups: ['group1'] }]);
    expect((await groupOf('gray'))?.topics).toMatchObject([{ topic: TOPIC, filter: "gray_tag = 'gray'" }]);
    expect((await fleet('--group', 'group2')).groups.map(({ group }) => group)).toEqual(['group2']);

    const healthy = await doctor([...servers, ...QUESTION]);
    expect(healthy.checks.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(healthy.checks.find(({ check }) => check === 'who takes it')?.finding).toContain('the canary: 1 consumer');

    await canary.child.stop();
    await expect.poll(async () => (await groupOf('gray'))?.takenBy, SOON).toBe('stand-ins');
    const [without, standIn] = (await fleet()).environments;
    expect(standIn).toMatchObject({ tag: 'gray', standIns: 1, instances: [] });
    expect(without?.instances).toMatchObject([{ standsInFor: ['group1_gray'] }]);
    expect((await doctor([...servers, ...QUESTION])).exitCode).toBe(0);

    // Nobody is left: what comes now waits.
    await baseline.child.stop();
    await producer.send({ topic: TOPIC, body: 'waits' }, GRAY);
    await expect
      .poll(async () => verdicts(await doctor([...servers, ...QUESTION]), 'who takes it'), SOON)
      .toEqual(['fail']);
    await expect.poll(async () => (await groupOf('gray'))?.backlog, SOON).toBe(1);
    const { stdout } = await call(['status', ...servers]);
    expect(stdout).toMatch(/group1_gray +gray +nobody since \d+ s +TEST_MQ/);
  }, 180_000);

  it('status --watch goes on until it is ended', async () => {
    const child = start({
      args: [...PRELOAD, script, 'status', ...servers, '--watch', '0.2', '--json'],
      cwd: sandbox.directory,
      env: {},
    });
    await expect.poll(() => child.stdout.split('\n').length, SOON).toBeGreaterThan(3);
    child.process.kill('SIGINT');
    expect((await child.ended).code).toBe(0);
    for (const line of child.stdout.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ namesrv: rocketmq.namesrv });
  });
});

describe('RocketMQ 4.9.7 with access keys', () => {
  const admin = { accessKey: 'admin-of-the-test', secretKey: 'the-secret-of-admin' };
  const restricted = { accessKey: 'restricted-one', secretKey: 'the-secret-of-the-other' };
  const as = ({ accessKey, secretKey }: typeof admin) => ({
    ROCKETMQ_ACCESS_KEY: accessKey,
    ROCKETMQ_SECRET_KEY: secretKey,
  });
  let rocketmq: Rocketmq;
  let args: string[];
  beforeAll(async () => {
    rocketmq = await takeRocketmq({ version: '4.9.7', accessControl: { ...admin, restricted } });
    await rocketmq.createTopic(TOPIC);
    await rocketmq.createGroup('group1');
    args = ['--namesrv', rocketmq.namesrv, ...QUESTION];
  });
  afterAll(() => rocketmq?.stop());

  it('an administrator is told everything', async () => {
    const answer = await doctor(args, as(admin));
    expect(answer.exitCode).toBe(0);
    expect(answer.checks.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
    expect(answer.checks.find(({ check }) => check === 'broker')?.finding).toContain('RocketMQ 4.9.7');
    const status = await call(['status', '--namesrv', rocketmq.namesrv, '--group', 'group1'], as(admin));
    expect([status.code, status.stdout.includes('group1'), status.stdout.includes('!')]).toEqual([0, true, false]);
  });

  it('who may not create groups is given the command for an administrator', async () => {
    const answer = await doctor(args, as(restricted));
    expect([answer.exitCode, verdicts(answer, 'create groups')]).toEqual([1, ['fail']]);
    expect(remedies(answer, 'canary group').join()).toContain(
      `mqadmin updateSubGroup -n ${rocketmq.namesrv} -c DefaultCluster -g group1_gray`,
    );
  });

  it.each<[string, Environment]>([
    ['a wrong secret', as({ ...admin, secretKey: 'a-guess-of-somebody' })],
    ['no account', {}],
  ])('%s: exit code 1, and no secret in what is said', async (_, env) => {
    for (const format of [[], ['--json']]) {
      const { code, stdout, stderr } = await call(['doctor', ...args, ...format], env);
      expect(code).toBe(1);
      expect(stdout).toContain('ROCKETMQ_ACCESS_KEY');
      for (const secret of Object.values(env)) expect(stdout + stderr).not.toContain(secret);
    }
    const status = await call(['status', '--namesrv', rocketmq.namesrv, '--group', 'group1'], env);
    expect(status.stdout).toContain('not known');
    for (const secret of Object.values(env)) expect(status.stdout + status.stderr).not.toContain(secret);
  });
});
