import { describe, expect, it } from 'vitest';
import { leftoversOf } from '../../src/cleaning/leftovers';
import type { Fleet, Group } from '../../src/inspection/fleet/fleet-shape';

const NOW = 1_000_000_000;
const DAY = 86_400_000;

const group = (changed: Partial<Group> = {}): Group => ({
  group: 'g_pr-1',
  baselineGroup: 'g',
  tag: 'pr-1',
  takenBy: 'nobody',
  consumers: 0,
  standIns: 0,
  members: [],
  copies: 0,
  isAnnounced: false,
  phase: 'retired',
  markedAt: NOW - 2 * DAY,
  isDeclared: false,
  topics: [{ topic: 'T', filter: null, isToldAtStart: false, backlog: 5, takenPerSecond: 0 }],
  backlog: 5,
  retries: 0,
  deadLetters: 0,
  state: 'there' as Group['state'],
  isFolded: true,
  takenPerSecond: 0,
  ...changed,
});
const member = { clientId: 'h@1', address: '10.0.0.1:1', language: 'JAVA', isStandIn: false };
const baselineIn = (...groups: string[]): Fleet['environments'] => [
  {
    tag: null,
    instances: [{ host: 'h', pid: 1, settings: null, version: '0.1.0', groups, standsInFor: [] }],
    standIns: 0,
    groups: 1,
    standInShare: null,
    retries: 0,
    deadLetters: 0,
    backlog: 0,
    takenPerSecond: 0,
  },
];
const fleet = (groups: readonly Group[], changed: Partial<Fleet> = {}): Fleet => ({
  at: NOW,
  namesrv: 'n:9876',
  brokers: [],
  proxies: [],
  environments: baselineIn('g'),
  groups,
  topics: [],
  problems: [],
  unanswered: [],
  notes: [],
  ...changed,
});
const ASKED = { olderThanMs: DAY, isMeant: () => true, withMessages: false };

describe('what nobody uses any more', () => {
  it.each<[string, Group, Partial<Fleet>, string | undefined]>([
    ['given up long ago, messages of the baseline behind it', group(), {}, undefined],
    [
      'somebody could not be asked',
      group(),
      { unanswered: ['broker-b: away'] },
      'not known who uses it: broker-b: away',
    ],
    ['its canary', group({ isAnnounced: true }), {}, 'a canary of pr-1 is there'],
    ['a member', group({ consumers: 1, members: [member] }), {}, 'it has members: h@1'],
    ['a stand-in that only announces itself', group({ standIns: 1 }), {}, 'it has members: by announcements'],
    ['nobody knows', group({ takenBy: 'unknown' }), {}, 'not known who is in it'],
    ['declared', group({ isDeclared: true }), {}, 'declares pr-1'],
    [
      'managed, and the baseline is there',
      group({ phase: 'managed', backlog: 0 }),
      {},
      'the baseline looks after pr-1',
    ],
    [
      'draining, and the baseline is there',
      group({ phase: 'draining', backlog: 0 }),
      {},
      'the baseline looks after pr-1',
    ],
    [
      'managed, by a baseline of another group',
      group({ phase: 'managed', backlog: 0 }),
      { environments: baselineIn('x') },
      undefined,
    ],
    [
      'managed, nobody there, messages wait',
      group({ phase: 'managed' }),
      { environments: [] },
      '5 messages wait in it',
    ],
    [
      'managed, nobody there, not known',
      group({ phase: 'managed', backlog: null }),
      { environments: [] },
      'not known what waits',
    ],
    ['managed, nobody there, nothing waits', group({ phase: 'managed', backlog: 0 }), { environments: [] }, undefined],
    ['young', group({ markedAt: NOW - 3_600_000 }), {}, 'its last sign is only 60 min ago'],
    ['by a clock that is ahead', group({ markedAt: NOW + DAY }), {}, 'its last sign is only 0 s ago'],
    ['retries', group({ retries: 1 }), {}, '1 failed message wait in it'],
    ['dead letters', group({ deadLetters: 2 }), {}, 'it has 2 dead letters'],
    ['dead letters that nobody knows', group({ deadLetters: null }), {}, 'not known what failed'],
  ])('%s', (_name, one, changed, use) => {
    const [found] = leftoversOf(fleet([one], changed), ASKED);
    if (use === undefined) expect(found?.use).toBeUndefined();
    else expect(found?.use).toContain(use);
  });

  it('is never a group without a marker, the baseline’s own, or one that was not meant', () => {
    const groups = [group({ phase: null }), group({ group: 'g', tag: null, phase: null }), group({ tag: 'gray' })];
    expect(leftoversOf(fleet(groups), { ...ASKED, isMeant: tag => tag.startsWith('pr-') })).toEqual([]);
  });

  it('has messages that are dropped with it, where that is asked for', () => {
    const [found] = leftoversOf(fleet([group({ retries: 1, deadLetters: 2 })]), { ...ASKED, withMessages: true });
    expect(found).toEqual({
      group: 'g_pr-1',
      baselineGroup: 'g',
      tag: 'pr-1',
      topics: ['T'],
      ageMs: 2 * DAY,
      use: undefined,
      retries: 1,
      deadLetters: 2,
    });
  });
});
