import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { createLog } from '../../src/log';
import type { Broker } from '../../src/rocketmq/administration/broker';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { prepareCanaryGroup } from '../../src/rocketmq/administration/canary-group';
import { CanaryGroupError } from '../../src/rocketmq/administration/canary-group-error';
import { offsetsOnEveryQueue } from '../../src/rocketmq/administration/canary-offsets';
import { missingGroup } from '../../src/rocketmq/administration/missing-group';
import { brokerSource } from '../../src/rocketmq/hand-over/broker-source';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';
import type { Beginning } from '../../src/rocketmq/plan/subscription';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';
import { chosenRocketmqVersions } from './each-rocketmq';
import {
  administration,
  brokers,
  commit,
  configure,
  everyQueue,
  failureOf,
  groups,
  leaveCluster,
  offsetsOf,
  produce,
  rocketmq,
  settingsOf,
  TOPICS,
  useCluster,
} from './group-cluster';
import { portOf, silentServer } from './listening-server';

/** What is given a second or less takes longer than this only when nothing bounds it. */
const ABSURD_MS = 15_000;
const GET_ALL_SUBSCRIPTIONGROUP_CONFIG = 201;
const BROKERS = ['broker-a', 'broker-b'];

describe.each(chosenRocketmqVersions())('RocketMQ %s', version => {
  const is5 = version.startsWith('5.');
  /** What only groups of 5.x have. */
  const of5 = (settings: Readonly<Record<string, unknown>>) => (is5 ? settings : {});

  beforeAll(async () => useCluster(await takeRocketmq({ version, brokers: BROKERS.length })));
  afterAll(leaveCluster);

  describe('a canary group that does not exist', () => {
    it("gets the baseline group's settings, on each broker those it has there", async () => {
      const group = groups();
      const settings = {
        groupName: group.baselineGroup,
        consumeBroadcastEnable: false,
        retryMaxTimes: 5,
        retryQueueNums: 2,
        ...of5({
          consumeMessageOrderly: true,
          consumeTimeoutMinute: 3,
          groupRetryPolicy: { type: 'CUSTOMIZED', customizedRetryPolicy: { next: [1000, 5000] } },
          attributes: { '+priority.factor': '50' },
        }),
      };
      for (const [index, broker] of brokers.entries()) {
        await administration.putGroup(broker, { ...settings, retryMaxTimes: 5 + index });
      }

      expect(await prepareCanaryGroup(group)).toEqual({
        created: BROKERS,
        createdAlone: [],
        used: [],
        offsets: 0,
        paused: [],
      });

      const baseline = await settingsOf(group.baselineGroup);
      const own = {
        consumeBroadcastEnable: false,
        retryQueueNums: 2,
        ...of5({ consumeMessageOrderly: true, attributes: { 'priority.factor': '50' } }),
      };
      expect(baseline).toMatchObject([
        { ...own, retryMaxTimes: 5 },
        { ...own, retryMaxTimes: 6 },
      ]);
      expect(await settingsOf(group.canaryGroup)).toEqual(baseline);
    });

    it('starts on every queue where the baseline group stands', async () => {
      const group = groups();
      await rocketmq.createGroup(group.baselineGroup);
      const offsets = everyQueue().map((_, index) => (index === 4 ? undefined : index * 7));
      await commit(group.baselineGroup, offsets);

      expect(await prepareCanaryGroup(group)).toEqual({
        created: BROKERS,
        createdAlone: [],
        used: [],
        offsets: offsets.length - 1,
        paused: [],
      });

      expect(await offsetsOf(group.canaryGroup)).toEqual(offsets.map(offset => offset ?? 0));
      expect(await offsetsOf(group.baselineGroup)).toEqual(offsets);
    });

    it("has the broker's default settings where there is no baseline group, which is not created by looking", async () => {
      const group = groups();

      expect(await missingGroup(administration, group.baselineGroup, TOPICS)).toMatchObject({
        brokers: BROKERS.join(', '),
      });
      const prepared = { created: BROKERS, createdAlone: BROKERS, used: [], offsets: 0, paused: [] };
      expect(await prepareCanaryGroup(group)).toEqual(prepared);
      expect(await missingGroup(administration, group.canaryGroup, TOPICS)).toBeUndefined();

      expect(await settingsOf(group.baselineGroup)).toEqual([undefined, undefined]);
      expect(await settingsOf(group.canaryGroup)).toMatchObject([{ retryMaxTimes: 16 }, { retryMaxTimes: 16 }]);
    });

    it('is created on every broker of the cluster, for a topic that is not there yet as well', async () => {
      const group = { ...groups(), topics: ['to-be-created'] };
      expect(await prepareCanaryGroup(group)).toEqual({
        created: BROKERS,
        createdAlone: BROKERS,
        used: [],
        offsets: 0,
        paused: [],
      });
    });

    it('is prepared by two canaries at once as by one', async () => {
      const group = groups();
      await rocketmq.createGroup(group.baselineGroup, {
        retryMaxTimes: 4,
        ...of5({ attributes: { '+priority.factor': '1' } }),
      });
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

      expect(await prepareCanaryGroup(group)).toEqual({
        created: [],
        createdAlone: [],
        used: BROKERS,
        offsets: 0,
        paused: [],
      });

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
        createdAlone: [],
        used: ['broker-a'],
        offsets: everyQueue().length - 2,
        paused: [],
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

  describe('offsets', () => {
    it('are on every queue, also at 0, once the group is prepared', async () => {
      const group = groups();
      expect(await offsetsOnEveryQueue(group, 'orders')).toBe(undefined);
      await rocketmq.createGroup(group.baselineGroup);
      await commit(group.baselineGroup, [5, undefined, 0]);

      await prepareCanaryGroup(group);

      expect(await offsetsOf(group.canaryGroup)).toEqual([
        5,
        0,
        0,
        ...everyQueue()
          .slice(3)
          .map(() => 0),
      ]);
      const others = ['broker-b:0', 'broker-b:1', 'broker-b:2'].map(queue => [queue, 0] as const);
      expect(await offsetsOnEveryQueue(group, 'orders')).toEqual(
        new Map([['broker-a:0', 5], ['broker-a:1', 0], ['broker-a:2', 0], ...others]),
      );
    });

    it('are missing for a topic without queues, and on a queue that was added', async () => {
      const named = groups();
      const topic = `growing-${named.baselineGroup}`;
      const group = { ...named, topics: [topic] };
      await prepareCanaryGroup(group);
      expect(await offsetsOnEveryQueue(group, topic)).toBe(undefined);

      for (const queues of [1, 2]) {
        await rocketmq.createTopic(topic, { queues });
        const count = async () => (await administration.queuesOf(topic)).map(host => host.queues);
        await expect.poll(count, { timeout: 30_000 }).toEqual([queues, queues]);
        expect(await offsetsOnEveryQueue(group, topic)).toBe(undefined);
        await prepareCanaryGroup(group);
        expect((await offsetsOnEveryQueue(group, topic))?.size).toBe(2 * queues);
      }
    });

    it('begin at the beginning on queues that a group in use lacks: the baseline may have left something out there', async () => {
      const group = groups();
      await rocketmq.createGroup(group.baselineGroup);
      await rocketmq.createGroup(group.canaryGroup);
      await commit(group.baselineGroup, [5, 6]);
      await commit(group.canaryGroup, [4, undefined]);
      await prepareCanaryGroup({ ...group, formerUse: topic => (topic === TOPICS[0] ? 'in use' : undefined) });
      expect((await offsetsOf(group.canaryGroup)).slice(0, 2)).toEqual([4, 0]);
    });

    it('of a group that was given up move forward to where the baseline group is further, never back', async () => {
      const group = groups();
      await rocketmq.createGroup(group.baselineGroup);
      await rocketmq.createGroup(group.canaryGroup);
      await commit(group.baselineGroup, [5, 6, undefined, 8, 0]);
      await commit(group.canaryGroup, [4, 7, 3, undefined, 0]);
      await prepareCanaryGroup({ ...group, formerUse: () => 'given up' });
      expect((await offsetsOf(group.canaryGroup)).slice(0, 5)).toEqual([5, 7, 3, 8, 0]);
    });
  });

  describe('servers away', () => {
    afterEach(() => {
      for (const { pid } of rocketmq.brokers) process.kill(pid, 'SIGCONT');
    });

    it('a broker for a while: a group in use is covered without it, a new one is not', async () => {
      const { baselineGroup } = groups();
      await rocketmq.createGroup(baselineGroup);
      const settings = { tag: undefined, key: 'gray_tag', mqBaseline: 'auto', mqIgnoreTags: [], interop: [] } as const;
      const intake = createIntake(consumerPlan(baselineGroup, settings));
      const servers = { namesrv: rocketmq.namesrv, credentials: undefined };
      const source = brokerSource(intake, servers, 'gray_tag', createLog('silent'));
      expect(await source.ensureOffsets('gray', TOPICS, true)).toEqual(TOPICS);
      const away = rocketmq.brokers[1] as Rocketmq['brokers'][number];
      process.kill(away.pid, 'SIGSTOP');
      expect(await source.ensureOffsets('gray', TOPICS, true)).toEqual(TOPICS);
      await expect(source.ensureOffsets('blue', TOPICS, true)).rejects.toThrow(CanaryGroupError);
      process.kill(away.pid, 'SIGCONT');
      // It may have lost what it had not written: its queues count as new ones.
      const { topics, grown } = await source.changedQueues();
      expect([[...topics].sort(), grown]).toEqual([TOPICS, []]);
      source.close();
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
      expect(Date.now() - started).toBeLessThan(ABSURD_MS);

      expect(error.prepared).toEqual({
        created: ['broker-a'],
        createdAlone: [],
        used: [],
        offsets: everyQueue().length / 2,
        paused: [],
      });
      expect(error.failures.map(({ broker }) => broker.name)).toEqual(['broker-b']);
      expect(error.hint).toContain(
        `mqadmin updateSubGroup -n ${rocketmq.namesrv} -b ${away.address} -g ${group.canaryGroup} -s true -m true -d true ${is5 ? '-o true ' : ''}-q 1 -r 5 `,
      );

      process.kill(away.pid, 'SIGCONT');
      expect(await prepareCanaryGroup(group)).toEqual({
        created: ['broker-b'],
        createdAlone: [],
        used: ['broker-a'],
        offsets: everyQueue().length / 2,
        paused: [],
      });
    });

    it('a name server: another is asked', async () => {
      const spare = brokerAdministration({ namesrv: `127.0.0.1:1;${rocketmq.namesrv}` });
      try {
        const group = { ...groups(), administration: spare };
        expect(await prepareCanaryGroup(group)).toEqual({
          created: BROKERS,
          createdAlone: BROKERS,
          used: [],
          offsets: 0,
          paused: [],
        });
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

      expect(Date.now() - started).toBeLessThan(ABSURD_MS);
      // Which name server did not answer; a command with its address would not work either.
      expect(error.hint).toContain(`name server ${namesrv}: `);
      expect(error.hint).toContain(`mqadmin updateSubGroup -n '<name server>' -c '<cluster>' -g ${group.canaryGroup}`);
      lost.close();
      server?.close();
    });
  });

  describe('a queue on which the baseline group has no offset', () => {
    let topics = 0;
    afterEach(() => configure({ accessMessageInMemoryMaxRatio: '40' }));

    const HOUR = 3_600_000;
    it.each<[string, string, number | undefined, Beginning?]>([
      ['is read from its beginning while its first message is in memory', '40', 0],
      // A 5.5 broker looks into its memory itself, which no setting empties.
      ...(is5
        ? []
        : ([
            ['is read from its end as of now', '0', 2],
            ['is read from its beginning where the client would', '0', 0, 'first'],
            ['is read from the time on from which the client would', '0', 0, { since: Date.now() - HOUR }],
            // As brokers answer a client that asks them: the last message.
            ['is read from its last message where that time is yet to come', '0', 1, { since: Date.now() + HOUR }],
          ] as [string, string, number, Beginning?][])),
    ])('%s', async (_, accessMessageInMemoryMaxRatio, offset, beginning) => {
      const topic = `fresh-${++topics}`;
      await rocketmq.createTopic(topic, { queues: 1 });
      await configure({ accessMessageInMemoryMaxRatio });
      const group = { ...groups(), topics: [topic], beginning };
      await rocketmq.createGroup(group.baselineGroup);
      const broker = brokers[0] as Broker;
      await produce(broker, topic, 2);

      expect(await prepareCanaryGroup(group)).toEqual({
        created: BROKERS,
        createdAlone: [],
        used: [],
        offsets: 0,
        paused: [],
      });
      await produce(broker, topic, 1);
      await prepareCanaryGroup(group);

      expect(await administration.committedOffset(broker, group.canaryGroup, topic, 0)).toBe(offset);
      expect(await administration.committedOffset(broker, group.baselineGroup, topic, 0)).toBe(undefined);
    });
  });

  describe('a filter', () => {
    const problems = (expression: string) =>
      Promise.all(
        brokers.map(broker => administration.filterProblem(broker, 'group1', 'orders', { type: 'SQL92', expression })),
      );
    const TAGGED = "gray_tag = 'gray'";
    afterEach(() => configure({ enablePropertyFilter: 'true' }));

    it('that parses is taken', async () => {
      expect(await problems(TAGGED)).toEqual([undefined, undefined]);
    });

    it('that does not parse is refused', async () => {
      const refused = { kind: 'malformed', words: expect.stringContaining('ParseException') };
      expect(await problems("gray_tag = = 'gray'")).toEqual([refused, refused]);
    });

    it('is refused while filters are switched off', async () => {
      await configure({ enablePropertyFilter: 'false' });
      const refused = { kind: 'disabled', words: 'The broker does not support consumer to filter message by SQL92' };
      expect(await problems(TAGGED)).toEqual([refused, refused]);
    });
  });
});
