/** Two brokers beside two proxies in CLUSTER mode: brokers know no client of a proxy, and each proxy its own first. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import type { RocketmqOptions } from '../../fixtures/rocketmq';
import { versionOf } from '../../fixtures/rocketmq-clients/clients';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';
import { isolates, ROWS, type Role, reasonAgainst } from '../integration/isolation';
import { type Client, GRAY, type RocketmqEnvironment, rocketmqEnvironment } from '../integration/rocketmq-environment';
import { hasBrowser } from '../operations/browser';
import { type CommandLine, commandLine, found, takenBy } from './command-line';
import { type ServedPage, servedPage } from './served-page';

type Account = { readonly accessKey: string; readonly secretKey: string };

const ADMINISTRATOR: Account = { accessKey: 'administrator', secretKey: '12345678' };
const SERVICES: Account = { accessKey: 'services', secretKey: '12345678' };
const SHAPE: RocketmqOptions = { brokers: 2, proxyMode: 'CLUSTER', proxies: 2 };
const SOON = { timeout: 60_000, interval: 500 };

describe.each([
  ['without access control', undefined],
  ['with access control', ADMINISTRATOR],
] as const)('%s', (_, accessControl) => {
  let environment: RocketmqEnvironment;
  let proxies: string;

  beforeAll(async () => {
    environment = await rocketmqEnvironment({ ...SHAPE, ...(accessControl && { accessControl }) });
    if (accessControl) await createAccount(environment, SERVICES);
    proxies = environment.rocketmq.proxies.map(({ remoting }) => remoting).join(';');
  });
  afterAll(() => environment?.stop());

  /** The canary is at another proxy than the baseline. */
  function optionsOf(client: Client, role: Role, account: Account | undefined = accessControl): object {
    if (versionOf(client).client.protocol === 'remoting') return { ...account };
    const { endpoints } = environment.rocketmq.proxies[role === 'canary' ? 1 : 0] ?? {};
    const { accessKey, secretKey } = account ?? {};
    return { endpoints, ...(accessKey && { sessionCredentials: { accessKey, accessSecret: secretKey } }) };
  }

  /** A topic and a group, with who sends to the one and consumes in the other. */
  async function prepared(name: string, env: Readonly<Record<string, string>> = {}, account = accessControl) {
    const { rocketmq } = environment;
    const [topic, group] = [`T-${name}`, `group-${name}`];
    await rocketmq.createTopic(topic, { queues: 2 });
    await rocketmq.createGroup(group);
    const producer = await environment.producer(
      [topic],
      {},
      'rocketmq-client-nodejs',
      optionsOf('rocketmq-client-nodejs', 'producer'),
    );
    return {
      group,
      topic,
      consumer: (role: 'baseline' | 'canary', mode: 'push' | 'pull' = 'push') =>
        environment.consumer(
          {
            group,
            mode,
            subscriptions: { [topic]: '*' },
            shutsDown: true,
            clientOptions: { ...optionsOf('rocketmq-client-nodejs', role, account) },
          },
          { GRAY_MQ_NAMESRV: rocketmq.namesrv, ...(role === 'canary' && { GRAY_TAG: 'gray' }), ...env },
        ),
      async send(prefix: string, count: number, headers = {}) {
        const bodies = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
        for (const body of bodies) await producer.send({ topic, body }, headers);
        return bodies;
      },
    };
  }

  describe('isolation', () => {
    const sides = accessControl ? (['broker'] as const) : (['broker', 'client'] as const);
    const cells = ROWS.flatMap(row => sides.map(side => ({ row, side, broker: '5.5.0' as const }))).filter(
      ({ row, broker, side }) => reasonAgainst(row, broker, side) === undefined,
    );
    it.each(cells.map(cell => [`${cell.row.name} x ${cell.side}`, cell] as const))('%s', async (_name, cell) => {
      onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
      await isolates(environment, cell, optionsOf);
    });
  });

  const drawn = hasBrowser ? '' : ' (the page is not drawn: Chromium is not installed)';
  it(`auto mode hands over; status, doctor and page say the same of who takes it${drawn}`, async () => {
    onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
    const { group, topic, consumer, send } = await prepared('views');
    const account = accessControl && {
      ROCKETMQ_ACCESS_KEY: accessControl.accessKey,
      ROCKETMQ_SECRET_KEY: accessControl.secretKey,
    };
    const asked = { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, ...account };
    const viewsOf = async (env: Readonly<Record<string, string>>) =>
      Object.assign(commandLine(environment.sandbox, env), { page: await servedPage(environment.sandbox, env) });
    const unaided = await viewsOf(asked);
    onTestFinished(() => unaided.page.close());
    const aided = await viewsOf({ ...asked, GRAY_MQ_PROXY_REMOTING: proxies });
    onTestFinished(() => aided.page.close());
    const question = ['--topic', topic, '--group', group, '--tag', 'gray'];
    const taker = async (who: CommandLine & { readonly page: ServedPage }) => [
      takenBy(await who.status('--group', group), group, 'gray'),
      takenBy(await who.page.fleet(), group, 'gray'),
      ...(hasBrowser ? await who.page.members(`${group}_gray`) : []).map(member =>
        member.replace(/[^ ]+, \d+$/, 'one'),
      ),
      found(await who.doctor(...question), 'who takes it').join(),
    ];
    /** What is said of the canary's group, where a browser draws it too. */
    const said = (by: string, member: string, finding: string) => [
      by,
      by,
      ...(hasBrowser ? [member] : []),
      `ok: ${finding} in ${group}_gray`,
    ];

    const baseline = await consumer('baseline');
    const canary = await consumer('canary');
    await baseline.child.waitFor('gray is managed');
    const [gray, plain] = [await send('g', 4, GRAY), await send('b', 4)];
    await canary.receives(gray);
    await baseline.receives(plain);

    await expect.poll(() => taker(aided), SOON).toEqual(said('consumers', 'one', 'the canary: 1 consumer'));
    // Brokers know the hosts of proxies; these have other ports than 8080. What is announced is known all the same.
    await expect.poll(() => taker(unaided), SOON).toEqual(said('consumers', '1 announced', 'the canary: 1 process'));
    const checks = await unaided.doctor(...question);
    expect(found(checks, 'proxy').join()).toMatch(/^unknown: brokers do not know who is connected to proxies/);
    expect(checks.flatMap(({ remedies = [] }) => remedies).join()).toContain('--proxy-remoting');
    const { groups } = await aided.status('--group', group);
    expect(groups.find(({ tag }) => tag === 'gray')?.topics[0]?.filter).toBe("gray_tag = 'gray'");

    canary.child.process.kill('SIGTERM');
    await canary.child.waitFor('"shutDown"', 60_000);
    const later = await send('later', 4, GRAY);
    await baseline.receives([...plain, ...later], 60_000);
    await expect.poll(() => taker(aided), SOON).toEqual(said('stand-ins', 'stand-in: one', 'the baseline: 1 stand-in'));
    await expect
      .poll(async () => (await taker(unaided)).slice(0, -1), SOON)
      .toEqual(said('stand-ins', '1 standing in', '').slice(0, -1));
    expect(baseline.child.stderr + canary.child.stderr).not.toMatch(/ (?:warn|error): /);
  });

  if (!accessControl)
    it.each([
      ['an address server', (server: string) => `${server}/rocketmq/nsaddr`],
      ['an IPv6 address', () => `[::1]:${environment.rocketmq.namesrv.split(':')[1]}`],
    ])('name servers by %s', async (name, addressOf) => {
      const server = createServer((_request, response) => response.end(environment.rocketmq.namesrv));
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const env = { GRAY_MQ_NAMESRV: addressOf(url) };
        const { consumer, send } = await prepared(name.replaceAll(' ', '-'), env);
        const baseline = await consumer('baseline');
        const canary = await consumer('canary');
        await baseline.child.waitFor('gray is managed');
        const [gray, plain] = [await send('g', 2, GRAY), await send('b', 2)];
        await canary.receives(gray);
        await baseline.receives(plain);
        expect(baseline.child.stderr + canary.child.stderr).not.toMatch(/ (?:warn|error): /);
      } finally {
        server.close();
      }
    });

  it('auto mode, pull mode: a canary that crashes is stood in for', async () => {
    const { consumer, send } = await prepared('pull');
    const baseline = await consumer('baseline', 'pull');
    const canary = await consumer('canary', 'pull');
    await baseline.child.waitFor('gray is managed');
    const gray = await send('g', 4, GRAY);
    await canary.receives(gray);
    await canary.child.stop('SIGKILL');
    const later = await send('later', 4, GRAY);
    await baseline.receives(later, 60_000);
  });

  // Access control makes no difference to it.
  if (!accessControl)
    it('brokers and queues come and go: each message is handled on its side', async () => {
      const { rocketmq } = environment;
      const { topic, group, consumer, send } = await prepared('grows');
      const baseline = await consumer('baseline');
      const canary = await consumer('canary');
      await baseline.child.waitFor('gray is managed');
      const [gray, plain]: [string[], string[]] = [[], []];
      const sendAndReceive = async (name: string) => {
        gray.push(...(await send(`g-${name}-`, 12, GRAY)));
        plain.push(...(await send(`b-${name}-`, 12)));
        await canary.receives(gray, 90_000);
        await baseline.receives(plain, 90_000);
      };
      await sendAndReceive('one');

      const added = await rocketmq.addBroker();
      await rocketmq.createGroup(group);
      await rocketmq.createTopic(topic, { queues: 2 });
      await rocketmq.createTopic(topic, { queues: 4 });
      await sendAndReceive('two');

      await added.terminate();
      await sendAndReceive('three');
      expect(canary.child.stderr).not.toMatch(/ error: /);
    });

  if (accessControl)
    describe('an account that may ask brokers neither who announced himself nor who is connected', () => {
      it('a proxy tells it who is connected', async () => {
        const env = { GRAY_MQ_TAGS: 'gray', GRAY_MQ_PROXY_REMOTING: proxies };
        const { group, topic, consumer, send } = await prepared('by-proxies', env, SERVICES);
        const baseline = await consumer('baseline');
        await baseline.child.waitFor(`${group}, ${topic}: gray is managed`, 60_000);
        await baseline.child.waitFor('stand-in on', 60_000);
        const first = await send('first', 4, GRAY);
        await baseline.receives(first);

        const canary = await consumer('canary');
        await baseline.child.waitFor('stand-in off', 60_000);
        const [gray, plain] = [await send('g', 4, GRAY), await send('b', 4)];
        await canary.receives(gray);
        await baseline.receives([...first, ...plain]);

        canary.child.process.kill('SIGTERM');
        await canary.child.waitFor('"shutDown"', 60_000);
        const later = await send('later', 4, GRAY);
        await baseline.receives([...first, ...plain, ...later], 90_000);
      });

      it('where no proxy can be asked, it is not known, which is said, and nothing is left to the canary alone', async () => {
        const env = { GRAY_MQ_TAGS: 'gray', GRAY_MQ_PROXY_REMOTING: '127.0.0.1:1' };
        const { group, consumer, send } = await prepared('unknown', env, SERVICES);
        const baseline = await consumer('baseline');
        expect(await baseline.child.waitFor('it is not known which canaries there are')).toContain(group);
        const canary = await consumer('canary');
        const gray = await send('g', 4, GRAY);
        await Promise.all([canary.receives(gray), baseline.receives(gray)]);
      });
    });
});

/** An account that may send and receive, and see the ends of queues. */
async function createAccount({ rocketmq }: RocketmqEnvironment, { accessKey: username, secretKey }: Account) {
  const subject = `User:${username}`;
  const user = { username, password: secretKey, userType: 'Normal', userStatus: 'enable' };
  const entries = [
    { resource: 'Topic:*', actions: ['Pub', 'Sub', 'Get'], decision: 'Allow' },
    { resource: 'Group:*', actions: ['Sub'], decision: 'Allow' },
  ];
  const acl = { subject, policies: [{ policyType: 'Custom', entries }] };
  for (const { address } of rocketmq.brokers) {
    const broker = remotingConnection(address, { credentials: ADMINISTRATOR });
    expect(await broker.request(3001, { username }, Buffer.from(JSON.stringify(user)))).toMatchObject({ code: 0 });
    expect(await broker.request(3006, { subject }, Buffer.from(JSON.stringify(acl)))).toMatchObject({ code: 0 });
    broker.close();
  }
}
