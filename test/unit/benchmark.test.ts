import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../benchmark/comparison';
import { type Figures, withEarlier } from '../../benchmark/earlier';
import { type Measured, metricsOfWork, undisturbed } from '../../benchmark/measurement';
import { parseOptions } from '../../benchmark/options';
import { picture } from '../../benchmark/picture';
import { goalTable, markdown, meaning } from '../../benchmark/report';
import { inRounds, orderOf } from '../../benchmark/rounds';
import { differences, estimate, lowerQuartile, ratios } from '../../benchmark/statistics';

/** A sum of differences may be -0, in one order and not in the other. */
const withoutNegativeZero = (value: number) => value + 0;

describe('the confidence interval of a median', () => {
  // Ranks of the interval's ends, from the usual tables of the sign test.
  it.each([
    [6, 1],
    [9, 2],
    [10, 2],
    [20, 6],
    [25, 8],
    [30, 10],
    [50, 18],
  ])('of %i values ends at the one of rank %i, from both sides', (count, rank) => {
    const values = Array.from({ length: count }, (_, index) => index + 1);
    expect(estimate(values)).toEqual({ median: (count + 1) / 2, low: rank, high: count + 1 - rank, count });
  });

  it('of five values or fewer is the whole range', () => {
    expect(estimate([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3, count: 3 });
    expect(estimate([7])).toEqual({ median: 7, low: 7, high: 7, count: 1 });
  });

  it('of nothing is an error', () => {
    expect(() => estimate([])).toThrow('no values');
  });

  it('holds the median, whatever the values and their order', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map(withoutNegativeZero), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(values, all => {
        const { median, low, high } = estimate(all);
        expect(low).toBeLessThanOrEqual(median);
        expect(median).toBeLessThanOrEqual(high);
        expect(estimate([...all].reverse())).toEqual(estimate(all));
      }),
    );
  });

  it('covers the true median in at least 95 % of samples', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (const count of [6, 11, 20, 33]) {
      const covered = Array.from({ length: 4_000 }, () => estimate(Array.from({ length: count }, random))).filter(
        ({ low, high }) => low <= 0.5 && high >= 0.5,
      );
      // Sampling 4,000 times leaves some 0.35 % of uncertainty.
      expect(covered.length / 4_000).toBeGreaterThan(0.94);
    }
  });
});

describe('the lower quartile', () => {
  it.each([
    [[7], 7],
    [[9, 7], 7],
    [[5, 4, 3, 2, 1], 2],
    [Array.from({ length: 16 }, (_, index) => index), 3],
  ])('of %j is %s', (values, quartile) => {
    expect(lowerQuartile(values)).toBe(quartile);
  });

  it('of nothing is an error', () => {
    expect(() => lowerQuartile([])).toThrow('there is no quartile of no values');
  });

  it('of turns is that of time and of CPU time, each for one operation', () => {
    const turns = [10, 30, 20, 50, 40].map((ms, index) => ({ operations: 10, ms, cpuMs: index + 1 }));
    expect(undisturbed(turns)).toEqual({ operations: 10, ms: 20, cpuMs: 2 });
    expect(undisturbed([{ operations: 100, ms: 50, cpuMs: 10 }, ...turns])).toMatchObject({ operations: 100, ms: 100 });
  });
});

it('compares values of the same round', () => {
  expect(ratios([1, 6], [2, 3])).toEqual([0.5, 2]);
  expect(differences([1, 6], [2, 3])).toEqual([-1, 3]);
  expect(ratios([1, null, 6, 7], [2, 5, 3, null])).toEqual([0.5, 2]);
});

it('gives each contender each place equally often', async () => {
  const all = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  const places: Record<string, number[]> = { a: [], b: [], c: [] };
  for (let round = 0; round < 6; round++) {
    for (const [place, { name }] of orderOf(all, round).entries()) places[name]?.push(place);
  }
  for (const its of Object.values(places)) expect([...its].sort()).toEqual([0, 0, 1, 1, 2, 2]);

  const order: string[] = [];
  const values = await inRounds(all, 2, async ({ name }) => order.push(name));
  expect(order).toEqual(['a', 'b', 'c', 'c', 'b', 'a']);
  expect([...values]).toEqual([
    ['a', [1, 6]],
    ['b', [2, 5]],
    ['c', [3, 4]],
  ]);
});

const rounds = (cpuMs: number) => Array.from({ length: 10 }, () => ({ operations: 1_000, ms: 1_000, cpuMs }));
const MEASURED: Measured = {
  scenario: 'http-server',
  title: 'a server',
  how: 'as it is',
  contenders: [
    { name: 'bare', title: 'bare Node.js', base: undefined, isOurs: false },
    { name: 'gray-untagged', title: 'rocketmq-gray, untagged baseline', base: 'bare', isOurs: true },
  ],
  metrics: metricsOfWork(
    new Map([
      ['bare', rounds(500)],
      ['gray-untagged', rounds(550)],
    ]),
  ),
  goals: [
    { metric: 'throughput', contender: 'gray-untagged', bound: 0.99 },
    { metric: 'CPU per operation', contender: 'gray-untagged', bound: 1.01 },
  ],
};

