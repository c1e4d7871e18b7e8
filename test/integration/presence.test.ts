import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Account, Rocketmq } from '../../fixtures/rocketmq';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { SETTLING_MS } from '../../src/rocketmq/presence/memory';
import { type Presence, type PresenceServers, sharedPresence } from '../../src/rocketmq/presence/presence';
import { GET_PRODUCER_CONNECTION_LIST } from '../../src/rocketmq/remoting/codes';
import { type RemotingConnection, remotingConnection } from '../../src/rocketmq/remoting/connection';
import { type RunningChild, start } from './child';
import { chosenRocketmqVersions } from './each-rocketmq';
import { writeParts } from './parts';
import { createSandbox, type Sandbox } from './sandbox';

const TOPICS = ['orders', 'payments'];
/** Time for something that is due at once, on a busy machine. */
const SOON = { timeout: 20_000, interval: 100 };
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

let sandbox: Sandbox;
let parts: string;
let rocketmq: Rocketmq;
let presence: Presence;
const children: RunningChild[] = [];

beforeAll(async () => {
  sandbox = await createSandbox();
  parts = writeParts(sandbox, ['rocketmq/presence/presence']);
});
afterAll(() => sandbox?.remove());
afterEach(async () => {
  for (const child of children.splice(0)) await child.stop('SIGKILL');
});

let named = 0;
/** A name that no other test uses. */
const newGroup = () => `group${++named}`;

/** Another process, that announces something. */
async function another(announce: readonly unknown[], servers: PresenceServers = { namesrv: rocketmq.namesrv }) {
  const child = start({
    args: ['presence.js'],
    cwd: sandbox.directory,
    env: {
      APP: JSON.stringify({
        presence: parts,
        servers,
        announce,
      }),
    },
  });
  children.push(child);
  await child.waitFor('"announced":true');
  return child;
}

const canary = (group: string, tag: string) => another(['announceCanary', group, tag, TOPICS]);
const tags = async (group: string) => [...(await presence.canaries(group, TOPICS)).tags].sort();

