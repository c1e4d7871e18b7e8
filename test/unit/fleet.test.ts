import { describe, expect, it } from 'vitest';
import { statusReport } from '../../src/command-line/status-report';
import type { AnnouncedProcess } from '../../src/inspection/cluster/announced-processes';
import type { Answer } from '../../src/inspection/cluster/answer';
import { fleetOf } from '../../src/inspection/fleet/fleet';
import type { BrokerAnswers, FleetAnswers, GroupAnswers } from '../../src/inspection/fleet/fleet-answers';
import { type Fleet, type Group, isReached, type TakenBy } from '../../src/inspection/fleet/fleet-shape';
import { lanesOf } from '../../src/inspection/fleet/lanes';
import { shownIn, withoutNumbers } from '../../src/page/shown';
import { isBehind, isLeftLying, memberName, saidOf, unseenMembers } from '../../src/page/words';
import type { Marker } from '../../src/rocketmq/hand-over/hand-over';

const AWAY = { problem: 'RocketMQ at b:1 is away', isRefusal: false };
const known = <T>(value: T): Answer<T> => ({ value });
const process = (
  kind: AnnouncedProcess['kind'],
  group: string,
  pid: number,
  name: string = kind,
): AnnouncedProcess => ({
  kind,
  group,
  announcer: { name, host: 'h', pid, version: '0.1.0' },
});
const consuming = (ids: readonly string[], waits: number, taken: number, retries = 0): GroupAnswers => ({
  members: known({
    members: ids.map(clientId => ({
      clientId,
      address: 'h:1',
      language: 'OTHER',
      isStandIn: clientId.endsWith('@gray-stand-in'),
    })),
    filters: {},
    isBroadcast: false,
  }),
  stats: known({
    queues: [
      { topic: 'T', queueId: 0, end: 10 + waits, committed: 10 },
      { topic: '%RETRY%g', queueId: 0, end: retries, committed: 0 },
    ],
  }),
  settings: known({ groupName: 'g' }),
  deadLetters: known({ count: 0, newestAt: undefined }),
  oldest: known(undefined),
  taken: new Map([['T', known(taken)]]),
});
const ASSUMED = { key: 'gray_tag', baselineMode: 'auto', ignoredTags: [], isFilteredInClient: false } as const;
const broker = (name: string, changed: Partial<BrokerAnswers> = {}): BrokerAnswers => ({
  broker: { name, cluster: 'C', address: `${name}:1` },
  release: known('5.5.0'),
  announcements: known([]),
  isListed: true,
  groups: new Map(),
  put: new Map([['T', known(7)]]),
  ...changed,
});
const managed: Marker = { tag: 'gray', phase: 'managed', at: 1_000, topics: ['T'] };
const answers = (changed: Partial<FleetAnswers>): FleetAnswers => ({
  at: 61_000,
  question: { namesrv: 'n:9876', groups: [], tags: [], assumed: ASSUMED },
  nameServers: [{ address: 'n:9876', brokers: known([]) }],
  markers: known(new Map()),
  brokers: [],
  ...changed,
});

describe('groups worth asking about', () => {
  const groups = (changed: Partial<FleetAnswers>) => lanesOf(answers(changed)).map(({ group }) => group);

  it('are those with markers, announcements, or asked for', () => {
    expect(groups({ markers: known(new Map([['g', [managed]]])) })).toEqual(['g', 'g_gray']);
    const announcements = known([
      process('baseline', 'a', 1),
      process('canary', 'b', 2, 'pr-1'),
      process('stand-in', 'c_d_gray', 3),
      process('declared', 'e_blue', 4),
      process('declared', 'no-tag', 5),
      process('canary', 'f', 6, 'not a tag'),
      process('settings', '3f2a_1b0', 7),
    ]);
    expect(groups({ brokers: [broker('x', { announcements })] })).toEqual([
      'a',
      'b',
      'b_pr-1',
      'c_d',
      'c_d_gray',
      'e',
      'e_blue',
    ]);
    const question = { namesrv: 'n', groups: ['z'], tags: ['gray'], assumed: ASSUMED };
    expect(groups({ question, brokers: [broker('x', { announcements })] })).toEqual(['z', 'z_gray']);
  });

  it('are in the order in which people count', () => {
    const canaries = ['idle-10', 'idle-2', 'idle-1'].map((tag, pid) => process('canary', 'orders-10', pid, tag));
    const announcements = known([...canaries, process('canary', 'orders-9', 9, 'idle-1')]);
    const given = answers({ brokers: [broker('x', { announcements })] });
    const named = ['orders-9', 'orders-9_idle-1', 'orders-10', 'orders-10_idle-1'];
    expect(lanesOf(given).map(({ group }) => group)).toEqual([...named, 'orders-10_idle-2', 'orders-10_idle-10']);
    const tags = fleetOf(given).environments.map(({ tag }) => tag);
    expect(tags).toEqual([null, 'idle-1', 'idle-2', 'idle-10']);
  });
});