it('a goal is met, or missed, only by the whole interval', () => {
  expect(judge(MEASURED).map(({ isMet, isMissed }) => [isMet, isMissed])).toEqual([
    [true, false],
    [false, true],
  ]);
  const [unsure] = judge({
    ...MEASURED,
    metrics: metricsOfWork(
      new Map([
        ['bare', rounds(500)],
        ['gray-untagged', rounds(500).map((work, round) => ({ ...work, ms: round < 5 ? 900 : 1_100 }))],
      ]),
    ),
  });
  expect(unsure).toMatchObject({ isMet: false, isMissed: false });
  const unknown = [{ metric: 'throughput', contender: 'nobody', bound: 1 }];
  expect(() => judge({ ...MEASURED, goals: unknown })).toThrow('nothing is measured for nobody');
});

it('a goal may be held against another contender', () => {
  const values = { als: [2, 4, 2, 2, 2, 2, 2, 2, 2, 2], 'gray-untagged': [3, 6, 3, 3, 3, 3, 3, 3, 3, 3] };
  const metrics = [{ name: 'time', unit: 'ms', comparison: 'ratio', better: 'lower', values } as const];
  const goal = { metric: 'time', contender: 'gray-untagged', bound: 1.6 };
  const [judged] = judge({ ...MEASURED, metrics, goals: [{ ...goal, against: 'als' }] });
  expect(judged).toMatchObject({ compared: { median: 1.5 }, isMet: true });
  expect(() => judge({ ...MEASURED, metrics, goals: [{ ...goal, against: 'nobody' }] })).toThrow('nothing is measured');
});

it('begins with what it means: what an operation costs more', () => {
  const text = meaning({ node: '26.1.0', measured: [MEASURED] });
  expect(text).toContain('| a server | 500 µs | +50.0 µs (+50.0 to +50.0) | - | - |');
  expect(meaning({ node: '26.1.0', measured: [{ ...MEASURED, metrics: [] }] })).toBe('');
});

it('reports goals, figures and a picture', () => {
  const run = { node: '20.1.0', measured: [MEASURED] };
  expect(goalTable(run)).toContain(
    '| a server | untagged baseline | CPU per operation | ≤ 1.01 | 1.100 (1.100 to 1.100) | **missed** |',
  );
  const machine = { processor: 'one', cores: 2, memoryGb: 24, system: 'Linux', versions: { express: '5.1.0' } };
  const text = markdown([run], machine);
  expect(text).toContain('2 cores of one, 24 GB, Linux. express 5.1.0.');
  expect(text).toContain(
    '| rocketmq-gray, untagged baseline | 1,000 | 1.000 (1.000 to 1.000) | 550 | 1.100 (1.100 to 1.100) |',
  );
  expect(picture(run)).toMatch(/^<svg [\s\S]*a server[\s\S]*1\.10<\/text>[\s\S]*<\/svg>\n$/);
});

describe('options', () => {
  const parse = (...args: string[]) => parseOptions(args, ['http-server', 'send'], ['18', '22', '24', '26']);
  it('are those of a whole run by default', () => {
    expect(parse()).toMatchObject({
      nodes: ['22', '24', '26'],
      only: [],
      rounds: 12,
      workMs: 1_300,
      requests: 1_000_000,
    });
    expect(parse('--node', '18', '--only', 'http', '--rounds', '3')).toMatchObject({
      nodes: ['18'],
      only: ['http'],
      rounds: 3,
    });
  });
  it.each([
    [['--rounds', '0'], "--rounds cannot be '0'"],
    [['--rounds', ''], "--rounds cannot be ''"],
    [['--node', '4'], "--node cannot be '4'; there are 18, 22, 24, 26"],
    [['--only', 'htpp'], "no scenario has 'htpp' in its name; there are http-server, send"],
    [['--what'], "Unknown option '--what'"],
  ])('%j are refused', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe('figures of an earlier run', () => {
  const machine = { processor: 'one', cores: 2, memoryGb: 8, system: 'Linux', versions: { undici: '7.0.0' } };
  const measured = (scenario: string, how: string) => ({ scenario, how }) as unknown as Measured;
  const earlier = {
    machine,
    runs: [
      { node: '20.1.0', measured: [measured('send', 'before'), measured('http', 'before')] },
      { node: '26.1.0', measured: [measured('http', 'before')] },
    ],
  };
  const now = { machine, runs: [{ node: '20.1.0', measured: [measured('http', 'now')] }] };
  const merged = (before: Figures | undefined) =>
    withEarlier(now, before, ['http', 'send']).map(({ node, measured }) => [
      node,
      ...measured.map(({ scenario, how }) => `${scenario} ${how}`),
    ]);

  it('stay where they were not measured anew, in the order of the scenarios', () => {
    expect(merged(earlier)).toEqual([
      ['20.1.0', 'http now', 'send before'],
      ['26.1.0', 'http before'],
    ]);
  });

  it.each([
    ['there are none', undefined],
    ['another machine', { ...earlier, machine: { ...machine, cores: 4 } }],
    ['another version of a package', { ...earlier, machine: { ...machine, versions: { undici: '8.0.0' } } }],
  ])('are not kept: %s', (_name, before) => {
    expect(merged(before)).toEqual([['20.1.0', 'http now']]);
  });
});
