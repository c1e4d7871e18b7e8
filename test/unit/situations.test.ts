/** What goes wrong in a fleet, told once: `doctor`, `status` and `message` say it alike, and a healthy fleet is well in all. */
import { describe, expect, it } from 'vitest';
import type { AnnouncedProcess } from '../../src/inspection/cluster/announced-processes';
import type { Answer } from '../../src/inspection/cluster/answer';
import type { GroupMembers } from '../../src/inspection/cluster/group-members';
import { doctorChecks, doctorExitCode } from '../../src/inspection/doctor/doctor-checks';
import type { DoctorPicture, GroupOnBroker } from '../../src/inspection/doctor/doctor-picture';
import { fleetOf } from '../../src/inspection/fleet/fleet';
import type { FleetAnswers, GroupAnswers } from '../../src/inspection/fleet/fleet-answers';
import { isReached } from '../../src/inspection/fleet/fleet-shape';
import type { LanePicture, MessagePicture } from '../../src/inspection/message/message-picture';
import { verdictOn } from '../../src/inspection/message/message-verdict';
import type { Marker } from '../../src/rocketmq/hand-over/hand-over';
import type { FilterExpression } from '../../src/rocketmq/plan/filter-expression';

const NOW = 1_000_000_000;
const GRAY = "gray_tag = 'gray'";
const LEAVES_GRAY = "(gray_tag IS NULL OR gray_tag NOT IN ('gray') OR ORIGIN_GROUP IS NOT NULL)";
const UNTAGGED = '(gray_tag IS NULL OR ORIGIN_GROUP IS NOT NULL)';
const AWAY = { problem: 'RocketMQ at b:1 is away: ECONNREFUSED', isRefusal: false };
const known = <T>(value: T): Answer<T> => ({ value });
const BROKER = { name: 'broker-a', cluster: 'C', address: 'b:1' };

interface GroupIn {
  readonly ids: readonly string[];
  /** By topic; a text is an SQL92 expression but for `*`. */
  readonly filters: Readonly<Record<string, string>>;
  readonly exists: boolean;
  /** Of one queue that has 10 messages. */
  readonly committed: number | undefined;
  readonly dead: number;
  /** Ms since the oldest message was stored that waits for it. */
  readonly oldestMs?: number;
}

interface World {
  readonly baseline: GroupIn;
  readonly canary: GroupIn;
  readonly announced: readonly AnnouncedProcess[];
  readonly marker: Marker | undefined;
  readonly mode: 'auto' | 'all' | 'none';
  readonly ignored: readonly string[];
  readonly isAway: boolean;
}

const announced = (kind: AnnouncedProcess['kind'], pid: number): AnnouncedProcess => ({
  kind,
  group: kind === 'canary' || kind === 'baseline' ? 'g' : 'g_gray',
  announcer: { name: kind === 'canary' ? 'gray' : 'g', host: 'vm', pid, version: '0.1.0' },
  address: '10.0.0.1:40000',
});
const group = (ids: readonly string[], filter: string, more: Partial<GroupIn> = {}): GroupIn => ({
  ids,
  filters: ids.length === 0 ? {} : { T: filter },
  exists: true,
  committed: 10,
  dead: 0,
  ...more,
});
const NOBODY = group([], '*');
const MANAGED: Marker = { tag: 'gray', phase: 'managed', at: NOW - 5_000, topics: ['T'] };

/** Two baselines and a canary, all of them with the agent in auto mode. */
const HEALTHY: World = {
  baseline: group(['vm@1@0@abc', '10.0.0.1@2'], '*'),
  canary: group(['vm@3@0@abc'], GRAY),
  announced: [announced('baseline', 1), announced('baseline', 2), announced('canary', 3)],
  marker: MANAGED,
  mode: 'auto',
  ignored: [],
  isAway: false,
};