/** Without colours. */
function report(given: FleetAnswers): string {
  const colors = new Proxy({}, { get: () => (text: string) => text });
  return statusReport(fleetOf(given), { colors: colors as never });
}

describe('a fleet', () => {
  const standingIn = answers({
    markers: known(new Map([['g', [managed, { tag: 'old', phase: 'retired', at: 1 }]]])),
    brokers: ['x', 'y'].map(name =>
      broker(name, {
        announcements: known([
          process('baseline', 'g', 1),
          process('stand-in', 'g_gray', 1),
          process('settings', '3f2a1b0', 1, 'settings'),
          process('settings', '77aa001', 9, 'settings'),
        ]),
        groups: new Map([
          ['g', consuming(['h@1@0'], 2, 1.5)],
          ['g_gray', consuming(['h@1@1@gray-stand-in'], 0, 0.25, 3)],
          ['g_old', consuming([], 0, 0)],
        ]),
      }),
    ),
  });

  it('shows who also gets copies, whose group is a canary’s, and no environment called copies', () => {
    const given = answers({
      brokers: [
        broker('x', {
          announcements: known([
            process('baseline', 'g', 1),
            process('canary', 'g', 2, 'gray'),
            process('copies', 'g_gray', 2, 'gray'),
          ]),
          groups: new Map([
            ['g', consuming(['h@1@0'], 0, 1)],
            ['g_gray', consuming(['h@2@0'], 0, 1)],
          ]),
        }),
      ],
    });
    const fleet = fleetOf(given);
    expect(fleet.groups.map(({ group, tag, copies }) => [group, tag, copies])).toEqual([
      ['g', null, 0],
      ['g_gray', 'gray', 1],
    ]);
    expect(fleet.environments.map(({ tag, instances }) => [tag, instances.map(({ pid }) => pid)])).toEqual([
      [null, [1]],
      ['gray', [2]],
    ]);
    expect(fleet.problems).toEqual([]);
    expect(report(given)).toMatch(/^g_gray +gray +1 consumer \+ copies /m);
    expect(report(given)).toContain('(+ copies) it also gets a copy of each untagged message');
    expect(report(standingIn)).not.toContain('copies');
  });

  it('is the sum of what its brokers say; a tag that is given up is none of it', () => {
    const fleet = fleetOf(standingIn);
    expect(
      fleet.groups.map(({ group, takenBy, backlog, retries, takenPerSecond }) => [
        group,
        takenBy,
        backlog,
        retries,
        takenPerSecond,
      ]),
    ).toEqual([
      ['g', 'consumers', 4, 0, 3],
      ['g_gray', 'stand-ins', 6, 6, 0.5],
    ]);
    expect(fleet.topics).toEqual([{ topic: 'T', putPerSecond: 14 }]);
    expect(fleet.environments).toEqual([
      {
        tag: null,
        instances: [
          { host: 'h', pid: 1, version: '0.1.0', settings: '3f2a1b0', groups: ['g'], standsInFor: ['g_gray'] },
        ],
        standIns: 0,
        groups: 1,
        standInShare: 0,
        retries: 0,
        deadLetters: 0,
        backlog: 4,
        takenPerSecond: 3,
      },
      {
        tag: 'gray',
        instances: [],
        standIns: 1,
        groups: 1,
        standInShare: 1,
        retries: 6,
        deadLetters: 0,
        backlog: 6,
        takenPerSecond: 0.5,
      },
    ]);
    expect([fleet.problems, isReached(fleet)]).toEqual([[], true]);
  });

  it('of which a broker is away: the others count, and it is said', () => {
    const [first] = standingIn.brokers;
    const away = broker('z', { release: AWAY, announcements: AWAY });
    const fleet = fleetOf({ ...standingIn, brokers: first ? [first, away] : [] });
    expect(fleet.groups.map(({ backlog }) => backlog)).toEqual([2, 3]);
    expect(fleet.brokers.map(({ problem }) => problem)).toEqual([null, AWAY.problem]);
    expect(fleet.unanswered).toEqual([AWAY.problem]);
    expect(isReached(fleetOf({ ...standingIn, brokers: [away] }))).toBe(false);
  });

  it('of which something is not told: not known, not nothing', () => {
    const refused = { problem: 'no right', isRefusal: true };
    const all = { members: refused, stats: refused, settings: refused, deadLetters: refused, oldest: refused };
    const groups = new Map([['g', { ...all, taken: new Map([['T', refused]]) }]]);
    const fleet = fleetOf(
      answers({
        question: { namesrv: 'n', groups: ['g'], tags: [], assumed: ASSUMED },
        brokers: [broker('x', { groups })],
      }),
    );
    expect(fleet.groups).toMatchObject([{ takenBy: 'unknown', backlog: null }]);
    expect(fleet.environments).toMatchObject([{ backlog: null }]);
    expect(fleet.unanswered).toEqual(['no right']);
  });

  it('whose markers are not told: said once, unless no name server answers at all', () => {
    const unmarked = { ...standingIn, markers: AWAY };
    expect(fleetOf(unmarked).unanswered).toEqual([`which canaries there were is not known: ${AWAY.problem}`]);
    const silent = { ...unmarked, nameServers: [{ address: 'n:9876', brokers: AWAY }] };
    expect(fleetOf(silent).unanswered).toEqual([AWAY.problem]);
  });

  it('of which nobody answers is not said to be empty', () => {
    const nobody = { ...standingIn, brokers: [broker('z', { release: AWAY, announcements: AWAY })] };
    const silent = [{ address: 'n:9876', brokers: AWAY }];
    expect(report({ ...nobody, nameServers: silent, markers: AWAY })).toBe(
      `fleet at n:9876, 1970-01-01 00:01:01 UTC: z (away)\n\n1 problem\n  ?     ${AWAY.problem}`,
    );
    expect(report(answers({ brokers: [broker('x')] }))).toContain('No agent has announced itself');
  });

  it('as people read it', () => {
    expect(report(standingIn).split('\n')).toEqual([
      'fleet at n:9876, 1970-01-01 00:01:01 UTC: x 5.5.0, y 5.5.0',
      '',
      'problems: none',
      '',
      'environment  instances  stand-ins  groups  taken  by stand-ins  backlog  retries  dead',
      'baseline     1                     1       3/s                  4        0        0',
      'gray         0          1          1       0.5/s  100 %         6        6        0',
      '',
      'group   environment  taken by    topic  taken  backlog  retries  dead  filter',
      'g       baseline     1 consumer  T      3/s    4        0        0',
      'g_gray  gray         1 stand-in  T      0.5/s  0        6        0',
      '',
      'instance  environment  agent  settings  groups  stands in for',
      'h, 1      baseline     0.1.0  3f2a1b0   g       g_gray',
    ]);
  });
});

