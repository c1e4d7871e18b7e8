import { describe, expect, it } from 'vitest';
import { ago } from '../../src/inspection/cluster/amounts';
import type { AnnouncedProcess } from '../../src/inspection/cluster/announced-processes';
import type { Answer } from '../../src/inspection/cluster/answer';
import type { GroupMembers } from '../../src/inspection/cluster/group-members';
import { settingDifferences } from '../../src/inspection/doctor/canary-group-checks';
import { doctorChecks, doctorExitCode } from '../../src/inspection/doctor/doctor-checks';
import type { BrokerPicture, DoctorPicture, GroupOnBroker } from '../../src/inspection/doctor/doctor-picture';

const AWAY = { problem: 'connection lost', isRefusal: false };
const REFUSED = { problem: 'error 1, signature', isRefusal: true };
const GRAY = "gray_tag = 'gray'";
const at = 1_000_000;

const known = <T>(value: T): Answer<T> => ({ value });
const members = (filter: string | undefined, ...ids: string[]): Answer<GroupMembers> =>
  known({
    members: ids.map(clientId => ({
      clientId,
      address: '10.0.0.9:1',
      language: 'OTHER',
      isStandIn: clientId.endsWith('@gray-stand-in'),
    })),
    filters: filter === undefined ? {} : { T: { type: 'SQL92', expression: filter } },
    isBroadcast: false,
  });
const announced = (kind: AnnouncedProcess['kind'], pid: number, version: string | undefined = '0.1.0') => ({
  kind,
  group: kind === 'canary' || kind === 'baseline' ? 'g' : 'g_gray',
  announcer: { name: kind === 'canary' ? 'gray' : kind, host: 'h', pid, version },
});

const group = (groupName: string): GroupOnBroker => ({
  settings: known({ groupName, consumeEnable: true, retryMaxTimes: 16 }),
  members: members(undefined),
  committed: known([5, 5]),
  deadLetters: known({ count: 0, newestAt: undefined }),
  oldest: known(undefined),
});
const REFUSED_GROUP: GroupOnBroker = {
  settings: REFUSED,
  members: REFUSED,
  committed: REFUSED,
  deadLetters: REFUSED,
  oldest: REFUSED,
};

function broker(changed: Partial<BrokerPicture> = {}, name = 'a'): BrokerPicture {
  return {
    broker: { name, cluster: 'C', address: `${name}:10911` },
    release: known('5.5.0'),
    filterProblems: { canary: known(undefined), baseline: known(undefined) },
    ends: known([5, 5]),
    baseline: { ...group('g'), members: members('*', 'h@1@0') },
    canary: { ...group('g_gray'), members: members(GRAY, 'h@2@0') },
    groupCount: known(12),
    refusalOfGroups: known(undefined),
    announcements: known([announced('baseline', 1), announced('canary', 2)]),
    ...changed,
  };
}

/** A cluster in which all is well, with a canary online, but for what is changed. */
function picture(changed: Partial<DoctorPicture> = {}, brokers: readonly BrokerPicture[] = [broker()]): DoctorPicture {
  return {
    at,
    question: {
      namesrv: 'n:9876',
      topic: 'T',
      group: 'g',
      tag: 'gray',
      key: 'gray_tag',
      interop: [],
      filter: { type: 'TAG', expression: '*' },
      filterSide: 'auto',
      baselineMode: 'auto',
      ignoredTags: [],
      isSigned: false,
    },
    canaryGroup: 'g_gray',
    filters: { canary: { type: 'SQL92', expression: GRAY }, baseline: { type: 'SQL92', expression: 'b' } },
    nameServers: [{ address: 'n:9876', brokers: known(brokers.map(one => one.broker)) }],
    topic: known(
      brokers.map(one => ({ broker: one.broker.name, cluster: 'C', readQueues: 2, writeQueues: 2, perm: 6 })),
    ),
    brokers,
    markers: known([{ tag: 'gray', phase: 'managed', at: at - 12_000, topics: ['T'] }]),
    proxy: undefined,
    ...changed,
  };
}

const on = (changed: Partial<BrokerPicture>) => picture({}, [broker(changed)]);
const canary = (changed: Partial<GroupOnBroker>) => on({ canary: { ...broker().canary, ...changed } });
const asking = (changed: Partial<DoctorPicture['question']>, brokers?: readonly BrokerPicture[]) =>
  picture({ question: { ...picture().question, ...changed } }, brokers);