const membersOf = ({ ids, filters }: GroupIn): Answer<GroupMembers> => {
  const expressions = Object.entries(filters).map(([topic, expression]): [string, FilterExpression] => [
    topic,
    { type: expression === '*' ? 'TAG' : 'SQL92', expression },
  ]);
  const members = ids.map(clientId => ({
    clientId,
    address: '10.0.0.1:50000',
    language: 'OTHER',
    isStandIn: clientId.endsWith('@gray-stand-in'),
  }));
  return known({ members, filters: Object.fromEntries(expressions), isBroadcast: false });
};
const deadOf = ({ dead }: GroupIn) => known({ count: dead, newestAt: dead === 0 ? undefined : NOW - 180_000 });
const settingsOf = ({ exists }: GroupIn, groupName: string) =>
  known(exists ? { groupName, consumeEnable: true } : undefined);
const oldestOf = ({ oldestMs }: GroupIn) =>
  known(oldestMs === undefined ? undefined : { topic: 'T', storedAt: NOW - oldestMs });

function doctorOf({ baseline, canary, announced: all, marker, mode, ignored, isAway }: World): DoctorPicture {
  const onBroker = (of: GroupIn, name: string): GroupOnBroker => ({
    settings: settingsOf(of, name),
    members: membersOf(of),
    committed: known([of.committed]),
    deadLetters: deadOf(of),
    oldest: oldestOf(of),
  });
  const nothing: GroupOnBroker = { settings: AWAY, members: AWAY, committed: AWAY, deadLetters: AWAY, oldest: AWAY };
  return {
    at: NOW,
    question: {
      namesrv: 'n:9876',
      topic: 'T',
      group: 'g',
      tag: 'gray',
      key: 'gray_tag',
      interop: [],
      filter: { type: 'TAG', expression: '*' },
      filterSide: 'auto',
      baselineMode: mode,
      ignoredTags: ignored,
      isSigned: false,
    },
    canaryGroup: 'g_gray',
    filters: { canary: { type: 'SQL92', expression: GRAY }, baseline: { type: 'SQL92', expression: LEAVES_GRAY } },
    nameServers: [{ address: 'n:9876', brokers: isAway ? AWAY : known([BROKER]) }],
    topic: isAway ? AWAY : known([{ broker: 'broker-a', cluster: 'C', readQueues: 1, writeQueues: 1, perm: 6 }]),
    brokers: [
      {
        broker: BROKER,
        release: isAway ? AWAY : known('5.5.0'),
        filterProblems: isAway
          ? { canary: AWAY, baseline: AWAY }
          : { canary: known(undefined), baseline: known(undefined) },
        ends: isAway ? AWAY : known([10]),
        baseline: isAway ? nothing : onBroker(baseline, 'g'),
        canary: isAway ? nothing : onBroker(canary, 'g_gray'),
        groupCount: isAway ? AWAY : known(12),
        refusalOfGroups: isAway ? AWAY : known(undefined),
        announcements: isAway ? AWAY : known(all),
      },
    ],
    markers: isAway ? AWAY : known(marker === undefined ? [] : [marker]),
    proxy: undefined,
  };
}

function fleetIn({ baseline, canary, announced: all, marker, mode, ignored, isAway }: World): FleetAnswers {
  const answers = (of: GroupIn, name: string): GroupAnswers => ({
    members: membersOf(of),
    stats: known({ queues: of.exists ? [{ topic: 'T', queueId: 0, end: 10, committed: of.committed ?? 0 }] : [] }),
    settings: settingsOf(of, name),
    deadLetters: deadOf(of),
    oldest: oldestOf(of),
    taken: new Map([['T', known(1)]]),
  });
  return {
    at: NOW,
    question: {
      namesrv: 'n:9876',
      groups: ['g'],
      tags: ['gray'],
      assumed: { key: 'gray_tag', baselineMode: mode, ignoredTags: ignored, isFilteredInClient: false },
    },
    nameServers: [{ address: 'n:9876', brokers: isAway ? AWAY : known([BROKER]) }],
    markers: isAway ? AWAY : known(new Map(marker === undefined ? [] : [['g', [marker]]])),
    brokers: [
      {
        broker: BROKER,
        release: isAway ? AWAY : known('5.5.0'),
        announcements: isAway ? AWAY : known(all),
        isListed: true,
        groups: new Map([
          ['g', answers(baseline, 'g')],
          ['g_gray', answers(canary, 'g_gray')],
        ]),
        put: new Map(),
      },
    ],
  };
}

