import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCounts } from '../../src/counting/counts';
import { ATTRIBUTES, METRICS, type MetricSource } from '../../src/metrics/metrics';
import { VERSION } from '../../src/names/version';
import type { TagReport } from '../../src/rocketmq/hand-over/hand-over';

function tag(changes: Partial<TagReport>): TagReport {
  const given = { tag: 'gray', group: 'group1_gray', phase: 'managed', reason: 'declared' } as const;
  return { ...given, canary: 'absent', canaryHasAgent: true, standIn: 'running', leftOut: ['T'], ...changes };
}

function source(tags: readonly TagReport[] = [tag({})], instanceTag?: string): MetricSource {
  const counts = createCounts({ instanceTag, knownTags: [], isWanted: () => true });
  counts.sent('T', 'gray');
  counts.consumed({ group: 'group1_gray', tag: 'gray' }, 'T', 'gray', 'process');
  counts.skipped({ group: 'group1', tag: undefined }, 'T', 'gray');
  counts.givenBack({ group: 'group1_gray', tag: 'gray' }, 2);
  counts.routed('gray', 'baseline');
  counts.malformedTag('baggage');
  counts.hookError('the hook of x');
  const consumer = {
    client: 'x',
    baselineGroup: 'group1',
    group: 'group1',
    tag: undefined,
    filterSide: 'broker',
    topics: [],
  } as const;
  // Two consumers of one group: a process may have several.
  const consumers = () => tags.map(one => ({ ...consumer, tags: [one] }));
  return { tag: instanceTag, totals: counts.read, consumers };
}

const valuesOf = (name: string, from: MetricSource) => [...(METRICS.find(one => one.name === name)?.read(from) ?? [])];

describe('every metric', () => {
  it.each(METRICS)('$name has the attributes that the table says, each explained', metric => {
    const values = [...metric.read(source())];
    expect(values).toHaveLength(1);
    expect(Object.keys(values[0]?.[1] ?? {})).toEqual([...metric.attributes]);
    for (const attribute of metric.attributes) expect(ATTRIBUTES).toHaveProperty([attribute]);
  });

  it('has a name of its own', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
  });
});

describe('who is there', () => {
  it.each<[string, Partial<TagReport>, readonly (number | undefined)[]]>([
    ['a stand-in', {}, [0, 1, 1]],
    ['a canary', { canary: 'present', standIn: 'none' }, [1, 0, 1]],
    ['a stand-in that is about to start', { standIn: 'starting' }, [0, 0, 1]],
    ['nobody knows yet', { canary: 'unknown', standIn: 'none', leftOut: [] }, [undefined, 0, 0]],
    ['a tag that is given up', { phase: 'retired', standIn: 'none', leftOut: [] }, [0, 0, 0]],
  ])('%s', (_case, changes, expected) => {
    const from = source([tag(changes)]);
    const names = ['rocketmq_gray.canary.present', 'rocketmq_gray.stand_in.running', 'rocketmq_gray.tag.managed'];
    expect(names.map(name => valuesOf(name, from)[0]?.[0])).toEqual(expected);
  });

  it('is said once for a group that several consumers share', () => {
    const from = source([tag({ standIn: 'none' }), tag({}), tag({ standIn: 'ending' }), tag({ group: 'g_gray' })]);
    expect(valuesOf('rocketmq_gray.stand_in.running', from)).toEqual([
      [
        1,
        {
          'messaging.system': 'rocketmq',
          'messaging.consumer.group.name': 'group1_gray',
          'rocketmq_gray.environment': 'gray',
        },
      ],
      [
        1,
        {
          'messaging.system': 'rocketmq',
          'messaging.consumer.group.name': 'g_gray',
          'rocketmq_gray.environment': 'gray',
        },
      ],
    ]);
  });

  it.each([
    [undefined, 'base'],
    ['gray', 'gray'],
  ])('a process of %s is of the environment %s', (instanceTag, environment) => {
    expect(valuesOf('rocketmq_gray.agent.info', source([], instanceTag))).toEqual([
      [1, { 'rocketmq_gray.environment': environment, 'rocketmq_gray.version': VERSION }],
    ]);
  });
});

describe('the dashboard', () => {
  const text = readFileSync(join(__dirname, '../../docs/grafana-dashboard.json'), 'utf8');
  const prometheus = (name: string) => name.replace(/\./g, '_');
  const names = METRICS.map(({ name, kind }) => prometheus(name) + (kind === 'counter' ? '_total' : ''));

  it('asks for metrics and attributes that there are', () => {
    const known = new Set([...names, ...Object.keys(ATTRIBUTES).map(prometheus)]);
    const asked = new Set(text.match(/\b(?:messaging|rocketmq_gray)_[a-z_]+/g));
    expect([...asked].filter(name => !known.has(name))).toEqual([]);
  });

  it('shows every metric', () => {
    expect(names.filter(name => !text.includes(name))).toEqual([]);
  });
});
