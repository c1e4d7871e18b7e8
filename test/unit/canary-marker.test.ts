import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canaryMarkers, mergedMarkers } from '../../src/rocketmq/hand-over/canary-marker';
import type { Marker } from '../../src/rocketmq/hand-over/hand-over';
import { keyValueServers } from './key-value-servers';

type Table = Record<string, unknown>;
const merge = (...tables: Table[]) =>
  mergedMarkers(
    tables.map(table => new Map(Object.entries(table) as [string, string][])),
    'group1',
  );
const value = (tag: string, phase: string, at: unknown, group = 'group1') => JSON.stringify({ group, tag, phase, at });

describe('markers of several name servers', () => {
  const active = { group1_gray: value('gray', 'managed', 5) };
  const retired = { group1_gray: value('gray', 'retired', 6) };
  it.each<[string, Table[], Marker[]]>([
    ['none', [{}, {}], []],
    ['one missed it', [active, {}], [{ tag: 'gray', phase: 'managed', at: 5 }]],
    ['the later counts', [active, retired], [{ tag: 'gray', phase: 'retired', at: 6 }]],
    ['in any order', [retired, active], [{ tag: 'gray', phase: 'retired', at: 6 }]],
    [
      'managed again',
      [retired, { group1_gray: value('gray', 'managed', 7) }],
      [{ tag: 'gray', phase: 'managed', at: 7 }],
    ],
    [
      'of the same moment: given up',
      [{ group1_gray: value('gray', 'managed', 6) }, retired, { group1_gray: value('gray', 'managed', 6) }],
      [{ tag: 'gray', phase: 'retired', at: 6 }],
    ],
    [
      'several tags, each by itself',
      [active, { 'group1_pr-1': value('pr-1', 'retired', 1) }],
      [
        { tag: 'gray', phase: 'managed', at: 5 },
        { tag: 'pr-1', phase: 'retired', at: 1 },
      ],
    ],
  ])('%s', (_, tables, markers) => {
    expect(merge(...tables)).toEqual(markers);
  });

  it.each<[string, Table]>([
    ['no JSON', { group1_gray: 'true, but' }],
    ['no object', { group1_gray: 'null', group1_blue: '7' }],
    ['not a string', { group1_gray: { group: 'group1', tag: 'gray', phase: 'managed', at: 1 } }],
    ['another group', { group2_gray: value('gray', 'managed', 1, 'group2') }],
    ['a group whose name begins the same', { group1_a_gray: value('gray', 'managed', 1, 'group1_a') }],
    ['a key for another tag', { group1_gray: value('blue', 'managed', 1) }],
    ['a key of another group', { group1_gray: value('gray', 'managed', 1, 'group2') }],
    ['a tag against the grammar', { "group1_a' OR 1": value("a' OR 1", 'managed', 1) }],
    ['base', { group1_base: value('base', 'managed', 1) }],
    ['an unknown phase', { group1_gray: value('gray', 'perhaps', 1) }],
    ['no time', { group1_gray: value('gray', 'managed', undefined) }],
    [
      'a time that is none',
      { group1_gray: value('gray', 'managed', 1e300), group1_blue: value('blue', 'managed', -1) },
    ],
  ])('what is none counts for nothing: %s', (_, table) => {
    expect(merge(table)).toEqual([]);
  });

  it('whatever is there, nothing throws, and only well-formed tags come out', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant(value('gray', 'managed', 1)));
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.string(), fc.constant('group1_gray')), text), table => {
        for (const { tag } of merge(table)) expect(tag).toMatch(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/);
      }),
    );
  });
});

describe('a tag that is to be managed', () => {
  it.each<[string, Table[], number]>([
    ['nowhere yet', [{}, {}], 1],
    ['on all name servers', [{}, {}].map(() => managed('orders', 'payments')), 0],
    ['one has missed it', [managed('orders'), {}], 1],
    ['of another topic', [managed('payments'), managed('payments')], 1],
    ['given up by what one of them has', [managed('orders'), { group1_gray: value('gray', 'retired', 9) }], 1],
    ['nobody answers', [], 1],
  ])('is written down where that is not so: %s', async (_, tables, writes) => {
    const servers = keyValueServers(tables.map(table => new Map(Object.entries(table) as [string, string][])));
    const markers = canaryMarkers(servers.administration);
    expect(await markers.ensureManaged('group1', 'gray', ['orders'])).toBe(tables.length > 0);
    expect(servers.writes).toBe(writes);
    if (tables.length === 0) return;
    const [marker] = (await markers.read('group1')) ?? [];
    expect(marker).toMatchObject({ tag: 'gray', phase: 'managed' });
    expect(marker?.topics).toContain('orders');
    // Also for those who come after it.
    expect(await markers.ensureManaged('group1', 'gray', ['orders'])).toBe(true);
    expect(servers.writes).toBe(writes);
    markers.close();
  });
});

function managed(...topics: string[]): Table {
  return { group1_gray: JSON.stringify({ group: 'group1', tag: 'gray', phase: 'managed', at: 5, topics }) };
}
