/** The core of a hand-over in a small world (hand-over-world.ts), where everything happens in any order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRAIN_MS, GIVE_UP_AFTER_MS } from '../../src/rocketmq/hand-over/tag-life';
import { QUEUES } from './hand-over-world/broker';
import { World, type WorldOptions } from './hand-over-world/world';
import { propertyRuns } from './property-runs';

/** What can happen from outside, and a number that chooses which step of those that are possible comes next. */
const happening = (tags: readonly string[], others = 0) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ what: fc.constant('step' as const), choice: fc.nat() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constant('send' as const),
        tag: fc.option(fc.constantFrom(...tags), { nil: undefined }),
        queue: fc.nat(QUEUES - 1),
      }),
    },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('round' as const) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('fault' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('canary' as const), tag: fc.constantFrom(...tags) }) },
    { weight: others, arbitrary: fc.record({ what: fc.constant('other' as const), tag: fc.constantFrom(...tags) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('end' as const), tag: fc.constantFrom(...tags) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const), choice: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('wait' as const),
        ms: fc.constantFrom(1_000, 30_000, DRAIN_MS, GIVE_UP_AFTER_MS),
      }),
    },
  );

/** What canaries may subscribe to; null: not to the topic. */
const ASKED = ['*', 'A || B', 'A', 'B', 'A || B || C', 'A || C', 'C || D', null] as const;

/** The same, where canaries subscribe to something else than the baseline. */
const happeningOfDifferent = fc.oneof(
  { weight: 6, arbitrary: happening(['gray']) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('send' as const),
      tag: fc.constantFrom('gray', undefined),
      queue: fc.nat(QUEUES - 1),
      word: fc.constantFrom('A', 'B', 'C', 'D'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('version' as const), asked: fc.constantFrom(...ASKED) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('written' as const) }) },
);

function play(options: WorldOptions, happenings: readonly (Happening | DifferentHappening)[]): World {
  const world = new World(options);
  for (const one of happenings) {
    world.now += 10;
    if (one.what === 'send') world.send(one.tag, one.queue, 'word' in one ? one.word : 'A');
    else if (one.what === 'version') world.replaceCanary('gray', one.asked);
    else if (one.what === 'written') world.writeBaseline();
    else if (one.what === 'canary') world.startCanary(one.tag);
    else if (one.what === 'other') world.startOther(one.tag);
    else if (one.what === 'end') world.endCanary(one.tag);
    else if (one.what === 'restart') world.restartProcess(one.choice);
    else if (one.what === 'wait') world.wait(one.ms);
    else if (one.what === 'fault') world.faults += one.count;
    else if (one.what === 'round') world.round();
    else {
      const steps = world.steps();
      steps[one.choice % steps.length]?.();
    }
  }
  world.calmDown();
  return world;
}

type Happening = ReturnType<typeof happening> extends fc.Arbitrary<infer H> ? H : never;

type DifferentHappening = typeof happeningOfDifferent extends fc.Arbitrary<infer H> ? H : never;

const rounds = (count: number): Happening[] => Array.from({ length: count }, () => ({ what: 'round' }));
/** A version of the canary comes, goes, and others stand in for it, while messages flow and anything happens. */
const redeploy = fc
  .tuple(
    fc.constantFrom(...ASKED),
    fc.array(happeningOfDifferent, { maxLength: 25 }),
    fc.nat(8),
    fc.array(happeningOfDifferent, { maxLength: 25 }),
    fc.nat(8),
  )
  .map(([asked, first, count, then, after]): (Happening | DifferentHappening)[] => [
    { what: 'version', asked },
    ...rounds(count),
    ...first,
    { what: 'end', tag: 'gray' },
    ...rounds(after),
    ...then,
  ]);
/** A canary came, left for good, and its tag is about to be given up. */
const IDLE: readonly Happening[] = [
  { what: 'canary', tag: 'gray' },
  { what: 'send', tag: 'gray', queue: 0 },
  ...rounds(6),
  { what: 'end', tag: 'gray' },
  ...rounds(8),
  { what: 'wait', ms: GIVE_UP_AFTER_MS },
];

function pass(world: World, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    world.now += 1_000;
    world.round();
  }
}

/** Between histories: the runner is told that the test goes on. */
const turn = () => new Promise(resolve => setImmediate(resolve));

