import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Rocketmq, startRocketmq } from '../../fixtures/rocketmq';
import { type Broker, type BrokerAdministration, brokerAdministration } from '../../src/rocketmq/broker-administration';
import { CanaryGroupError, prepareCanaryGroup } from '../../src/rocketmq/canary-group';
import {
  RemotingConnectionError,
  RemotingTimeoutError,
  remotingConnection,
} from '../../src/rocketmq/remoting-connection';
import { encodeFrame, frameDecoder } from '../../src/rocketmq/remoting-frame';

const QUEUES = 3;
const GET_ALL_SUBSCRIPTIONGROUP_CONFIG = 201;
const BROKERS = ['broker-a', 'broker-b'];

let rocketmq: Rocketmq;
let administration: BrokerAdministration;
let brokers: Broker[];

beforeAll(async () => {
  rocketmq = await startRocketmq({ brokers: BROKERS.length });
  administration = brokerAdministration({ namesrv: rocketmq.namesrv });
  await rocketmq.createTopic('orders', { queues: QUEUES });
  await rocketmq.createTopic('payments', { queues: QUEUES });
  brokers = await administration.brokersOfCluster(['orders']);
});

afterAll(async () => {
  administration?.close();
  await rocketmq?.stop();
});

const TOPICS = ['orders', 'payments'];
const everyQueue = () =>
  brokers.flatMap(broker =>
    TOPICS.flatMap(topic => Array.from({ length: QUEUES }, (_, queueId) => ({ broker, topic, queueId }))),
  );

let named = 0;
/** Names that no other test uses. */
function groups() {
  named++;
  const baselineGroup = `group${named}`;
  return { administration, baselineGroup, canaryGroup: `${baselineGroup}_gray`, topics: TOPICS };
}

const offsetsOf = (group: string) =>
  Promise.all(everyQueue().map(q => administration.committedOffset(q.broker, group, q.topic, q.queueId)));

async function commit(group: string, offsets: readonly (number | undefined)[]) {
  await Promise.all(
    everyQueue().map(async ({ broker, topic, queueId }, index) => {
      const offset = offsets[index];
      if (offset !== undefined) await administration.commitOffset(broker, group, topic, queueId, offset);
    }),
  );
}

/** Settings of a group on each broker, without its name. */
async function settingsOf(group: string) {
  return Promise.all(
    brokers.map(async broker => {
      const settings = await administration.groupSettings(broker, group);
      if (!settings) return undefined;
      const { groupName, ...others } = settings;
      expect(groupName).toBe(group);
      return others;
    }),
  );
}

async function failureOf(work: Promise<unknown>): Promise<CanaryGroupError> {
  const error = await work.then(
    () => undefined,
    error => error,
  );
  expect(error).toBeInstanceOf(CanaryGroupError);
  expect(error.hint).not.toMatch(/[\r\n]/);
  return error;
}