/** The last of the ten messages in the queue, which carries the tag. */
function messageIn({ baseline, canary, announced: all, marker }: World): MessagePicture {
  const found = {
    broker: BROKER,
    message: {
      ...{ topic: 'T', queueId: 0, queueOffset: 9, offsetId: '7F', reconsumeTimes: 0, bodySize: 1 },
      ...{ bornAt: NOW - 60_000, storedAt: NOW - 60_000, bornHost: '10.0.0.2:5', properties: { gray_tag: 'gray' } },
    },
  };
  const lane = (of: GroupIn, tag: string | undefined): LanePicture => ({
    group: tag === undefined ? 'g' : 'g_gray',
    baselineGroup: 'g',
    tag,
    isOwn: false,
    isCopies: false,
    settings: settingsOf(of, 'g'),
    members: membersOf(of),
    committed: known(of.exists ? of.committed : undefined),
    retries: known([]),
    dead: known(of.dead > 0 ? found : undefined),
    announced: known(all.filter(({ kind }) => (tag === undefined) === (kind === 'baseline'))),
    marker: known(marker),
  });
  return { found, tag: 'gray', lanes: [lane(baseline, undefined), lane(canary, 'gray')] };
}

interface Situation {
  readonly world: Partial<World>;
  /** What doctor and status say: verdict and finding. */
  readonly said: RegExp;
  /** What status says where it is not told of one tag: another finding. */
  readonly status?: RegExp;
  /** What doctor advises. */
  readonly remedy?: RegExp;
  readonly message: RegExp;
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'a baseline process without the agent beside others': {
    world: { baseline: group(['vm@1@0@abc', '10.0.0.1@2', 'vm@77@0@abc'], '*') },
    said: /^fail 1 of 3 consumers of g does not announce itself .*takes messages of canaries as well: vm@77@0@abc/,
    remedy: /GRAY_MQ_BASELINE/,
    message: /g has passed it: 1 of 3 consumers without an announcement may take it, so it may have been handled twice/,
  },
  'mode all beside auto': {
    world: { announced: [announced('baseline', 1), announced('canary', 3)] },
    said: /^fail 1 of 2 consumers of g does not announce itself \(no agent, or another mode than auto\).*: 10\.0\.0\.1@2/,
    remedy: /modes 'all' and 'none'/,
    message: /Handled by the canary gray .* may have been handled twice/,
  },
  'no agent in the baseline at all': {
    world: { announced: [announced('canary', 3)] },
    said: /^fail 2 consumers of g do not announce themselves .*take messages of canaries as well/,
    message: /^Handled twice: Handled by the canary gray .* The baseline handled it/,
  },
  'mode none, and the canary is gone': {
    world: {
      baseline: group(['vm@1@0@abc'], UNTAGGED),
      canary: group([], '*', { committed: 3 }),
      announced: [],
      mode: 'none',
    },
    said: /^fail nobody: they wait in g_gray, and 7 messages of all environments lie before it \(every consumer of g leaves gray out\)/,
    remedy: /start a canary/,
    message: /It waits in g_gray, behind 6 messages: nobody is in it\. g skipped it: its filter .* leaves it out/,
  },
  'mode none, which the command line does not know': {
    world: {
      baseline: group(['vm@1@0@abc'], UNTAGGED),
      canary: group([], '*', { committed: 3 }),
      announced: [],
    },
    said: /^fail nobody: they wait in g_gray/,
    message: /It waits in g_gray/,
  },
  'mode none, and no canary was ever there': {
    world: {
      baseline: group(['vm@1@0@abc'], UNTAGGED),
      canary: { ...NOBODY, exists: false },
      announced: [],
      marker: undefined,
      mode: 'none',
    },
    said: /^fail nobody \(every consumer of g leaves gray out\): g_gray does not exist, so what comes now is passed over/,
    message: /g_gray is not there\. g skipped it/,
  },
  'a tag that is ignored, and its canary is gone': {
    world: {
      baseline: group(['vm@1@0@abc'], LEAVES_GRAY),
      canary: group([], '*', { committed: 3 }),
      announced: [announced('baseline', 1)],
      ignored: ['gray'],
    },
    said: /^fail nobody: they wait in g_gray, and 7 messages .*GRAY_MQ_IGNORE_TAGS/,
    remedy: /the baseline never takes them/,
    message: /It waits in g_gray/,
  },
  'nobody is left of the fleet': {
    world: { baseline: NOBODY, canary: group([], '*', { committed: 3 }), announced: [] },
    said: /^fail nobody: they wait in g_gray, and 7 messages/,
    message: /It waits in g_gray, behind 6 messages: nobody is in it/,
  },
  'dead letters': {
    world: { canary: group(['vm@3@0@abc'], GRAY, { dead: 138 }) },
    said: /^warn 138 messages in %DLQ%g_gray, the newest since 3 min: their handling failed too often/,
    remedy: /rocketmq-gray message <id>/,
    message: /Its handling failed 0 times in g_gray: it is in %DLQ%g_gray/,
  },
  'a frozen canary': {
    world: { canary: group(['vm@3@0@abc'], GRAY, { committed: 2, oldestMs: 95_000 }) },
    said: /^warn 1 consumer is there, and the oldest message of T that its filter selects waits for 95 s: a consumer is frozen or too slow/,
    remedy: /end one that hangs/,
    message: /It waits in g_gray, behind 7 messages: in it: 1 consumer/,
  },
  'a topic that the canary leaves out, and nobody takes beside it': {
    world: { canary: { ...group(['10.0.0.1@3'], GRAY, { committed: 3 }), filters: { OTHER: GRAY } } },
    said: /^fail nobody(?: of T)?, to which nobody in g_gray subscribes: they wait in g_gray, and 7 messages/,
    remedy: /subscribes to T/,
    message: /It waits in g_gray/,
  },
  'a topic that none of several canaries subscribes to': {
    world: {
      canary: {
        ...group(['vm@3@0@abc', 'vm@3@1@abc'], GRAY, { committed: 3, oldestMs: 95_000 }),
        filters: { OTHER: GRAY },
      },
    },
    said: /^warn 2 consumers are there, and the oldest message of T .* waits for 95 s: .* or none subscribes to the topic/,
    message: /It waits in g_gray/,
  },
  'a canary of this agent that has crashed, or is of another mode': {
    world: {
      canary: group(['vm@3@0@abc@gray-canary'], GRAY),
      announced: [announced('baseline', 1), announced('baseline', 2)],
    },
    said: /^warn 1 consumer of this agent that does not announce that gray is there/,
    message: /Handled by the canary gray/,
  },
  "somebody without the agent in the canary's group": {
    world: { canary: group(['10.0.0.9@55#123'], '*'), announced: [announced('baseline', 1), announced('baseline', 2)] },
    said: /^fail 1 consumer, subscribed with \*: without the canary's condition, gray_tag = 'gray'/,
    remedy: /GRAY_TAG=gray/,
    message: /g_gray has passed it/,
  },
  "the baseline's group is missing": {
    world: { baseline: { ...HEALTHY.baseline, exists: false } },
    said: /^fail does not exist/,
    remedy: /mqadmin updateSubGroup -n n:9876 -c C -g g$|doctor/,
    message: /Handled by the canary gray/,
  },
};

