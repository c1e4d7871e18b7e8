/**
 * A canary that also gets copies of untagged messages (GRAY_MQ_ALSO=baseline), on real brokers: the baseline handles each as
 * ever, and what the canary makes of a copy reaches nobody but the canary.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { until as untilServers } from '../../fixtures/servers/until';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { canaryMarkers } from '../../src/rocketmq/hand-over/canary-marker';
import { copiesGroup } from '../../src/rocketmq/plan/group-name';
import { run } from '../integration/child';
import {
  type Client,
  type ConsumerApp,
  type ConsumerSettings,
  type Got,
  GRAY,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';

interface Case {
  readonly version: '5.5.0' | '4.9.7' | '4.5.2';
  readonly client: Client;
  readonly mode?: 'push' | 'pull';
}

const CASES: readonly Case[] = [
  { version: '5.5.0', client: 'rocketmq-client-nodejs', mode: 'push' },
  { version: '5.5.0', client: 'rocketmq-client-nodejs', mode: 'pull' },
  { version: '5.5.0', client: 'ali-ons 3' },
  { version: '4.9.7', client: 'ali-ons 3' },
  { version: '4.9.7', client: 'ali-ons 2' },
  { version: '4.5.2', client: 'ali-ons 3' },
];

const TIMEOUT_MS = 400_000;
/** So long a broker may hold a poll of a canary that has crashed: what comes meanwhile is handed to nobody, and comes again. */
const HELD_POLLS_MS = 7_000;
const COMMITTED_MS = 6_000;
const BLUE = { baggage: 'gray_tag=blue' };

const until = (what: string, app: ConsumerApp, condition: () => boolean | Promise<boolean>, timeout = 90_000) =>
  untilServers(what, timeout, async () => condition()).catch(error => {
    throw app.child.failure(String(error));
  });
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const series = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
const bodies = (app: ConsumerApp) => app.got().map(({ got }) => got);
/** How often it got each. */
const timesOf = (app: ConsumerApp) => {
  const times: Record<string, number> = {};
  for (const body of bodies(app)) times[body] = (times[body] ?? 0) + 1;
  return times;
};
const once = (...all: readonly string[]) => Object.fromEntries(all.map(body => [body, 1]));