describe('status, for people', () => {
  const LONG = 'a-group-with-a-name-that-is-as-long-as-some-people-like-them-to-be';
  const FILTER = `(TAGS IS NOT NULL AND TAGS IN (${Array.from({ length: 30 }, (_, at) => `'TAG_${at}'`).join(',')}))`;
  const told = (answer: GroupAnswers, filters: Readonly<Record<string, string>>): GroupAnswers => {
    const all = Object.entries(filters).map(([topic, expression]) => [topic, { type: 'SQL92' as const, expression }]);
    const given = 'value' in answer.members ? answer.members.value : undefined;
    return given === undefined ? answer : { ...answer, members: known({ ...given, filters: Object.fromEntries(all) }) };
  };
  const fleetWith = (markers: readonly Marker[], groups: readonly (readonly [string, GroupAnswers])[]) =>
    answers({
      at: 10_000_000,
      markers: known(new Map([[LONG, markers]])),
      brokers: [broker('x', { groups: new Map(groups), announcements: known([process('baseline', LONG, 1)]) })],
    });
  const wide = (given: FleetAnswers) => {
    const colors = new Proxy({}, { get: () => (text: string) => text });
    return statusReport(fleetOf(given), { colors: colors as never, isWide: true });
  };
  const recent: Marker = { ...managed, at: 9_999_000 };

  it('fits 100 columns, whatever names and filters are like; nothing is cut when it may be wide', () => {
    const given = fleetWith(
      [recent],
      [
        [LONG, told(consuming(['h@1@0@abc'], 3, 1), { T: FILTER })],
        [`${LONG}_gray`, told(consuming(['h@1@1@abc@gray-stand-in'], 0, 1), { T: FILTER })],
      ],
    );
    for (const line of report(given).split('\n')) expect([line, line.length <= 100]).toEqual([line, true]);
    expect(report(given)).not.toContain(FILTER);
    expect(wide(given)).toContain(FILTER);
    expect(wide(given)).toContain(`${LONG}_gray  gray `);
  });

  it('marks what gRPC clients of a baseline told at their start, and not what others told', () => {
    const given = (id: string) =>
      fleetWith(
        [recent],
        [
          [LONG, told(consuming([id], 0, 1), { T: 'a = 1' })],
          [`${LONG}_gray`, told(consuming(['h@2@0@abc'], 0, 1), { T: "gray_tag = 'gray'" })],
        ],
      );
    expect(wide(given('h@1@0@abc'))).toContain('(at start) a = 1');
    expect(wide(given('10.0.0.1@1'))).not.toContain('at start');
  });

  it('does not know the backlog of a topic that brokers leave out', () => {
    const given = fleetWith(
      [{ ...recent, topics: ['T', 'LEFT_OUT'] }],
      [
        [LONG, consuming(['h@1@0@abc'], 2, 1)],
        [`${LONG}_gray`, consuming(['h@2@0@abc'], 0, 1)],
      ],
    );
    const gray = fleetOf(given).groups.find(({ tag }) => tag === 'gray');
    expect(gray?.topics.map(({ topic, backlog }) => [topic, backlog])).toEqual([
      ['LEFT_OUT', null],
      ['T', 0],
    ]);
    expect(gray?.backlog).toBe(null);
    expect(report(given)).toMatch(/LEFT_OUT +0\/s +not known/);
  });

  it('folds groups that nobody has been in for an hour: they are in no sum, and what lies there is a problem', () => {
    const old: Marker = { tag: 'old', phase: 'managed', at: 10_000_000 - 3_700_000, topics: ['T'] };
    const given = (waits: number) =>
      fleetWith(
        [recent, old],
        [
          [LONG, consuming(['h@1@0@abc'], 0, 1)],
          [`${LONG}_gray`, consuming(['h@1@1@abc@gray-stand-in'], 0, 3)],
          [`${LONG}_old`, consuming([], waits, 0)],
        ],
      );
    const fleet = fleetOf(given(0));
    expect(fleet.groups.filter(({ isFolded }) => isFolded).map(({ tag }) => tag)).toEqual(['old']);
    expect(fleet.environments.find(({ tag }) => tag === 'old')).toMatchObject({ groups: 0, backlog: 0 });
    expect([fleet.problems, report(given(0)).includes('1 group more that nobody has been in for an hour')]).toEqual([
      [],
      true,
    ]);
    expect(wide(given(0))).toContain(`${LONG}_old`);
    expect(fleetOf(given(10)).problems).toMatchObject([
      { verdict: 'fail', finding: expect.stringContaining('10 messages') },
    ]);
    expect(fleet.environments.find(({ tag }) => tag === 'gray')).toMatchObject({ standInShare: 1 });
  });
});