const doctorSays = (world: World) => doctorChecks(doctorOf(world));
const lines = (all: readonly { readonly verdict: string; readonly finding: string }[]) =>
  all.filter(({ verdict }) => verdict !== 'ok').map(({ verdict, finding }) => `${verdict} ${finding}`);

describe.each(Object.entries(SITUATIONS))('%s', (_, { world: changed, said, remedy, message }) => {
  const world = { ...HEALTHY, ...changed };

  it('doctor says it, and what to do', () => {
    const checks = doctorSays(world);
    const found = checks.filter(({ verdict, finding }) => said.test(`${verdict} ${finding}`));
    expect(lines(checks).join('\n')).toMatch(new RegExp(said, 'm'));
    if (remedy !== undefined) expect(found.flatMap(({ remedies = [] }) => remedies).join('\n')).toMatch(remedy);
    const isFailed = found.some(({ verdict }) => verdict === 'fail');
    if (isFailed) expect(doctorExitCode(doctorOf(world), checks)).toBe(1);
    expect(checks.flatMap(({ remedies = [] }) => remedies).join()).not.toMatch(/ -s false/);
  });

  it('status says it', () => {
    expect(lines(fleetOf(fleetIn(world)).problems).join('\n')).toMatch(new RegExp(said, 'm'));
  });

  it('message says it', () => {
    expect(verdictOn(messageIn(world), NOW).join(' ')).toMatch(message);
  });
});