describe.each(['5.5.0', '4.9.7', '4.5.2'] as const)('RocketMQ %s', version => {
  let environment: RocketmqEnvironment;
  beforeAll(async () => {
    environment = await rocketmqEnvironment({ version });
  });
  afterAll(() => environment?.stop());

  const auto = () => ({ GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_MQ_BASELINE: 'auto' });
  const gray = () => ({ ...auto(), GRAY_TAG: 'gray' });
  /** What it prints, in one line. */
  const commandLine = async (...args: string[]) => {
    const { sandbox, rocketmq } = environment;
    const all = [sandbox.commandLine, ...args, '--namesrv', rocketmq.namesrv];
    const { code, stdout } = await run({ args: all, cwd: sandbox.directory, env: {} });
    return { code, text: stdout.replace(/\s+/g, ' ') };
  };

  it.each(CASES.filter(one => one.version === version))('$client $mode', { timeout: TIMEOUT_MS }, async one => {
    onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
    const { client, mode } = one;
    const name = `${client.replace(/\W/g, '')}${mode ?? ''}`;
    const [topic, next, group] = [`Copied${name}`, `Next${name}`, `copied${name}`];
    const copies = copiesGroup(group, 'gray');
    for (const it of [topic, next]) await environment.rocketmq.createTopic(it, { queues: 2 });
    for (const it of [group, `${group}Next`]) await environment.rocketmq.createGroup(it);
    const settings: ConsumerSettings = { client, group, subscriptions: { [topic]: '*' }, ...(mode && { mode }) };
    const nextSettings: ConsumerSettings = { client, group: `${group}Next`, subscriptions: { [next]: '*' } };
    const producer = await environment.producer([topic], {}, client);
    const send = async (all: readonly string[], headers = {}) => {
      const ids: string[] = [];
      for (const body of all) ids.push(await producer.send({ topic, body }, headers));
      return ids;
    };
    const [base, baseNext, grayNext] = await Promise.all([
      environment.consumer(settings, { ...auto(), GRAY_MQ_TAGS: 'gray' }),
      environment.consumer(nextSettings, { ...auto(), GRAY_MQ_TAGS: 'gray' }),
      environment.consumer(nextSettings, gray()),
    ]);
    for (const app of [base, baseNext, grayNext]) await app.rebalanced();
    const all = (app: ConsumerApp, expected: readonly string[]) =>
      until(`all of ${expected}`, app, () => expected.every(body => bodies(app).includes(body)));
    /** A canary that gets copies of what is sent from now on. */
    const canary = async (more: Partial<ConsumerSettings> = {}) => {
      const env = { ...gray(), GRAY_MQ_ALSO: 'baseline' };
      const app = await environment.consumer({ ...settings, forwardsTo: next, ...more }, env);
      await app.child.waitFor(`${copies}: copies of untagged messages from now on`, 60_000);
      return app;
    };
    const before = series('o', 4);
    await send(before);
    await all(base, before);

    const failing = mode === 'pull' ? [] : ['b5', 'g5'];
    const first = await canary({ failFirst: failing });
    expect(first.child.stderr).toMatch(
      / GRAY-128 warn: GRAY_MQ_ALSO=baseline: consumers of gray also get a copy of each /,
    );
    const [untagged, own, others] = [series('b', 10), series('g', 10), series('x', 3)];
    const [id = ''] = await send(untagged);
    await send(own, GRAY);
    await send(others, BLUE);
    await all(first, [...untagged, ...own]);
    await all(base, [...untagged, ...others]);
    // What failed comes again, as what it was.
    await until('what failed', first, () => failing.every(body => (timesOf(first)[body] ?? 0) > 1));
    await all(
      grayNext,
      [...untagged, ...own].map(body => `on ${body}`),
    );
    await sleep(2_000);
    expect(timesOf(base)).toEqual(once(...before, ...untagged, ...others));
    expect(timesOf(first)).toEqual({ ...once(...untagged, ...own), ...Object.fromEntries(failing.map(it => [it, 2])) });
    const isOf = ({ downstream }: Pick<Got, 'downstream'>) => downstream;
    expect(new Set(first.got().map(isOf))).toEqual(new Set([GRAY.baggage]));
    expect(
      new Set(
        base
          .got()
          .filter(({ got }) => !got.startsWith('x'))
          .map(isOf),
      ),
    ).toEqual(new Set([null]));
    expect(bodies(baseNext)).toEqual([]);
    expect(new Set(grayNext.got().map(({ properties }) => properties.gray_tag))).toEqual(new Set(['gray']));

    const question = ['--topic', topic, '--group', group, '--tag', 'gray'];
    const doctor = await commandLine('doctor', ...question);
    expect(doctor.text).toContain(`1 process of gray also gets a copy of each untagged message, in ${copies}`);
    expect(doctor.code).toBe(0);
    const status = await commandLine('status', '--wide', '--group', group);
    expect(status.text).toContain(`${group}_gray gray 1 consumer + copies`);
    expect(status.text).not.toContain(copies);
    if (client === 'rocketmq-client-nodejs') {
      const { text } = await commandLine('message', id, '--topic', topic);
      expect(text).toContain(`The baseline handled it: ${group} has passed it.`);
      expect(text).toContain('The canary gray got a copy of it, if it was there when it was sent');
    }

    // Clients of the remoting protocol say every five seconds what they handled.
    await sleep(COMMITTED_MS);
    await first.child.stop('SIGKILL');
    await sleep(HELD_POLLS_MS);
    const away = series('a', 6);
    await send(away);
    await all(base, away);
    const without = await commandLine('status', '--wide', '--group', group);
    expect(without.text).toContain(`${group}_gray gray`);
    expect(without.text).not.toContain('copies');

    const second = await canary({ shutsDown: true });
    const [later, ownLater] = [series('c', 6), series('h', 6)];
    await send(later);
    await send(ownLater, GRAY);
    await all(second, [...later, ...ownLater]);
    await all(base, later);
    await sleep(2_000);
    expect(timesOf(second)).toEqual(once(...later, ...ownLater));
    expect(timesOf(base)).toEqual(once(...before, ...untagged, ...others, ...away, ...later));
    expect(bodies(baseNext)).toEqual([]);

    for (const app of [base, baseNext]) await app.child.stop('SIGKILL');
    if (mode !== undefined) {
      second.child.process.kill('SIGTERM');
      await second.child.waitFor('"shutDown"', 60_000);
    }
    await second.child.stop();
    const administration = brokerAdministration({ namesrv: environment.rocketmq.namesrv });
    const markers = canaryMarkers(administration);
    await markers.write(group, { tag: 'gray', phase: 'retired', at: Date.now() });
    markers.close();
    administration.close();
    let cleaned = '';
    const isGone = async () => {
      const args = ['--tag', 'gray', '--older-than', '0s', '--with-messages', '--yes'];
      cleaned += (await commandLine('clean', ...args)).text;
      return cleaned.includes(`${copies} on `);
    };
    // A broker keeps a gRPC client that was killed for two minutes.
    await until('it is removed', second, isGone, 180_000).catch(error => {
      throw new Error(`${error}\n${cleaned.slice(-3_000)}`);
    });
    expect(cleaned).toContain(`${group}_gray on `);
    if (failing.length > 0) expect(cleaned).toContain(`%RETRY%${copies}`);
  });
});

