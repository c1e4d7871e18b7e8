/** The life of a consumer, in the orders of calls that applications come up with. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { propertyRuns } from './property-runs';
import { type Outcome, sessionWorld, subscription } from './session-world';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a consumer of a canary', () => {
  it('is prepared, announced, started; it leaves as it is closed, and its place is free then', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    const started = world.start();
    await world.end('ready T');
    await world.end('arrive');
    await world.end('client start');
    expect(await started).toBe('start done');
    expect(world.session.report()).toMatchObject({ group: 'group1_gray', isAnnounced: true });
    const closed = world.close();
    await world.end('withdraw');
    await world.end('client close');
    expect(await closed).toBe('close done');
    expect(world.session.report()).toBeUndefined();
    expect(world.log).toEqual([
      '1 prepares T',
      '1 announced',
      'client start',
      'client close',
      '1 withdrawn',
      '1 ended',
    ]);
    expect(world.lines).toEqual(["info: group1 -> group1_gray, T: gray_tag = 'gray'"]);
  });

  it.each([
    [true, ['GRAY_MQ_NAMESRV']],
    [false, []],
  ])('without a name server it consumes, and says that nobody is told (auto mode: %s)', async (isAuto, named) => {
    const world = sessionWorld({ knowsServers: false, isAuto });
    world.session.subscribed([subscription('T')]);
    const started = world.start();
    await world.end('client start');
    expect(await started).toBe('start done');
    expect(world.announced()).toBe(0);
    const warnings = world.lines.filter(text => text.startsWith('warn: '));
    expect(warnings.flatMap(text => text.match(/GRAY_MQ_NAMESRV/g) ?? [])).toEqual(named);
  });

  it('is withdrawn only once its client has closed, where each queue belongs to one member', async () => {
    const world = sessionWorld({ sharesQueues: false });
    world.session.subscribed([subscription('T')]);
    void world.start();
    await world.endAll();
    void world.close();
    await world.flush();
    expect([world.pending.map(({ what }) => what), world.announced()]).toEqual([['client close'], 1]);
    await world.endAll();
    expect([world.announced(), world.opened()]).toEqual([0, 0]);
  });

  it.each<[string, readonly Outcome[], boolean]>([
    ['is announced at once where its group is ready on some brokers', ['partly', 'ok'], true],
    ['is announced late where its group was not ready', ['failed', 'failed', 'ok'], true],
    ['is not announced while its group is not ready', ['failed', 'failed', 'failed'], false],
  ])('%s', async (_what, answers, isAnnounced) => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    void world.start();
    for (const [attempt, answer] of answers.entries()) {
      if (attempt > 0) await world.tryAgain();
      await world.end('ready T', answer);
    }
    expect(world.session.report()).toMatchObject({ isAnnounced });
    void world.close();
    await world.endAll();
    expect(world.announced()).toBe(0);
  });

  it('has its group made before it has a subscription, and is announced with the first', async () => {
    const world = sessionWorld();
    void world.start();
    await world.end('ready');
    await world.end('client start');
    expect([world.session.report()?.isAnnounced, world.checked]).toEqual([undefined, []]);
    void world.subscribe('T');
    await world.end('ready T');
    expect([world.announced(), world.checked]).toEqual([1, ['T', '|']]);
  });

  it('is not announced where the baseline does not heed it; its group is made ready all the same', async () => {
    const world = sessionWorld({ isAuto: false });
    world.session.subscribed([subscription('T')]);
    void world.start();
    await world.end('ready T', 'failed');
    expect(world.session.report()?.isAnnounced).toBeUndefined();
    await world.tryAgain();
    await world.end('ready T', 'partly');
    await world.tryAgain();
    await world.end('ready T');
    expect([world.announced(), world.session.report()?.isAnnounced]).toEqual([0, undefined]);
    expect(world.lines.slice(1)).toEqual(['info: group1_gray is ready now']);
    void world.subscribe('U');
    await world.end('ready U');
    expect(world.announced()).toBe(0);
  });

  it('does not have its group made again while it has no subscription', async () => {
    const world = sessionWorld();
    void world.start();
    await world.end('ready', 'failed');
    await world.end('client start');
    await world.tryAgain();
    expect(world.pending).toEqual([]);
  });
});

describe('the races of a consumer', () => {
  it('closed while it is prepared: it is neither announced nor started', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    const started = world.start();
    await world.flush();
    const closed = world.close();
    await world.end('client close');
    // Nobody waits for brokers that do not answer.
    expect(await closed).toBe('close done');
    await world.endAll();
    expect(await started).toBe('undefined');
    expect(world.log).toEqual(['1 prepares T', 'client close', '1 ended']);
  });

  it('closed while it is announced: that is withdrawn', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    const started = world.start();
    await world.end('ready T');
    const closed = world.close();
    await world.end('client close');
    await world.end('arrive');
    await world.end('withdraw');
    expect([await started, await closed, world.announced(), world.opened()]).toEqual(['undefined', 'close done', 0, 0]);
  });

  it('closed while its client starts: both calls of the client have their own end', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    const started = world.start();
    await world.end('ready T');
    await world.end('arrive');
    const closed = world.close();
    await world.end('withdraw');
    await world.end('client close');
    await world.end('client start', 'failed');
    expect([await started, await closed]).toEqual(['failed: no start', 'close done']);
    expect(world.log.filter(line => line === '1 ended')).toHaveLength(1);
  });

  it('that could not be started: its place is free before the application hears of it', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    const started = world.start();
    await world.end('ready T');
    await world.end('arrive');
    await world.end('client start', 'failed');
    expect(world.unsettled.size).toBe(1);
    await world.end('withdraw');
    expect([await started, world.announced(), world.session.report()]).toEqual(['failed: no start', 0, undefined]);
  });

  it('started once more while it runs: what the client refuses changes nothing', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    const first = world.start();
    await world.end('ready T');
    await world.end('arrive');
    const second = world.start();
    await world.flush();
    const [one, other] = world.pending.filter(({ what }) => what === 'client start');
    other?.end('failed');
    expect(await second).toBe('failed: no start');
    one?.end('ok');
    expect([await first, world.announced()]).toEqual(['start done', 1]);
    expect(world.log.filter(line => line.includes('prepares'))).toHaveLength(1);
  });

  it('started again after it was closed: it has another life', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    void world.start();
    await world.endAll();
    void world.close();
    await world.endAll();
    void world.start();
    await world.endAll();
    expect(world.announced()).toBe(1);
    expect(world.log.filter(line => line.includes('prepares'))).toEqual(['1 prepares T', '2 prepares T']);
    expect(world.session.report()).toMatchObject({ isAnnounced: true });
  });

  it('started again while it is being closed: the end of its first life is not that of its second', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    void world.start();
    await world.endAll();
    const closed = world.close();
    const started = world.start();
    await world.end('withdraw');
    await world.end('ready T');
    await world.end('arrive');
    await world.end('client start');
    expect(await started).toBe('start done');
    await world.end('client close');
    expect(await closed).toBe('close done');
    expect([world.announced(), world.session.report()?.isAnnounced]).toEqual([1, true]);
  });

  it('closed several times: each call has the client do what it does, and waits until the place is free', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('T')]);
    void world.start();
    await world.endAll();
    const [first, second] = [world.close(), world.close()];
    await world.flush();
    const ends = world.pending.filter(({ what }) => what === 'client close');
    expect(ends).toHaveLength(2);
    ends[1]?.end('failed');
    await world.flush();
    expect(world.unsettled.size).toBe(2);
    await world.end('withdraw');
    expect(await second).toBe('failed: no close');
    ends[0]?.end('ok');
    expect(await first).toBe('close done');
  });
});

describe('the subscriptions of a consumer', () => {
  it('are prepared when it starts, then each as it comes; once more when it is subscribed to once more', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('A'), subscription('B')]);
    await world.session.prepared(['A']);
    expect(world.log).toEqual([]);
    void world.start();
    await world.end('ready A B');
    await world.end('arrive');
    void world.subscribe('C');
    await world.end('ready C');
    await world.session.prepared(['A', 'C', 'unknown']);
    void world.subscribe('A');
    await world.end('ready A');
    expect(world.log.filter(line => line.includes('prepares'))).toEqual([
      '1 prepares A B',
      '1 prepares C',
      '1 prepares A',
    ]);
  });

  it('that are given up while their group is made ready are not tried again', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('A')]);
    void world.start();
    await world.flush();
    world.unsubscribe('A');
    await world.end('ready A', 'failed');
    await world.tryAgain();
    expect(world.log.filter(line => line.includes('prepares'))).toEqual(['1 prepares A']);
  });

  it('that are given up later are not tried again either, and what nobody subscribed to is none', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('A'), subscription('B')]);
    void world.start();
    await world.end('ready A B', 'failed');
    world.unsubscribe('B');
    world.unsubscribe('C');
    await world.tryAgain();
    await world.end('ready A', 'partly');
    await world.end('arrive');
    world.unsubscribe('A');
    await world.tryAgain();
    expect(world.log.filter(line => line.includes('prepares'))).toEqual(['1 prepares A B', '1 prepares A']);
    expect(world.log.filter(line => line.includes('gives up'))).toEqual(['1 gives up B', '1 gives up A']);
    // Said once, and done.
    world.session.subscribed([subscription('A')]);
    void world.session.prepared(['A']);
    await world.end('ready A', 'partly');
    await world.tryAgain();
    await world.end('ready A', 'partly');
    expect(world.lines.slice(1)).toEqual([
      'info: group1_gray is ready on some brokers: the baseline is told that gray is there',
      "info: group1 -> group1_gray, A: gray_tag = 'gray'",
    ]);
  });

  it('of a closed consumer need nothing', async () => {
    const world = sessionWorld();
    void world.start();
    await world.endAll();
    void world.close();
    await world.endAll();
    world.session.subscribed([subscription('A')]);
    await world.session.prepared(['A']);
    world.unsubscribe('A');
    expect(world.reported).toEqual([]);
  });

  it('that the client refuses are what they were', async () => {
    const world = sessionWorld();
    world.session.subscribed([{ topic: 'A', filter: { type: 'TAG', expression: 'old' } }]);
    const [known, unknown] = [world.subscribe('A'), world.subscribe('B')];
    await world.end('client subscribe A', 'failed');
    await world.end('client subscribe B', 'failed');
    expect([await known, await unknown]).toEqual(['failed: no subscribe A', 'failed: no subscribe B']);
    expect(world.session.report()?.topics.map(({ topic, asked }) => [topic, asked.expression])).toEqual([['A', 'old']]);
  });

  it('that a connection cannot be asked for are left unprepared, and the consumer starts', async () => {
    const world = sessionWorld();
    world.session.subscribed([subscription('A')]);
    const connection = () => Promise.reject(new Error('no address server'));
    expect(await world.session.start({ connection }, () => 'started')).toBe('started');
    expect(world.reported).toEqual([new Error('no address server')]);
  });
});

const TOPICS = ['A', 'B'] as const;
const outcome = fc.constantFrom<Outcome>('ok', 'ok', 'partly', 'failed');
const event = fc.oneof(
  fc.record({ type: fc.constant('start' as const) }),
  fc.record({ type: fc.constant('close' as const) }),
  fc.record({ type: fc.constant('subscribe' as const), topic: fc.constantFrom(...TOPICS) }),
  fc.record({ type: fc.constant('unsubscribe' as const), topic: fc.constantFrom(...TOPICS) }),
  { weight: 6, arbitrary: fc.record({ type: fc.constant('end' as const), which: fc.nat(), outcome }) },
  fc.record({ type: fc.constant('time passes' as const) }),
);

it('whatever happens in whatever order: nothing is announced twice, or after the end; each call comes to an end', async () => {
  let announcements = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(event, { maxLength: 60, size: 'max' }), async (sharesQueues, events) => {
      const world = sessionWorld({ sharesQueues });
      for (const next of events) {
        if (next.type === 'start') void world.start();
        else if (next.type === 'close') void world.close();
        else if (next.type === 'subscribe') void world.subscribe(next.topic);
        else if (next.type === 'unsubscribe') world.unsubscribe(next.topic);
        else if (next.type === 'time passes') await world.tryAgain();
        else if (world.pending.length > 0) world.pending[next.which % world.pending.length]?.end(next.outcome);
        await world.flush();
        expect(world.announced()).toBeLessThanOrEqual(1);
      }
      // In the end it is closed, and all that is waited for ends.
      void world.close();
      await world.endAll();
      const happened = world.log.length;
      await world.tryAgain();
      await world.endAll();
      expect([[...world.unsettled], world.log.slice(happened)]).toEqual([[], []]);
      const left = [world.announced(), world.opened(), world.session.report(), world.reported];
      expect(left).toEqual([0, 0, undefined, []]);
      announcements += world.log.filter(line => line.endsWith('announced')).length;
    }),
    { numRuns: propertyRuns(400) },
  );
  // Else it would have shown nothing.
  expect(announcements).toBeGreaterThan(50);
});