describe.each(chosenRocketmqVersions())('RocketMQ %s', version => {
  beforeAll(async () => {
    rocketmq = await takeRocketmq({ version, brokers: 2 });
    for (const topic of TOPICS) await rocketmq.createTopic(topic);
    presence = sharedPresence({ namesrv: rocketmq.namesrv });
  });
  afterAll(async () => {
    presence?.close();
    await rocketmq?.stop();
  });

  it('sees canaries of a group by their tags, from their announcement to their withdrawal', async () => {
    const [group, other] = [newGroup(), newGroup()];
    expect(await presence.canaries(group, TOPICS)).toEqual({ tags: new Set(), isComplete: true, problem: undefined });

    const gray = await canary(group, 'gray');
    await canary(group, 'gray');
    const blue = await canary(group, 'blue');
    await canary(other, 'green');
    await expect.poll(() => tags(group), SOON).toEqual(['blue', 'gray']);
    expect(await tags(other)).toEqual(['green']);

    blue.process.kill('SIGUSR2');
    await blue.waitFor('withdrawn');
    await expect.poll(() => tags(group), SOON).toEqual(['gray']);
    // It withdrew while the process went on; one with a connection that is still open counts.
    gray.process.kill('SIGUSR2');
    await gray.waitFor('withdrawn');
    expect(await tags(group)).toEqual(['gray']);
  });

  it('sees at once that a process was killed', async () => {
    const group = newGroup();
    const child = await canary(group, 'gray');
    await expect.poll(() => tags(group), SOON).toEqual(['gray']);

    child.process.kill('SIGKILL');
    // A broker drops one that is merely silent after 120 s.
    await expect.poll(() => tags(group), SOON).toEqual([]);
  });

  it('counts a frozen process as there', async () => {
    const group = newGroup();
    const child = await canary(group, 'gray');
    await expect.poll(() => tags(group), SOON).toEqual(['gray']);
    child.process.kill('SIGSTOP');
    for (let round = 0; round < 8; round++) {
      await pause(500);
      expect(await tags(group)).toEqual(['gray']);
    }
    child.process.kill('SIGCONT');
  });

  it('takes names of any characters and length', async () => {
    const group = `MQ_INST_1_xxx%${'g'.repeat(220)}|-_`;
    await canary(group, 'g'.repeat(32));
    await expect.poll(() => tags(group), SOON).toEqual(['g'.repeat(32)]);
    expect(await tags(`${group}g`)).toEqual([]);
  });

  it('sees stand-ins and declarations', async () => {
    const group = `${newGroup()}_gray`;
    expect((await presence.standIns(group, TOPICS))?.size).toBe(0);
    expect(await presence.isDeclared(group, TOPICS)).toBe(false);

    const own = await presence.announceStandIn(group, TOPICS);
    const again = await presence.announceStandIn(group, TOPICS);
    const other = await another(['announceStandIn', group, TOPICS]);
    await another(['announceDeclared', group, TOPICS]);
    await pause(500);
    expect((await presence.standIns(group, TOPICS))?.size).toBe(2);
    expect(await presence.isDeclared(group, TOPICS)).toBe(true);

    await own.withdraw();
    await own.withdraw();
    await pause(500);
    expect((await presence.standIns(group, TOPICS))?.size).toBe(2);
    await again.withdraw();
    await pause(500);
    expect((await presence.standIns(group, TOPICS))?.size).toBe(1);
    other.process.kill('SIGKILL');
    await expect.poll(async () => (await presence.standIns(group, TOPICS))?.size, SOON).toBe(0);
  });

  it('asks a broker once in a round, whatever the number of tags and of consumers', async () => {
    const group = newGroup();
    const perRound: number[] = [];
    const announced: Presence[] = [];
    for (const count of [1, 10, 100]) {
      while (announced.length < count) {
        // As another process has it: with connections of its own.
        const other = sharedPresence({ namesrv: rocketmq.namesrv + ';'.repeat(announced.length + 1) });
        announced.push(other);
        await other.announceCanary(group, `pr-${announced.length}`, TOPICS);
      }
      const rounds = 4;
      await pause(500);
      expect(await tags(group)).toHaveLength(count);
      const sent = countRequests();
      for (let round = 0; round < rounds; round++) {
        await pause(500);
        await Promise.all([tags(group), tags(group), tags(group)]);
      }
      perRound.push(sent.stop() / rounds / rocketmq.brokers.length);
    }
    for (const other of announced) other.close();
    expect(perRound).toEqual([1, 1, 1]);
    await expect.poll(() => tags(group), SOON).toEqual([]);
  });

  it('remembers over the restart of all brokers, after which canaries announce themselves again', async () => {
    const group = newGroup();
    const child = await canary(group, 'gray');
    await expect.poll(() => tags(group), SOON).toEqual(['gray']);
    let missed = 0;
    let rounds = 0;
    let isOver = false;
    const watch = (async () => {
      while (!isOver) {
        await pause(200);
        rounds++;
        if (!(await tags(group)).includes('gray')) missed++;
      }
    })();
    for (const { pid } of rocketmq.brokers) process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await presence.canaries(group, TOPICS)).isComplete, SOON).toBe(false);
    await Promise.all(rocketmq.brokers.map(broker => broker.restart()));
    await expect.poll(async () => (await presence.canaries(group, TOPICS)).problem, SOON).toBe(undefined);
    // Past the time in which the former answer holds.
    await pause(SETTLING_MS + 3_000);
    isOver = true;
    await watch;
    expect(rounds).toBeGreaterThan(10);
    expect(missed).toBe(0);
    child.process.kill('SIGKILL');
    await expect.poll(() => tags(group), SOON).toEqual([]);
  }, 180_000);

  it('is not kept from the truth by a broker that is away', async () => {
    const group = newGroup();
    const child = await canary(group, 'gray');
    await expect.poll(() => tags(group), SOON).toEqual(['gray']);
    const [, away] = rocketmq.brokers as [unknown, Rocketmq['brokers'][number]];
    process.kill(away.pid, 'SIGKILL');
    await expect.poll(async () => (await presence.canaries(group, TOPICS)).problem, SOON).toBeTypeOf('string');
    expect(await presence.canaries(group, TOPICS)).toMatchObject({ tags: new Set(['gray']), isComplete: true });
    child.process.kill('SIGKILL');
    await child.ended;
    await expect
      .poll(() => presence.canaries(group, TOPICS), SOON)
      .toMatchObject({ tags: new Set(), isComplete: true, problem: expect.any(String) });

    await away.restart();
    await expect
      .poll(() => presence.canaries(group, TOPICS), { ...SOON, timeout: 40_000 })
      .toEqual({
        tags: new Set(),
        isComplete: true,
        problem: undefined,
      });
  });

  it('without a server: says so, and proves nothing', async () => {
    const lost = sharedPresence({ namesrv: '127.0.0.1:1' });
    const announcement = await lost.announceCanary('group1', 'gray', TOPICS);
    expect(await lost.canaries('group1', TOPICS)).toMatchObject({
      tags: new Set(),
      isComplete: false,
      problem: expect.stringContaining('127.0.0.1:1'),
    });
    expect(await lost.standIns('group1_gray', TOPICS)).toBe(undefined);
    expect(await lost.isDeclared('group1_gray', TOPICS)).toBe(undefined);
    await announcement.withdraw();
    lost.close();
  });
});