it('all is well', () => {
  const all = picture();
  const checks = doctorChecks(all);
  expect(checks.map(({ verdict }) => verdict)).toEqual(checks.map(() => 'ok'));
  expect(checks.map(({ check }) => check)).toEqual([
    'name server',
    'broker',
    'topic',
    'filter',
    'filter',
    'group',
    'canary group',
    'create groups',
    'online',
    'online',
    'who takes it',
    'dead letters',
    'offsets',
    'agents',
    'quotas',
    'quotas',
    'marker',
  ]);
  expect(checks.filter(({ remedies }) => remedies !== undefined)).toEqual([]);
  expect(doctorExitCode(all, checks)).toBe(0);
});

type Case = [what: string, picture: DoctorPicture, check: string, verdict: string, finding: string, remedy?: string];

describe('what is not', () => {
  it.each<Case>([
    [
      'a name server is away',
      picture({
        nameServers: [
          { address: 'm:9876', brokers: AWAY },
          { address: 'n:9876', brokers: known([broker().broker]) },
        ],
      }),
      'name server',
      'fail',
      'connection lost',
      'GRAY_MQ_NAMESRV',
    ],
    [
      'a name server misses a broker',
      picture({
        nameServers: [
          { address: 'm:9876', brokers: known([{ ...broker().broker, name: 'b' }]) },
          { address: 'n:9876', brokers: known([broker().broker, { ...broker().broker, name: 'b' }]) },
        ],
      }),
      'name server',
      'warn',
      'does not list a',
      'namesrvAddr=n:9876',
    ],
    ['a broker is away', on({ release: AWAY }), 'broker', 'fail', 'connection lost', 'brokerIP1'],
    ['a broker is too old', on({ release: known('4.4.0') }), 'broker', 'fail', 'RocketMQ 4.4.0', '4.5'],
    [
      'the account is refused',
      asking({ isSigned: true }, [
        broker({
          baseline: REFUSED_GROUP,
          canary: REFUSED_GROUP,
          filterProblems: { canary: REFUSED, baseline: REFUSED },
          announcements: REFUSED,
          ends: REFUSED,
        }),
      ]),
      'account',
      'fail',
      'is refused: error 1, signature',
      'ROCKETMQ_ACCESS_KEY',
    ],
    [
      'SQL92 is off',
      on({
        filterProblems: {
          canary: known({ kind: 'disabled', words: 'no' }),
          baseline: known({ kind: 'disabled', words: 'no' }),
        },
      }),
      'filter',
      'warn',
      'switched off: messages are told apart in the clients',
      'mqadmin updateBrokerConfig -b a:10911 -k enablePropertyFilter -v true',
    ],
    [
      'a filter does not parse',
      on({
        filterProblems: { canary: known({ kind: 'malformed', words: 'at 1' }), baseline: known(undefined) },
      }),
      'filter',
      'fail',
      `does not take the filter of the canary, ${GRAY}: at 1`,
      '--sql',
    ],
    [
      'the topic is missing',
      picture({ topic: known(undefined) }),
      'topic',
      'fail',
      'does not exist',
      "mqadmin updateTopic -n 'n:9876' -c C -t T",
    ],
    [
      'the topic is closed',
      picture({ topic: known([{ broker: 'a', cluster: 'C', readQueues: 2, writeQueues: 2, perm: 2 }]) }),
      'topic',
      'fail',
      'a (perm 2)',
      "mqadmin updateTopicPerm -n 'n:9876' -b a:10911 -t T -p 6",
    ],
    [
      'the group is missing',
      on({ baseline: { ...broker().baseline, settings: known(undefined) } }),
      'group',
      'fail',
      'does not exist',
      'mqadmin updateSubGroup -n n:9876 -c C -g g',
    ],
    [
      'the group must not consume',
      on({ baseline: { ...broker().baseline, settings: known({ groupName: 'g', consumeEnable: false }) } }),
      'group',
      'fail',
      'consumeEnable=false',
      '-s true',
    ],
    [
      "the canary's group has other settings",
      canary({ settings: known({ groupName: 'g_gray', consumeEnable: true, retryMaxTimes: 3 }) }),
      'canary group',
      'warn',
      'retryMaxTimes 3, not 16',
      '-r 16',
    ],
    [
      "the canary's group is missing, and the account may create none",
      on({
        canary: { ...group('g_gray'), settings: known(undefined) },
        refusalOfGroups: known('Need admin permission'),
      }),
      'canary group',
      'fail',
      'may not create it',
      'mqadmin updateSubGroup -n n:9876 -c C -g g_gray',
    ],
    [
      'the account may create no groups, and this one exists',
      on({ refusalOfGroups: known('Need admin permission') }),
      'create groups',
      'warn',
      'g_gray exists',
    ],
    [
      'a name is long',
      { ...asking({ group: 'g'.repeat(60), tag: 'gray' }), canaryGroup: `${'g'.repeat(60)}_gray` },
      'quotas',
      'warn',
      'has 65 characters',
      'a shorter tag',
    ],
    [
      'the broker has many groups',
      on({ groupCount: known(950) }),
      'quotas',
      'warn',
      '950 groups',
      'rocketmq-gray clean',
    ],
    ['nobody is online', on({ baseline: group('g') }), 'online', 'warn', 'nobody'],
    [
      'nobody subscribes to the topic',
      on({ baseline: { ...group('g'), members: members(undefined, '10.0.0.9@1') } }),
      'online',
      'warn',
      '1 consumer, and nobody subscribes to T',
    ],
    [
      "somebody is in the canary's group without the agent",
      canary({ members: members('*', 'x@9@0') }),
      'online',
      'fail',
      "without the canary's condition",
      'GRAY_TAG=gray',
    ],
    [
      'canary and stand-in at once',
      canary({ members: members(GRAY, 'c1', 'b1@gray-stand-in') }),
      'who takes it',
      'warn',
      'handing over',
      'look again',
    ],
    [
      'nobody is there for a tag that is managed',
      canary({ members: members(undefined), committed: known([5, 3]) }),
      'who takes it',
      'fail',
      'nobody: they wait in g_gray, and 2 messages of all environments lie before it',
      'GRAY_MQ_BASELINE=auto',
    ],
    [
      'the same, with nothing waiting',
      canary({ members: members(undefined) }),
      'who takes it',
      'warn',
      'nobody: they wait in g_gray',
    ],
    [
      'the baseline takes everything, beside the canary',
      asking({ baselineMode: 'all' }),
      'who takes it',
      'warn',
      'and consumers in g as well: GRAY_MQ_BASELINE=all',
      'GRAY_MQ_BASELINE=auto',
    ],
    [
      'nobody is there for a tag that is ignored',
      asking({ ignoredTags: ['gray'] }, [broker({ canary: { ...group('g_gray'), committed: known([5, 3]) } })]),
      'who takes it',
      'fail',
      'nobody: they wait in g_gray',
      'GRAY_MQ_IGNORE_TAGS',
    ],
    [
      'queues without an offset',
      canary({ committed: known([5, undefined]) }),
      'offsets',
      'warn',
      'none on 1 of 2 queues',
    ],
    ['ends are not told', on({ ends: REFUSED }), 'offsets', 'unknown', 'error 1, signature'],
    [
      'consumers without an announcement',
      on({ announcements: known([]), canary: { ...group('g_gray'), members: members("a = 'gray'", 'c1') } }),
      'agents',
      'fail',
      '1 consumer of g does not announce itself (no agent, or another mode than auto), and takes messages of canaries as well: h@1@0',
      'GRAY_MQ_NAMESRV',
    ],
    [
      'a canary with this agent that has just crashed',
      on({
        announcements: known([announced('baseline', 1)]),
        canary: { ...group('g_gray'), members: members(GRAY, 'c1@gray-canary') },
      }),
      'agents',
      'warn',
      '1 consumer of this agent that does not announce that gray is there',
    ],
    [
      'agents of several versions',
      on({ announcements: known([announced('baseline', 1), announced('canary', 2, '0.2.0')]) }),
      'agents',
      'warn',
      '0.1.0, 0.2.0',
    ],
    [
      'an agent that reaches one broker only',
      picture({}, [broker(), broker({ announcements: known([announced('baseline', 1)]) }, 'b')]),
      'agents',
      'warn',
      'h process 2 on a only',
    ],
    ['markers are not known', picture({ markers: AWAY }), 'marker', 'unknown', 'connection lost'],
  ])('%s', (_, all, check, verdict, finding, remedy) => {
    const checks = doctorChecks(all);
    const found = checks.filter(one => one.check === check && one.verdict === verdict);
    expect(found.map(one => one.finding).join('\n')).toContain(finding);
    if (remedy !== undefined) expect(found.flatMap(one => one.remedies).join('\n')).toContain(remedy);
    expect(doctorExitCode(all, checks)).toBe(checks.some(one => one.verdict === 'fail') ? 1 : 0);
  });
});