describe('where no copies can be had', () => {
  let environment: RocketmqEnvironment;
  beforeAll(async () => {
    environment = await rocketmqEnvironment();
  });
  afterAll(() => environment?.stop());

  const COPIES = { GRAY_TAG: 'gray', GRAY_MQ_ALSO: 'baseline', GRAY_MQ_BASELINE: 'auto' };
  const settings = (more: Partial<ConsumerSettings>): ConsumerSettings => ({
    group: 'without-copies',
    subscriptions: { WithoutCopies: '*' },
    ...more,
  });
  const namesrv = () => ({ GRAY_MQ_NAMESRV: environment.rocketmq.namesrv });

  it.each<[string, Partial<ConsumerSettings>, boolean, string]>([
    ['no name server is known', {}, false, 'no name server is known'],
    ['its class overrides methods', { ofClass: 'ownRequests' }, true, 'no second consumer can be made beside it'],
    ['it broadcasts', { client: 'ali-ons 3', broadcast: true }, true, 'no second consumer can be made beside it'],
  ])('a canary ends with one line: %s', async (_name, more, hasNamesrv, problem) => {
    await environment.rocketmq.createTopic('WithoutCopies', { queues: 1 });
    await environment.rocketmq.createGroup('without-copies');
    const app = await environment.consumer(settings(more), { ...COPIES, ...(hasNamesrv && namesrv()) }, false);
    const { code, stderr } = await app.child.ended;
    expect(code).toBe(1);
    const last = stderr.trim().split('\n').at(-1);
    expect(last).toContain(
      ' GRAY-319 error: GRAY_MQ_ALSO=baseline: the consumer of without-copies_gray cannot get copies',
    );
    expect(last).toContain(problem);
    expect(last).toMatch(
      /this canary of gray would run without them and ends \(GRAY_ON_FAILURE=continue lets it go on\)$/,
    );
  });

  it('a canary that is told to go on does, without them', async () => {
    const env = { ...COPIES, ...namesrv(), GRAY_ON_FAILURE: 'continue' };
    const app = await environment.consumer(settings({ client: 'ali-ons 3', broadcast: true }), env);
    expect(app.child.stderr).toContain('; this canary of gray goes on without them');
    expect(app.child.stderr).not.toContain('copies of untagged messages from');
  });

  it('a baseline does not start', async () => {
    const app = await environment.consumer(settings({}), { GRAY_MQ_ALSO: 'baseline' }, false);
    const { code, stderr } = await app.child.ended;
    const words =
      'wrong setting: GRAY_MQ_ALSO=baseline; allowed: baseline in a canary (GRAY_TAG), nothing in the baseline itself';
    expect([code, stderr.trim()]).toEqual([1, expect.stringContaining(`GRAY-102 error: ${words}`)]);
  });
});