describe('hand-over, in any order of events', () => {
  it.each([
    ['declared', ['gray'], 0],
    ['undeclared', [], 0],
    ['one of two declared', ['blue'], 0],
    ['one of two declared, beside canaries of other agents', ['blue'], 1],
  ] as const)('loses no message and gives none to the wrong side: %s', async (_name, declared, others) => {
    const tags = ['gray', 'blue'];
    await fc.assert(
      fc.asyncProperty(fc.array(happening(tags, others), { maxLength: 250 }), async happenings => {
        await turn();
        const world = play({ declared, tags }, happenings);
        const handled = new Set(world.broker.handled.map(({ id }) => id));
        expect(world.broker.sent.filter(({ id }) => !handled.has(id))).toEqual([]);
        expect(world.broker.violations).toEqual([]);
        expect(world.broker.handled.filter(({ tag, by }) => tag === undefined && by !== 'baseline')).toEqual([]);
      }),
      { numRuns: propertyRuns(400) },
    );
  });

  it.each([
    ['declared', ['gray']],
    ['undeclared', []],
  ] as const)('loses none where standing in is shared out, whoever knows of whom: %s', async (_name, declared) => {
    const tags = ['gray', 'blue'];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(happening(tags), { maxLength: 120 }),
        async (mostStandIns, processes, happenings) => {
          await turn();
          const world = play({ declared, tags, mostStandIns, processes }, happenings);
          const handled = new Set(world.broker.handled.map(({ id }) => id));
          expect(world.broker.sent.filter(({ id }) => !handled.has(id))).toEqual([]);
          expect(world.broker.violations).toEqual([]);
          // Those who helped have left by then.
          pass(world, 100);
          for (const tag of tags) expect(world.standInsFor(tag)).toBeLessThanOrEqual(mostStandIns);
        },
      ),
      { numRuns: propertyRuns(150) },
    );
  });

  it.each([
    ['declared', { declared: ['gray'] }],
    ['undeclared', { declared: [] }],
    ['a baseline that does not write down what it subscribes to at first', { declared: ['gray'], isUnwritten: true }],
  ])('loses nothing that is still wanted while canaries subscribe to something else: %s', async (_name, options) => {
    await fc.assert(
      fc.asyncProperty(fc.array(redeploy, { maxLength: 6 }), async redeploys => {
        await turn();
        const happenings = redeploys.flat();
        const world = play({ asked: 'A || B', tags: ['gray'], ...options }, happenings);
        const handled = new Set(world.broker.handled.map(({ id }) => id));
        expect(world.broker.sent.filter(message => world.isOwed(message) && !handled.has(message.id))).toEqual([]);
        expect(world.broker.violations).toEqual([]);
        const words = new Map(world.broker.sent.map(({ id, word }) => [id, word]));
        const others = world.broker.handled.filter(({ id, by }) => by !== 'canary' && !/A|B/.test(words.get(id) ?? ''));
        expect(others).toEqual([]);
      }),
      { numRuns: propertyRuns(600) },
    );
  });

  it('has what only a canary wants wait for it, and what it leaves out handled by the baseline', () => {
    const world = new World({ asked: 'A || B', declared: [], tags: ['gray'] });
    const send = (...words: string[]) => {
      for (const word of words) world.send('gray', 0, word);
    };
    pass(world, 6);
    world.startCanary('gray', 'A || C');
    pass(world, 6);
    send('A', 'B', 'C', 'D');
    pass(world, 6);
    world.endCanary('gray');
    pass(world, 6);
    send('A', 'B', 'C', 'D');
    pass(world, 6);
    expect(world.broker.handled.map(({ id, by }) => `${id} ${by}`)).toEqual([
      '0 canary',
      '2 canary',
      '4 stand-in',
      '5 stand-in',
    ]);
    world.startCanary('gray', 'A || C || D');
    pass(world, 6);
    expect(world.broker.handled.slice(4).map(({ id, by }) => `${id} ${by}`)).toEqual(['6 canary', '7 canary']);
    world.replaceCanary('gray', null);
    pass(world, 6);
    send('A', 'B', 'C');
    pass(world, 6);
    expect(world.broker.handled.slice(6).map(({ id, by }) => `${id} ${by}`)).toEqual(['8 stand-in', '9 stand-in']);
  });

  it('loses nothing while a tag is retired, and comes back', async () => {
    const tags = ['gray'];
    const some = fc.array(happening(tags), { maxLength: 25 });
    const waits = fc.constantFrom<Happening>({ what: 'wait', ms: DRAIN_MS }, { what: 'round' });
    await fc.assert(
      fc.asyncProperty(fc.nat(6), some, waits, some, waits, some, async (count, first, wait, second, again, third) => {
        await turn();
        const happenings = [...IDLE, ...rounds(count), ...first, wait, ...second, again, ...third];
        const world = play({ declared: [], tags }, happenings);
        const handled = new Set(world.broker.handled.map(({ id }) => id));
        expect(world.broker.sent.filter(({ id }) => !handled.has(id))).toEqual([]);
      }),
      { numRuns: propertyRuns(1500) },
    );
  });

  it('takes what was sent before another agent began the group of a canary at its end', () => {
    const world = new World({ declared: [], tags: ['gray'] });
    world.send('gray', 0);
    world.startOther('gray');
    world.startCanary('gray');
    expect(world.markers.get('gray')).toBeUndefined();
    pass(world, 12);
    world.send('gray', 0);
    pass(world, 6);
    expect(world.markers.get('gray')?.phase).toBe('managed');
    expect(world.broker.handled).toEqual([
      { id: 0, tag: 'gray', by: 'baseline' },
      { id: 1, tag: 'gray', by: 'canary' },
    ]);
  });

  it('gives a tag up that nothing was heard of, and no sooner than its group is drained', () => {
    const world = play({ declared: [], tags: ['gray'] }, [...IDLE, ...rounds(6)]);
    expect(world.markers.get('gray')?.phase).toBe('draining');
    expect(world.standIns).toBe(2);
    world.now += DRAIN_MS;
    pass(world, 6);
    expect(world.standIns).toBe(0);
    expect(world.markers.get('gray')?.phase).toBe('retired');
    // Its messages are the baseline's again, until its canary comes.
    world.send('gray', 0);
    pass(world, 6);
    expect(world.broker.handled.filter(({ tag }) => tag === 'gray').map(({ by }) => by)).toEqual([
      'canary',
      'baseline',
    ]);
    world.startCanary('gray');
    pass(world, 6);
    expect(world.markers.get('gray')?.phase).toBe('managed');
    world.send('gray', 0);
    pass(world, 6);
    expect(world.broker.handled.filter(({ tag }) => tag === 'gray').map(({ by }) => by)).toEqual([
      'canary',
      'baseline',
      'canary',
    ]);
  });
});