describe('proxies in CLUSTER mode, whose clients brokers do not know', () => {
  const announcements = known([process('baseline', 'g', 1), process('canary', 'g', 2, 'gray')]);
  const nobody = consuming([], 0, 0);
  const members = (...ids: string[]) =>
    new Map([
      ['g', nobody.members],
      ['g_gray', consuming(ids, 0, 0).members],
    ]);
  const gray = (announced: typeof announcements, proxies: FleetAnswers['proxies']) => {
    const brokers = [
      broker('a', {
        announcements: announced,
        groups: new Map([
          ['g', nobody],
          ['g_gray', nobody],
        ]),
      }),
    ];
    const fleet = fleetOf(
      answers({ markers: known(new Map([['g', [managed]]])), brokers, ...(proxies && { proxies }) }),
    );
    const { takenBy, consumers, standIns } = fleet.groups.find(({ group }) => group === 'g_gray') as Group;
    return { takenBy, consumers, standIns, isSaid: fleet.unanswered.some(text => text.includes('no proxy says it')) };
  };

  it.each<[string, typeof announcements, FleetAnswers['proxies'], TakenBy, number, boolean]>([
    ['there are none: brokers know all', announcements, undefined, 'nobody', 0, false],
    [
      'a proxy knows who is connected',
      known([]),
      { areApart: known(true), asked: [{ address: 'p:8080', members: members('c1', 'c2') }] },
      'consumers',
      2,
      false,
    ],
    [
      'it does not answer, and the canary announces itself',
      announcements,
      { areApart: known(true), asked: [{ address: 'p:8080', members: new Map([['g_gray', AWAY]]) }] },
      'consumers',
      1,
      true,
    ],
    [
      'it does not answer, and nobody announces himself',
      known([]),
      { areApart: known(true), asked: [{ address: 'p:8080', members: new Map([['g_gray', AWAY]]) }] },
      'unknown',
      0,
      true,
    ],
    [
      'one of two answers, since they tell each other',
      known([]),
      {
        areApart: known(true),
        asked: [
          { address: 'p:8080', members: new Map([['g_gray', AWAY]]) },
          { address: 'q:8080', members: members() },
        ],
      },
      'nobody',
      0,
      false,
    ],
    ['whether there are any is not known', known([]), { areApart: AWAY, asked: [] }, 'unknown', 0, true],
  ])('%s', (_, announced, proxies, takenBy, consumers, isSaid) => {
    expect(gray(announced, proxies)).toEqual({ takenBy, consumers, standIns: 0, isSaid });
  });

  it('the page says of whom it is known only by announcement', () => {
    const group = { takenBy: 'both', consumers: 1, standIns: 2 } as Group;
    expect(unseenMembers(group)).toBe('1 announced, 2 standing in');
    expect(unseenMembers({ ...group, takenBy: 'unknown' })).toBe('who is there is not known');
    expect(unseenMembers({ ...group, takenBy: 'nobody' })).toBe('nobody');
  });
});