describe('what is well although it differs', () => {
  it.each<Case>([
    [
      'a canary without this agent',
      on({
        announcements: known([announced('baseline', 1)]),
        canary: { ...group('g_gray'), members: members("(gray_tag in ('gray'))", 'java') },
      }),
      'agents',
      'ok',
      'in g_gray 1 consumer without this agent, known as a canary of gray by the filter',
    ],
    [
      'a group that the first canary creates',
      canary({ settings: known(undefined), members: members(undefined) }),
      'canary group',
      'ok',
      'the first canary of gray creates it',
    ],
    [
      'stand-ins',
      on({
        canary: { ...group('g_gray'), members: members(GRAY, 'b1@gray-stand-in') },
        announcements: known([announced('baseline', 1), announced('stand-in', 1)]),
      }),
      'who takes it',
      'ok',
      'the baseline: 1 stand-in in g_gray',
    ],
    [
      'a tag that was never there',
      picture({ markers: known([]) }, [broker({ canary: group('g_gray') })]),
      'who takes it',
      'ok',
      'gray has never been there',
    ],
    [
      'a tag that was there, and a baseline that takes everything',
      asking({ baselineMode: 'all' }, [broker({ canary: { ...group('g_gray'), committed: known([5, 3]) } })]),
      'who takes it',
      'ok',
      'the baseline, in g: GRAY_MQ_BASELINE=all',
    ],
    [
      'a client that filters by itself',
      asking({ filterSide: 'client' }, [broker({ canary: { ...group('g_gray'), members: members('*', 'c1') } })]),
      'online',
      'ok',
      '1 consumer, subscribed with *',
    ],
  ])('%s', (_, all, check, verdict, finding) => {
    const checks = doctorChecks(all);
    expect(checks.find(one => one.check === check && one.finding.includes(finding))?.verdict).toBe(verdict);
    expect(doctorExitCode(all, checks)).toBe(0);
  });
});