describe('a healthy fleet', () => {
  it.each<[string, Partial<World>]>([
    ['with a canary', {}],
    [
      'with a stand-in',
      { canary: group(['vm@1@1@abc@gray-stand-in'], GRAY), announced: HEALTHY.announced.slice(0, 2) },
    ],
    ['before its first canary', { canary: { ...NOBODY, exists: false }, marker: undefined }],
    ['of mode none, with its canary', { baseline: group(['vm@1@0@a'], UNTAGGED), mode: 'none' }],
    [
      'with a canary of another agent, known by its filter',
      {
        canary: group(['10.0.0.9@55#123'], "(gray_tag in ('gray'))"),
        announced: HEALTHY.announced.slice(0, 2),
      },
    ],
    [
      'of clients of the remoting protocol, that told what they leave out',
      { baseline: group(['10.0.0.1@2'], LEAVES_GRAY) },
    ],
    [
      'a topic that the canary leaves out, with a stand-in beside it',
      {
        canary: group(['vm@3@0@abc', 'vm@1@1@abc@gray-stand-in'], GRAY),
        announced: [...HEALTHY.announced, { ...announced('beside', 1), group: 'g_gray.T' }],
      },
    ],
    [
      'of stand-ins of which brokers know what one of them subscribes to',
      {
        canary: {
          ...group(['vm@1@1@abc@gray-stand-in', 'vm@2@1@abc@gray-stand-in'], GRAY, { committed: 9 }),
          filters: { OTHER: GRAY },
        },
        announced: HEALTHY.announced.slice(0, 2),
      },
    ],
    ['of messages that wait for a moment', { canary: group(['vm@3@0@abc'], GRAY, { committed: 9, oldestMs: 900 }) }],
  ])('%s is well, and doctor and status say so', (_, changed) => {
    const world = { ...HEALTHY, ...changed };
    expect(lines(doctorSays(world))).toEqual([]);
    const { problems, unanswered } = fleetOf(fleetIn(world));
    expect([problems, unanswered]).toEqual([[], []]);
  });
});

it('a cluster that is gone is not well: nobody is said to be there, and nothing to be zero', () => {
  const world = { ...HEALTHY, isAway: true };
  const checks = doctorSays(world);
  expect(doctorExitCode(doctorOf(world), checks)).toBe(2);
  expect(checks.filter(({ verdict }) => verdict === 'ok')).toEqual([]);
  const fleet = fleetOf(fleetIn(world));
  expect(isReached(fleet)).toBe(false);
  expect(fleet.unanswered.join()).toContain('ECONNREFUSED');
  for (const { backlog, deadLetters, takenBy } of fleet.groups) {
    expect([backlog, deadLetters, takenBy]).toEqual([null, null, 'unknown']);
  }
});

it('several mistakes at once are all said, the worst first', () => {
  const world = {
    ...HEALTHY,
    baseline: group(['vm@1@0@abc', 'vm@77@0@abc'], '*', { dead: 1 }),
    canary: group(['vm@3@0@abc'], GRAY, { committed: 1, oldestMs: 60_000 }),
  };
  expect(fleetOf(fleetIn(world)).problems.map(({ verdict, check }) => `${verdict} ${check}`)).toEqual([
    'fail agents',
    'warn backlog',
    'warn dead letters',
  ]);
});