describe('a canary group that does not exist', () => {
  it("gets the baseline group's settings, on each broker those it has there", async () => {
    const group = groups();
    const settings = {
      groupName: group.baselineGroup,
      consumeMessageOrderly: true,
      consumeBroadcastEnable: false,
      retryMaxTimes: 5,
      retryQueueNums: 2,
      consumeTimeoutMinute: 3,
      groupRetryPolicy: { type: 'CUSTOMIZED', customizedRetryPolicy: { next: [1000, 5000] } },
      attributes: { '+priority.factor': '50' },
    };
    for (const [index, broker] of brokers.entries()) {
      await administration.putGroup(broker, { ...settings, retryMaxTimes: 5 + index });
    }

    expect(await prepareCanaryGroup(group)).toEqual({ created: BROKERS, used: [], offsets: 0 });

    const baseline = await settingsOf(group.baselineGroup);
    expect(baseline).toMatchObject([
      { consumeMessageOrderly: true, retryMaxTimes: 5, attributes: { 'priority.factor': '50' } },
      { consumeMessageOrderly: true, retryMaxTimes: 6, attributes: { 'priority.factor': '50' } },
    ]);
    expect(await settingsOf(group.canaryGroup)).toEqual(baseline);
  });

  it('starts on every queue where the baseline group stands', async () => {
    const group = groups();
    await rocketmq.createGroup(group.baselineGroup);
    const offsets = everyQueue().map((_, index) => (index === 4 ? undefined : index * 7));
    await commit(group.baselineGroup, offsets);

    expect(await prepareCanaryGroup(group)).toEqual({ created: BROKERS, used: [], offsets: offsets.length - 1 });

    expect(await offsetsOf(group.canaryGroup)).toEqual(offsets);
    expect(await offsetsOf(group.baselineGroup)).toEqual(offsets);
  });

  it("has the broker's default settings where there is no baseline group, which is not created by looking", async () => {
    const group = groups();

    expect(await prepareCanaryGroup(group)).toEqual({ created: BROKERS, used: [], offsets: 0 });

    expect(await settingsOf(group.baselineGroup)).toEqual([undefined, undefined]);
    expect(await settingsOf(group.canaryGroup)).toMatchObject([{ retryMaxTimes: 16 }, { retryMaxTimes: 16 }]);
  });

  it('is created on every broker of the cluster, for a topic that is not there yet as well', async () => {
    const group = { ...groups(), topics: ['to-be-created'] };
    expect(await prepareCanaryGroup(group)).toEqual({ created: BROKERS, used: [], offsets: 0 });
  });

  it('is prepared by two canaries at once as by one', async () => {
    const group = groups();
    await rocketmq.createGroup(group.baselineGroup, { retryMaxTimes: 4, attributes: { '+priority.factor': '1' } });
    const offsets = everyQueue().map((_, index) => index);
    await commit(group.baselineGroup, offsets);

    const results = await Promise.all([prepareCanaryGroup(group), prepareCanaryGroup(group)]);

    for (const { created, used } of results) expect([...created, ...used].sort()).toEqual(BROKERS);
    expect(await offsetsOf(group.canaryGroup)).toEqual(offsets);
    expect(await settingsOf(group.canaryGroup)).toEqual(await settingsOf(group.baselineGroup));
  });
});

describe('a canary group that exists', () => {
  it('keeps its settings and its offsets', async () => {
    const group = groups();
    await rocketmq.createGroup(group.baselineGroup, { retryMaxTimes: 5 });
    await rocketmq.createGroup(group.canaryGroup, { retryMaxTimes: 9 });
    await commit(
      group.baselineGroup,
      everyQueue().map(() => 100),
    );
    const own = everyQueue().map((_, index) => index);
    await commit(group.canaryGroup, own);
    const settings = await settingsOf(group.canaryGroup);

    expect(await prepareCanaryGroup(group)).toEqual({ created: [], used: BROKERS, offsets: 0 });

    expect(await offsetsOf(group.canaryGroup)).toEqual(own);
    expect(await settingsOf(group.canaryGroup)).toEqual(settings);
  });

  it('gets the offsets that it lacks: a start that died half way loses nothing', async () => {
    const group = groups();
    await rocketmq.createGroup(group.baselineGroup);
    await administration.putGroup(brokers[0] as Broker, { groupName: group.canaryGroup });
    await commit(
      group.baselineGroup,
      everyQueue().map(() => 100),
    );
    await commit(group.canaryGroup, [101, undefined, 0]);

    expect(await prepareCanaryGroup(group)).toEqual({
      created: ['broker-b'],
      used: ['broker-a'],
      offsets: everyQueue().length - 2,
    });

    expect(await offsetsOf(group.canaryGroup)).toEqual([
      101,
      100,
      0,
      ...everyQueue()
        .slice(3)
        .map(() => 100),
    ]);
  });
});