/** Counts the questions about producers that this process sends. */
function countRequests() {
  let count = 0;
  const original = Socket.prototype.write;
  const write = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args) {
    if (String(args[0]).includes(`"code":${GET_PRODUCER_CONNECTION_LIST},`)) count++;
    return original.apply(this, args as never);
  });
  const stop = () => {
    write.mockRestore();
    return count;
  };
  return { stop };
}

describe.each(chosenRocketmqVersions())('RocketMQ %s with access control', version => {
  const admin: Account = { accessKey: 'administrator', secretKey: 'secret-of-the-administrator' };
  const restricted: Account = { accessKey: 'application', secretKey: 'secret-of-the-application' };
  const observer: Account = { accessKey: 'observer', secretKey: 'secret-of-the-observer' };
  const is5 = version.startsWith('5.');
  const opened: { close(): void }[] = [];
  const open = <T extends { close(): void }>(one: T) => {
    opened.push(one);
    return one;
  };
  const as = (credentials: Account | undefined) => open(sharedPresence({ namesrv: rocketmq.namesrv, credentials }));

  beforeAll(async () => {
    rocketmq = await takeRocketmq({ version, accessControl: { ...admin, restricted } });
    for (const topic of TOPICS) await rocketmq.createTopic(topic);
  });
  afterAll(async () => {
    for (const one of opened) one.close();
    await rocketmq?.stop();
  });

  it('an account that may only send and receive announces; what it sees is up to the version', async () => {
    const group = newGroup();
    const announcement = await as(restricted).announceCanary(group, 'gray', TOPICS);
    expect(announcement.refusal).toBe(undefined);
    expect((await as(admin).canaries(group, TOPICS)).tags).toEqual(new Set(['gray']));

    const seen = await as(restricted).canaries(group, TOPICS, ['gray']);
    if (is5) {
      expect(seen).toMatchObject({ tags: new Set(), isComplete: false });
      expect(seen.problem).toMatch(
        /asking who is in a consumer group: error 16, User:application has no permission to access Group:/,
      );
      const ofNone = await as(restricted).canaries(group, TOPICS);
      expect(ofNone).toMatchObject({ isComplete: true, about: new Set() });
      expect(ofNone.problem).toMatch(
        /asking who announces himself: error 16, User:application has no permission to access Cluster:DefaultCluster/,
      );
    } else {
      expect(seen).toEqual({ tags: new Set(['gray']), isComplete: true, problem: undefined });
    }
  });

  it.each<[string, Account | undefined]>([
    ['with a wrong secret key', { ...admin, secretKey: 'another-secret' }],
    ['that is none', undefined],
  ])('an account %s is refused, in words without a secret', async (_, account) => {
    const group = newGroup();
    const { refusal } = await as(account).announceCanary(group, 'gray', TOPICS);
    expect(refusal).toMatch(/announcing itself: error (1|16), .*(signature|accessKey|username)/i);
    const { problem, isComplete } = await as(account).canaries(group, TOPICS, ['gray']);
    expect(problem).toMatch(/asking who is in a consumer group: error (1|16)/);
    expect(isComplete).toBe(false);
    expect(`${refusal} ${problem}`).not.toMatch(/another-secret|secret-of/);
  });

  it.runIf(is5)('who may look at groups, but not at the cluster, sees a canary by its consumer', async () => {
    await createObserver(open(remotingConnection(rocketmq.brokerAddress, { credentials: admin })), observer);
    const group = newGroup();
    const watcher = as(observer);
    const see = () => watcher.canaries(group, TOPICS, ['gray', 'blue']);
    const about = new Set(['gray', 'blue']);
    expect(await see()).toEqual({ tags: new Set(), isComplete: true, about, problem: undefined });

    const connect = () => open(remotingConnection(rocketmq.brokerAddress, { credentials: admin }));
    await consume(connect(), `${group}_gray`, '10.0.0.1@7@gray-stand-in');
    await consume(connect(), `${group}_blue`, '10.0.0.1@8@gray-stand-in');
    await consume(connect(), `${group}_blue`, '10.0.0.2@9');
    await pause(500);
    expect((await see()).tags).toEqual(new Set(['blue']));
    expect((await watcher.standIns(`${group}_gray`, TOPICS))?.size).toBe(1);
    expect(await watcher.isDeclared(`${group}_gray`, TOPICS)).toBe(undefined);
  });
});

