import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRAIN_MS, RETIRE_AFTER_MS } from '../../src/rocketmq/hand-over';
import { QUEUES, World, type WorldOptions } from './hand-over-world';

/** What can happen from outside, and a number that chooses which step of those that are possible comes next. */
const happening = (tags: readonly string[]) =>
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
    { weight: 1, arbitrary: fc.record({ what: fc.constant('end' as const), tag: fc.constantFrom(...tags) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const), choice: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('wait' as const),
        ms: fc.constantFrom(1_000, 30_000, DRAIN_MS, RETIRE_AFTER_MS),
      }),
    },
  );

function play(options: WorldOptions, happenings: readonly Happening[]): World {
  const world = new World(options);
  for (const one of happenings) {
    world.now += 10;
    if (one.what === 'send') world.send(one.tag, one.queue);
    else if (one.what === 'canary') world.startCanary(one.tag);
    else if (one.what === 'end') world.endCanary(one.tag);
    else if (one.what === 'restart') world.restartProcess(one.choice);
    else if (one.what === 'wait') world.now += one.ms;
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

const rounds = (count: number): Happening[] => Array.from({ length: count }, () => ({ what: 'round' }));
/** A canary came, left for good, and its tag is about to be given up. */
const IDLE: readonly Happening[] = [
  { what: 'canary', tag: 'gray' },
  { what: 'send', tag: 'gray', queue: 0 },
  ...rounds(6),
  { what: 'end', tag: 'gray' },
  ...rounds(8),
  { what: 'wait', ms: RETIRE_AFTER_MS },
];

function pass(world: World, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    world.now += 1_000;
    world.round();
  }
}

describe('hand-over, in any order of events', () => {
  it.each([
    ['declared', ['gray']],
    ['undeclared', []],
    ['one of two declared', ['blue']],
  ] as const)('loses no message and gives none to the wrong side: %s', (_name, declared) => {
    const tags = ['gray', 'blue'];
    fc.assert(
      fc.property(fc.array(happening(tags), { maxLength: 250 }), happenings => {
        const world = play({ declared, tags }, happenings);
        const handled = new Set(world.handled.map(({ id }) => id));
        expect(world.sent.filter(({ id }) => !handled.has(id))).toEqual([]);
        expect(world.violations).toEqual([]);
        expect(world.handled.filter(({ tag, by }) => tag === undefined && by !== 'baseline')).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('loses nothing while a tag is retired, and comes back', () => {
    const tags = ['gray'];
    const some = fc.array(happening(tags), { maxLength: 25 });
    const waits = fc.constantFrom<Happening>({ what: 'wait', ms: DRAIN_MS }, { what: 'round' });
    fc.assert(
      fc.property(fc.nat(6), some, waits, some, waits, some, (count, first, wait, second, again, third) => {
        const happenings = [...IDLE, ...rounds(count), ...first, wait, ...second, again, ...third];
        const world = play({ declared: [], tags }, happenings);
        const handled = new Set(world.handled.map(({ id }) => id));
        expect(world.sent.filter(({ id }) => !handled.has(id))).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives a tag up that nothing was heard of, and no sooner than its group is drained', () => {
    const world = play({ declared: [], tags: ['gray'] }, [...IDLE, ...rounds(6)]);
    expect(world.markers.get('gray')?.phase).toBe('draining');
    expect(world.standIns).toBe(2);
    world.now += DRAIN_MS;
    pass(world, 6);
    expect(world.standIns).toBe(0);
    expect(world.markers.get('gray')?.phase).toBe('retired');
    // Its messages are the baseline's again; with the first of them it is managed once more.
    world.send('gray', 0);
    pass(world, 6);
    expect(world.markers.get('gray')?.phase).toBe('managed');
    expect(world.standIns).toBe(2);
  });
});