describe('words of the page', () => {
  const group = (changed: Partial<Group>): Group => ({
    group: 'g_gray',
    baselineGroup: 'g',
    tag: 'gray',
    takenBy: 'nobody',
    consumers: 0,
    standIns: 0,
    members: [],
    copies: 0,
    isAnnounced: false,
    phase: null,
    markedAt: null,
    isDeclared: false,
    topics: [],
    backlog: 0,
    retries: 0,
    deadLetters: 0,
    state: 'exists',
    isFolded: false,
    takenPerSecond: 0,
    ...changed,
  });

  it.each<[Partial<Group>, string, boolean]>([
    [{}, 'never there: the baseline takes them', false],
    [{ phase: 'managed' }, 'nobody takes its messages', true],
    [{ isDeclared: true }, 'nobody takes its messages', true],
    [{ phase: 'managed', takenBy: 'stand-ins' }, 'the baseline stands in', false],
    [{ phase: 'managed', takenBy: 'both' }, 'handing over', false],
    [{ phase: 'managed', takenBy: 'consumers' }, 'takes its own messages', false],
    [{ phase: 'managed', takenBy: 'unknown' }, 'not known', false],
    [{ tag: null, takenBy: 'consumers' }, 'what no canary takes', false],
    [{ tag: null }, 'nobody is online', false],
  ])('%j: %s', (changed, text, lies) => {
    expect(saidOf(group(changed).tag, [group(changed)]).text).toBe(text);
    expect(isLeftLying(group(changed))).toBe(lies);
  });

  it.each<[(string | null)[], Partial<Group>[], string, string]>([
    [
      ['gray'],
      [{ takenBy: 'consumers' }, { phase: 'managed' }],
      '1 of 2 groups are taken by the canary, nobody takes 1 of 2',
      'alarm',
    ],
    [
      ['gray'],
      [{ takenBy: 'consumers' }, { takenBy: 'stand-ins' }, { takenBy: 'stand-ins' }, {}],
      '1 of 4 groups are taken by the canary, in 2 of 4 the baseline stands in',
      'standing-in',
    ],
    [[null], [{ takenBy: 'consumers' }, {}, {}], '1 of 3 groups are taken', ''],
    [['gray'], [], 'not known', ''],
  ])('a lane of %j tells of its own groups: %j', ([tag = null], groups, text, className) => {
    expect(
      saidOf(
        tag,
        groups.map(changed => group({ ...changed, tag })),
      ),
    ).toEqual({ text, className });
  });

  it('what somebody looks for is shown, and what nobody has been in for an hour only when asked for', () => {
    const flow = { topic: 'orders', filter: null, isToldAtStart: false, backlog: 3, takenPerSecond: 1 };
    const groups = [
      group({ group: 'a', tag: null, topics: [flow] }),
      group({ group: 'a_gray', members: [{ clientId: 'vm@7@0', address: '', language: '', isStandIn: false }] }),
      group({ group: 'b_old', tag: 'old', isFolded: true }),
    ];
    const environments = [{ tag: null }, { tag: 'gray' }, { tag: 'old' }];
    const all = { groups, environments, topics: [{ topic: 'orders', putPerSecond: 2 }] } as unknown as Fleet;
    const shown = (query: string, hasFolded = false) => shownIn(all, { query, hasFolded }).groups.map(one => one.group);
    expect(shown('')).toEqual(['a', 'a_gray']);
    expect(shown('', true)).toEqual(['a', 'a_gray', 'b_old']);
    expect([shown('ORDERS'), shown('vm@7'), shown('gray a_'), shown('nothing')]).toEqual([
      ['a'],
      ['a_gray'],
      ['a_gray'],
      [],
    ]);
    expect(shownIn(all, { query: '', hasFolded: false }).environments.map(({ tag }) => tag)).toEqual([null, 'gray']);
    const past = withoutNumbers(all);
    expect(past.topics).toEqual([{ topic: 'orders', putPerSecond: null }]);
    expect(past.groups[0]).toMatchObject({ backlog: null, deadLetters: null, topics: [{ backlog: null }] });
  });

  it('a backlog is worth a colour when it is more than what is on its way', () => {
    expect(isBehind(group({ takenBy: 'consumers', backlog: 20 }))).toBe(false);
    expect(isBehind(group({ takenBy: 'consumers', backlog: 21 }))).toBe(true);
    expect(isBehind(group({ takenBy: 'consumers', backlog: 300, takenPerSecond: 40 }))).toBe(false);
    expect(isBehind(group({ phase: 'managed', backlog: 1 }))).toBe(true);
  });

  it.each([
    ['vm@22758@0@mwxcanvt', 'vm, 22758'],
    ['10.0.0.9@123#abc@gray-stand-in', '10.0.0.9, 123'],
    ['whatever', 'whatever'],
  ])('%s is %s', (clientId, name) => {
    expect(memberName(clientId)).toBe(name);
  });
});