/** Creates an account that may look at groups and their members. */
async function createObserver(broker: RemotingConnection, { accessKey: username, secretKey: password }: Account) {
  const user = { username, password, userType: 'Normal', userStatus: 'enable' };
  await broker.request(3001, { username }, Buffer.from(JSON.stringify(user)));
  const subject = `User:${username}`;
  const entries = [{ resource: 'Group:*', actions: ['Sub', 'Get'], decision: 'Allow' }];
  const acl = { subject, policies: [{ policyType: 'Custom', entries }] };
  expect(await broker.request(3006, { subject }, Buffer.from(JSON.stringify(acl)))).toMatchObject({ code: 0 });
}

/** Joins a group as a consumer, as clients of the remoting protocol do. */
async function consume(server: RemotingConnection, groupName: string, clientID: string) {
  const consumer = {
    groupName,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    subscriptionDataSet: [{ topic: 'orders', subString: '*', tagsSet: [], codeSet: [], subVersion: 1 }],
    unitMode: false,
  };
  const body = Buffer.from(JSON.stringify({ clientID, producerDataSet: [], consumerDataSet: [consumer] }));
  expect(await server.request(34, {}, body)).toMatchObject({ code: 0 });
}

describe('by the proxy alone', () => {
  beforeAll(async () => {
    rocketmq = await takeRocketmq();
    for (const topic of TOPICS) await rocketmq.createTopic(topic);
  });
  afterAll(() => rocketmq?.stop());

  it.each<[string, string | undefined]>([
    ['no name server is known', undefined],
    ['no name server can be reached', '127.0.0.1:1'],
  ])('canaries are seen by their consumers where %s', async (_, namesrv) => {
    const group = newGroup();
    await rocketmq.createGroup(`${group}_gray`);
    await rocketmq.createGroup(`${group}_blue`);
    const watcher = sharedPresence({ namesrv, proxyRemoting: rocketmq.proxyRemoting });
    const see = () => watcher.canaries(group, TOPICS, ['gray', 'blue']);
    const announcement = await watcher.announceCanary(group, 'gray', TOPICS);
    expect(announcement.refusal).toBe(undefined);
    const about = new Set(['gray', 'blue']);
    expect(await see()).toEqual({ tags: new Set(), isComplete: true, about, problem: undefined });
    // Nothing to ask for: nothing is known.
    expect(await watcher.canaries(group, TOPICS)).toMatchObject({ tags: new Set(), isComplete: false });

    const members = [1, 2].map(() => remotingConnection(rocketmq.proxyRemoting));
    const [standIn, member] = members as [RemotingConnection, RemotingConnection];
    await consume(standIn, `${group}_gray`, '10.0.0.1@7@gray-stand-in');
    await consume(member, `${group}_blue`, '10.0.0.2@9');
    await expect.poll(async () => (await see()).tags, SOON).toEqual(new Set(['blue']));
    expect((await watcher.standIns(`${group}_gray`, TOPICS))?.size).toBe(1);

    member.close();
    await expect.poll(async () => (await see()).tags, SOON).toEqual(new Set());
    await announcement.withdraw();
    standIn.close();
    watcher.close();
  });
});