it('what is the same of several brokers is said once', () => {
  const checks = doctorChecks(picture({}, [broker(), broker({}, 'b')]));
  expect(checks.filter(({ check }) => check === 'group').map(({ subject }) => subject)).toEqual(['g on a, b']);
  expect(checks.find(({ check }) => check === 'offsets')?.details).toEqual(['a: 5/5 5/5', 'b: 5/5 5/5']);
});

it('a command for one broker names it, one for all of them names their cluster', () => {
  const missing = broker({ canary: { ...group('g_gray'), settings: known(undefined) }, refusalOfGroups: known('no') });
  const commandOf = (brokers: readonly BrokerPicture[]) =>
    doctorChecks(picture({}, brokers)).find(({ check, verdict }) => check === 'canary group' && verdict === 'fail')
      ?.remedies?.[0];
  expect(commandOf([missing, broker({}, 'b')])).toContain('-b a:10911 -g g_gray');
  expect(commandOf([missing])).toContain('-c C -g g_gray');
});

describe('nobody could be asked', () => {
  it('no name server', () => {
    const all = picture({ nameServers: [{ address: 'n:9876', brokers: AWAY }], topic: AWAY, markers: AWAY }, []);
    expect(doctorExitCode(all, doctorChecks(all))).toBe(2);
  });

  it('no proxy', () => {
    const proxy = { address: 'p:8080', release: AWAY, baseline: AWAY, canary: AWAY };
    const all = picture({ nameServers: [], topic: AWAY, markers: undefined, proxy }, []);
    const checks = doctorChecks(all);
    expect(checks).toMatchObject([{ check: 'proxy', verdict: 'fail' }]);
    expect(doctorExitCode(all, checks)).toBe(2);
  });
});