describe('servers away', () => {
  afterEach(() => {
    for (const { pid } of rocketmq.brokers) process.kill(pid, 'SIGCONT');
  });

  it('a broker: the others are prepared, and the error tells the rest', async () => {
    const group = groups();
    await rocketmq.createGroup(group.baselineGroup, { retryMaxTimes: 5, consumeMessageOrderly: true });
    await commit(
      group.baselineGroup,
      everyQueue().map(() => 100),
    );
    const away = rocketmq.brokers[1] as Rocketmq['brokers'][number];
    process.kill(away.pid, 'SIGSTOP');
    const probe = remotingConnection(away.address);
    await expect
      .poll(() => probe.request(GET_ALL_SUBSCRIPTIONGROUP_CONFIG, {}, undefined, 300).catch(() => 'silent'), {
        timeout: 10_000,
      })
      .toBe('silent');

    const started = Date.now();
    const error = await failureOf(prepareCanaryGroup({ ...group, timeoutMs: 1_000 }));
    expect(Date.now() - started).toBeLessThan(2_000);

    expect(error.prepared).toEqual({ created: ['broker-a'], used: [], offsets: everyQueue().length / 2 });
    expect(error.failures.map(({ broker }) => broker.name)).toEqual(['broker-b']);
    expect(error.hint).toContain(
      `mqadmin updateSubGroup -n ${rocketmq.namesrv} -b ${away.address} -g ${group.canaryGroup} -s true -m true -d true -o true -q 1 -r 5 `,
    );

    process.kill(away.pid, 'SIGCONT');
    expect(await prepareCanaryGroup(group)).toEqual({
      created: ['broker-b'],
      used: ['broker-a'],
      offsets: everyQueue().length / 2,
    });
  });

  it('a name server: another is asked', async () => {
    const spare = brokerAdministration({ namesrv: `127.0.0.1:1;${rocketmq.namesrv}` });
    try {
      const group = { ...groups(), administration: spare };
      expect(await prepareCanaryGroup(group)).toEqual({ created: BROKERS, used: [], offsets: 0 });
    } finally {
      spare.close();
    }
  });

  it.each([
    ['that refuses', async () => undefined],
    ['that accepts and never answers', silentServer],
  ])('all name servers, one %s: an error in bounded time', async (_, start) => {
    const server = await start();
    const namesrv = `127.0.0.1:${server ? portOf(server) : 1}`;
    const lost = brokerAdministration({ namesrv });
    const started = Date.now();
    const group = { ...groups(), administration: lost, timeoutMs: 500 };

    const error = await failureOf(prepareCanaryGroup(group));

    expect(Date.now() - started).toBeLessThan(1_500);
    expect(error.hint).toContain(`mqadmin updateSubGroup -n ${namesrv} -c '<cluster>' -g ${group.canaryGroup}`);
    lost.close();
    server?.close();
  });
});

describe('a connection', () => {
  it('is opened again after the server came back; what was under way fails at once', async () => {
    const first = await echoServer();
    const port = portOf(first.server);
    const connection = remotingConnection(`127.0.0.1:${port}`);
    expect((await connection.request(1, { say: 'hello' })).extFields).toEqual({ say: 'hello' });

    const underWay = connection.request(UNANSWERED);
    await first.stop();
    await expect(underWay).rejects.toThrow(RemotingConnectionError);
    await expect(connection.request(1)).rejects.toThrow(
      new RegExp(`127\\.0\\.0\\.1:${port}, command 1: .*ECONNREFUSED`),
    );

    const second = await echoServer(port);
    expect((await connection.request(1, { say: 'again' })).extFields).toEqual({ say: 'again' });
    connection.close();
    await second.stop();
  });

  it('answers requests under way by their numbers, and gives up on one alone', async () => {
    const { server, stop } = await echoServer();
    const connection = remotingConnection(`127.0.0.1:${portOf(server)}`);
    const unanswered = connection.request(UNANSWERED, {}, undefined, 100);
    const answers = Promise.all(Array.from({ length: 50 }, (_, index) => connection.request(1, { index: `${index}` })));
    await expect(unanswered).rejects.toThrow(RemotingTimeoutError);
    expect((await answers).map(({ extFields }) => Number(extFields.index))).toEqual([...Array(50).keys()]);
    connection.close();
    await stop();
  });

  it('is closed when idle', async () => {
    const { server, stop } = await echoServer();
    const connection = remotingConnection(`127.0.0.1:${portOf(server)}`, { idleMs: 50 });
    await connection.request(1);
    await expect.poll(() => new Promise(resolve => server.getConnections((_, count) => resolve(count)))).toBe(0);
    await connection.request(1);
    await stop();
  });

  it('fails when what comes is no RocketMQ', async () => {
    const server = await listening(createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    await expect(remotingConnection(`127.0.0.1:${portOf(server)}`).request(105)).rejects.toThrow(
      /command 105: a frame of 1213486160 bytes/,
    );
    await expect(remotingConnection('nowhere').request(105)).rejects.toThrow(RemotingConnectionError);
    server.close();
  });
});

/** A command that the echo server keeps to itself. */
const UNANSWERED = 999;

async function echoServer(port = 0): Promise<{ server: Server; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const decode = frameDecoder();
    socket.on('data', chunk => {
      for (const frame of decode(chunk)) {
        if (frame.code !== UNANSWERED) socket.write(encodeFrame({ ...frame, code: 0, flag: 1 }));
      }
    });
  });
  await listening(server, port);
  return {
    server,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function silentServer(): Promise<Server> {
  return listening(createServer(socket => socket.unref()));
}

function listening(server: Server, port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