it('settings differ by value, not by the order or the emptiness of what they hold', () => {
  const baseline = { groupName: 'g', retryMaxTimes: 16, attributes: {}, groupRetryPolicy: { type: 'A', b: 1 } };
  expect(
    settingDifferences(baseline, { groupName: 'x', retryMaxTimes: 16, groupRetryPolicy: { b: 1, type: 'A' } }),
  ).toEqual([]);
  expect(settingDifferences(baseline, { groupName: 'x', retryMaxTimes: 3 })).toEqual([
    'groupRetryPolicy none, not {b: 1, type: A}',
    'retryMaxTimes 3, not 16',
  ]);
});

it.each([
  [-5, '0 s'],
  [12_000, '12 s'],
  [300_000, '5 min'],
  [3 * 3_600_000, '3 h'],
  [5 * 86_400_000, '5 d'],
])('%s ms are %s', (ms, words) => {
  expect(ago(ms)).toBe(words);
});

describe('proxies in CLUSTER mode, whose clients brokers do not know', () => {
  const AT = { address: 'p:8080' };
  const nobody = (changed: Partial<BrokerPicture> = {}) =>
    broker({
      baseline: { ...group('g'), members: members(undefined) },
      canary: { ...group('g_gray'), members: members(undefined) },
      ...changed,
    });
  const answers = (...ids: string[]) =>
    new Map([
      ['g', members('*', 'b1')],
      ['g_gray', members(GRAY, ...ids)],
    ]);
  const silent = new Map<string, Answer<GroupMembers>>([
    ['g', AWAY],
    ['g_gray', AWAY],
  ]);
  const said = (all: DoctorPicture, check: string) =>
    doctorChecks(all)
      .filter(one => one.check === check)
      .map(({ verdict, finding }) => `${verdict} ${finding}`);

  it('a proxy says who is connected', () => {
    const all = picture({ proxies: { areApart: known(true), asked: [{ ...AT, members: answers('c1') }] } }, [nobody()]);
    expect(said(all, 'proxy')).toEqual(['ok tells who is connected; brokers do not know it']);
    expect(said(all, 'who takes it')).toEqual(['ok the canary: 1 consumer in g_gray']);
    expect(said(all, 'online')).toEqual(['ok 1 consumer, subscribed with *', `ok 1 consumer, subscribed with ${GRAY}`]);
  });

  it('where none answers, announcements say who takes it, and who is online is not known', () => {
    const all = picture({ proxies: { areApart: known(true), asked: [{ ...AT, members: silent }] } }, [nobody()]);
    expect(said(all, 'who takes it')).toEqual(['ok the canary: 1 process in g_gray']);
    for (const line of [...said(all, 'proxy'), ...said(all, 'online')])
      expect(line).toMatch(/^unknown .*connection lost/);
    expect(
      doctorChecks(all)
        .flatMap(({ remedies = [] }) => remedies)
        .join(),
    ).toContain('GRAY_MQ_PROXY_REMOTING');
  });

  it('where nobody announces himself either, who takes it is not known', () => {
    const unseen = nobody({ announcements: known([]) });
    const all = picture({ proxies: { areApart: REFUSED, asked: [] } }, [unseen]);
    expect(said(all, 'who takes it').join()).toMatch(/^unknown brokers do not know .* signature$/);
  });
});

describe('a canary that gets copies', () => {
  const withCopies = (changed: Partial<DoctorPicture> = {}) => {
    const announcements = known([announced('baseline', 1), announced('canary', 2), announced('copies', 2)]);
    return doctorChecks(picture(changed, [broker({ announcements })]));
  };

  it('is a warning, and nothing else is wrong', () => {
    const bad = withCopies().filter(({ verdict }) => verdict !== 'ok');
    expect(bad).toEqual([
      {
        check: 'copies',
        subject: 'g_gray',
        verdict: 'warn',
        finding:
          '1 process of gray also gets a copy of each untagged message, in g_gray__copies (GRAY_MQ_ALSO): such messages are handled by the baseline and by gray',
        details: ['h, process 2'],
      },
    ]);
  });

  it('has one group more, whose name may be too long', () => {
    const question = { ...picture().question, group: 'g'.repeat(52) };
    const quotas = (checks: ReturnType<typeof doctorChecks>) =>
      checks.filter(({ check, verdict }) => check === 'quotas' && verdict === 'warn').map(({ finding }) => finding);
    expect(quotas(withCopies({ question }))).toEqual([expect.stringMatching(/__copies has 65 characters/)]);
    expect(quotas(doctorChecks(picture({ question })))).toEqual([]);
  });
});
