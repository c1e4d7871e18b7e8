import { createColors } from 'picocolors';
import { describe, expect, it } from 'vitest';
import {
  CALL_GUARANTEES,
  type Call,
  callsForMessages,
  contradictionsOfCalls,
  hasBoth,
  isBgrayReached,
  type Phases,
} from '../../fixtures/demo/call-verdicts';
import {
  type Consumption,
  contradictionsOf,
  type Environment,
  GUARANTEES,
  isComplete,
  type Observation,
} from '../../fixtures/demo/message-verdicts';
import { parseOptions } from '../../fixtures/demo/options';
import { PROMISES, report } from '../../fixtures/demo/report';
import { strayUsers, USERS, usersSeen } from '../../fixtures/demo/users';

const [PLAIN, COLOURED] = [createColors(false), createColors(true)];
const GRAY = 'gray_tag=gray';
/** `A -> B` as services answer it. */
const path = (names: string) => names.replace(/\w+/g, name => `${name}[127.0.0.1]`);
const BASELINE_PATH = 'A -> B -> C';
const GRAY_PATH = 'Agray -> Bgray -> Cgray';
const FALLBACK_PATH = 'Agray -> B -> Cgray';

const phases: Phases = {
  complete: { from: 100, to: 200 },
  withoutBgray: { from: 300, to: 400 },
  returned: { from: 500, to: 600 },
};
/** When something happens that takes 10 ms: in each phase, and between the first two. */
const TIMES = { complete: 150, leaving: 250, withoutBgray: 350, returning: 450, returned: 550 };

const consumption = (id: string, header: string | null, result?: string, began = TIMES.complete): Consumption => ({
  id,
  baggage: [header, header],
  result: path(result ?? (header === null ? BASELINE_PATH : GRAY_PATH)),
  began,
  ended: began + 10,
});
const untagged = ['base1', 'base2', 'bare1'].map(id => consumption(id, null));
const tagged = ['gray1', 'gray2'].map(id => consumption(id, `${GRAY},user=1`));

const kept: Observation = {
  sent: [
    { id: 'base1', environment: 'baseline', withAgent: true },
    { id: 'base2', environment: 'baseline', withAgent: true },
    { id: 'gray1', environment: 'gray', withAgent: true },
    { id: 'gray2', environment: 'gray', withAgent: true },
    { id: 'bare1', environment: 'baseline', withAgent: false },
  ],
  baseline: untagged,
  canary: tagged,
  baselineTakingAll: [...tagged, ...untagged],
  failed: [],
};

/** The numbers, from 1, of the guarantees that are contradicted, as they stand in the table. */
function broken(observation: Observation): number[] {
  return GUARANTEES.flatMap((guarantee, index) =>
    contradictionsOf(guarantee, observation).length > 0 ? [index + 1] : [],
  );
}

const NEED_AGENT = GUARANTEES.flatMap(({ needsAgent }, index) => (needsAgent ? [index + 1] : []));

describe('the verdicts on messages', () => {
  it('are good for a run that kept everything', () => {
    expect(broken(kept)).toEqual([]);
    expect(isComplete(kept)).toBe(true);
  });

  it.each<[string, Partial<Observation>, number[]]>([
    ['a baseline message in the canary too', { canary: [...tagged, consumption('base1', null)] }, [1, 2]],
    [
      'a baseline message in the canary only',
      { baseline: untagged.slice(1), canary: [...tagged, consumption('base1', null)] },
      [1, 2],
    ],
    [
      'a message of the producer without the agent in the canary',
      { baseline: untagged.slice(0, 2), canary: [...tagged, consumption('bare1', null)] },
      [1, 2, 6],
    ],
    ['a message that nobody sent in the canary', { canary: [...tagged, consumption('other', GRAY)] }, [2, 5]],
    ['a gray message in the baseline too', { baseline: [...untagged, ...tagged.slice(1)] }, [3]],
    [
      'a gray message in the baseline only',
      { baseline: [...untagged, ...tagged.slice(1)], canary: tagged.slice(0, 1) },
      [2, 3, 6],
    ],
    [
      'a gray message left out by the baseline that takes all',
      { baselineTakingAll: [...tagged.slice(1), ...untagged] },
      [4],
    ],
    ['no gray message in the baseline that takes all', { baselineTakingAll: untagged }, [4, 5]],
    ['a lost baseline message', { baseline: untagged.slice(1) }, [1, 7]],
    ['a lost gray message', { canary: tagged.slice(1) }, [2, 6, 7]],
    ['a message twice in the baseline', { baseline: [...untagged, ...untagged.slice(0, 1)] }, [8]],
    ['a message twice in the canary', { canary: [...tagged, ...tagged.slice(0, 1)] }, [8]],
    ['an idle canary', { canary: [] }, [...NEED_AGENT, 7].sort()],
    ['an idle baseline', { baseline: [] }, [...NEED_AGENT, 7].sort()],
    ['nothing sent', { sent: [] }, GUARANTEES.map((_, index) => index + 1)],
    ['no message without the agent', { sent: kept.sent.slice(0, 4) }, GUARANTEES.map((_, index) => index + 1)],
  ])('%s', (_, difference, expected) => {
    expect(broken({ ...kept, ...difference })).toEqual(expected);
  });

  it.each<[string, Consumption]>([
    ['a gray message whose second call carries nothing', { ...consumption('gray1', GRAY), baggage: [GRAY, null] }],
    ['a gray message whose calls carry another tag', consumption('gray1', 'gray_tag=gray2', GRAY_PATH)],
    ['a gray message that led to no call', { ...consumption('gray1', GRAY), baggage: [] }],
    [
      'a baseline message whose call carries a tag',
      { ...consumption('base1', null), baggage: [null, `a=b, ${GRAY};x=y`] },
    ],
    ['a gray message whose calls end in the baseline', consumption('gray1', GRAY, 'A -> Bgray -> C')],
    ['a baseline message whose calls end in the canary', consumption('base1', null, 'A -> B -> Cgray')],
  ])('%s', (_, wrong) => {
    const baselineTakingAll = [...tagged, ...untagged].map(message => (message.id === wrong.id ? wrong : message));
    expect(broken({ ...kept, baselineTakingAll })).toEqual([5]);
  });

  it('are good where a gray message was handled without Bgray', () => {
    const fallback = tagged.map(({ id }) => consumption(id, GRAY, FALLBACK_PATH));
    expect(broken({ ...kept, canary: fallback })).toEqual([]);
  });

  it('are bad wherever the agent is needed when two consumers shared one group', () => {
    const bare = [...untagged, ...tagged].map(({ id }) => consumption(id, null));
    const shared = {
      ...kept,
      baseline: bare.filter((_, index) => index % 2 === 0),
      canary: bare.filter((_, index) => index % 2 === 1),
      baselineTakingAll: bare,
    };
    expect(broken(shared)).toEqual(NEED_AGENT);
    expect(isComplete(shared)).toBe(true);
  });

  it('wait for every group to have everything', () => {
    expect(isComplete({ ...kept, canary: tagged.slice(1) })).toBe(false);
    expect(isComplete({ ...kept, baselineTakingAll: tagged })).toBe(false);
  });
});

const call = (environment: Environment, names: string, began: number): Call => ({
  environment,
  result: path(names),
  began,
  ended: began + 10,
});
const failure = (environment: Environment, began: number): Call => ({
  environment,
  error: 'Error: refused',
  began,
  ended: began + 10,
});

const calls: readonly Call[] = [
  ...Object.values(TIMES).map(began => call('baseline', BASELINE_PATH, began)),
  call('gray', GRAY_PATH, TIMES.complete),
  call('gray', GRAY_PATH, TIMES.leaving),
  call('gray', FALLBACK_PATH, TIMES.leaving),
  call('gray', FALLBACK_PATH, TIMES.withoutBgray),
  call('gray', FALLBACK_PATH, TIMES.returning),
  call('gray', GRAY_PATH, TIMES.returning),
  call('gray', GRAY_PATH, TIMES.returned),
];

function brokenByCalls(observed: readonly Call[]): number[] {
  return CALL_GUARANTEES.flatMap((guarantee, index) =>
    contradictionsOfCalls(guarantee, { calls: observed, phases }).length > 0 ? [index + 1] : [],
  );
}

const ALL_OF_CALLS = CALL_GUARANTEES.map((_, index) => index + 1);

describe('the verdicts on calls', () => {
  it('are good for a run that kept everything', () => {
    expect(brokenByCalls(calls)).toEqual([]);
  });

  it.each<[string, Call, number[]]>([
    ['a baseline call that reached a canary', call('baseline', 'A -> Bgray -> C', TIMES.complete), [1, 6]],
    [
      'a baseline call that reached a canary between phases',
      call('baseline', 'A -> B -> Cgray', TIMES.leaving),
      [1, 6],
    ],
    ['a baseline call that ended early', call('baseline', 'A -> B', TIMES.returned), [1]],
    ['a gray call answered by a baseline A', call('gray', 'A -> Bgray -> Cgray', TIMES.complete), [2]],
    ['a gray call that came back to the baseline', call('gray', 'Agray -> Bgray -> C', TIMES.returned), [4]],
    ['a gray call that fell back while Bgray was there', call('gray', FALLBACK_PATH, TIMES.complete), [2]],
    ['a gray call through Bgray while it was not there', call('gray', GRAY_PATH, TIMES.withoutBgray), [3]],
    ['a gray call that fell back for good', call('gray', 'Agray -> B -> C', TIMES.withoutBgray), [3]],
    ['a gray call that went astray while Bgray left', call('gray', 'A -> B -> C', TIMES.leaving), [3]],
    ['a gray call that did not return to Bgray', call('gray', FALLBACK_PATH, TIMES.returned), [4]],
    ['a call that failed while Bgray left', failure('gray', TIMES.leaving), [5]],
    ['a baseline call that failed while Bgray came back', failure('baseline', TIMES.returning), [5]],
    ['a call that began in one phase and ended in the next', { ...call('gray', FALLBACK_PATH, 150), ended: 350 }, []],
  ])('%s', (_, one, expected) => {
    expect(brokenByCalls([...calls, one])).toEqual(expected);
  });

  it.each(['complete', 'withoutBgray', 'returned'] as const)('nothing is proved without calls in phase %s', phase => {
    for (const environment of ['baseline', 'gray']) {
      const others = calls.filter(({ began, ...call }) => began !== TIMES[phase] || call.environment !== environment);
      expect(brokenByCalls(others)).toEqual(ALL_OF_CALLS);
    }
  });

  it('are about what A did for messages, too, and what it could not do', () => {
    const failed = [{ id: 'gray2', error: 'Error: refused', began: 150, ended: 160 }];
    const stranger = consumption('of another run', GRAY);
    const observed = callsForMessages({ ...kept, canary: [...tagged.slice(0, 1), stranger], failed });
    expect(observed).toHaveLength(untagged.length + 2);
    expect(observed.map(({ environment }) => environment)).toEqual([...untagged.map(() => 'baseline'), 'gray', 'gray']);
    expect(observed.map(({ result }) => result).at(-2)).toBe(path(GRAY_PATH));
    expect(observed.map(({ error }) => error).at(-1)).toBe('Error: refused');
  });

  it('tell the scenario when a phase has shown enough, and when Bgray is heard of', () => {
    expect(hasBoth(calls, phases.complete, 1)).toBe(true);
    expect(hasBoth(calls, phases.complete, 2)).toBe(false);
    expect(isBgrayReached(calls, phases.withoutBgray)).toBe(false);
    expect(isBgrayReached(calls, phases.returned)).toBe(true);
  });
});

/** A mode in which calls were made in each phase. */
const mode: Observation = {
  sent: [
    ...kept.sent,
    ...Object.keys(TIMES).flatMap(when => [
      { id: `baseline ${when}`, environment: 'baseline' as const, withAgent: true },
      { id: `gray ${when}`, environment: 'gray' as const, withAgent: true },
    ]),
  ],
  baseline: [
    ...untagged,
    ...Object.entries(TIMES).map(([when, began]) => consumption(`baseline ${when}`, null, BASELINE_PATH, began)),
  ],
  canary: [...tagged, ...grayConsumptions('Agray')],
  baselineTakingAll: [
    ...tagged,
    ...untagged,
    ...grayConsumptions('A'),
    ...Object.entries(TIMES).map(([when, began]) => consumption(`baseline ${when}`, null, BASELINE_PATH, began)),
  ],
  failed: [],
};

function grayConsumptions(name: 'A' | 'Agray'): Consumption[] {
  return Object.entries(TIMES).map(([when, began]) => {
    const b = when === 'complete' || when === 'returned' ? 'Bgray' : 'B';
    return consumption(`gray ${when}`, GRAY, `${name} -> ${b} -> Cgray`, began);
  });
}

describe('the table of the demo', () => {
  it('has a row for each promise, and columns for requests and each mode', () => {
    const { text, kept: all } = report({ requests: calls, push: mode, pull: mode }, phases, PLAIN);
    expect(all).toBe(true);
    expect(text.match(/\S {2,}PASS {5}PASS {2}PASS$/gm)).toHaveLength(CALL_GUARANTEES.length);
    expect(text.match(/\S {10,}PASS {2}PASS$/gm)).toHaveLength(GUARANTEES.length);
    expect(text).toMatch(/^calls +request {2}push {2}pull\n-+ {2}-{7} {2}-{4} {2}-{4}\n/m);
    expect(text).toMatch(/^messages +push {2}pull\n-+ {11}-{4} {2}-{4}\n/m);
    expect(text).not.toContain('\u001b');
  });

  it('says what was broken in which mode', () => {
    const pull = { ...mode, canary: mode.canary.slice(1) };
    const { text, kept: all } = report({ requests: calls, push: mode, pull }, phases, PLAIN);
    expect(all).toBe(false);
    expect(text.match(/ {2}PASS {2}FAIL$/gm)).toHaveLength(3);
    expect(text).toContain('every message that was sent was consumed:\n  pull: messages lost: 1 (first gray1)');
  });

  it('says which requests broke a promise', () => {
    const requests = [...calls, failure('gray', TIMES.leaving)];
    const { text, kept: all } = report({ requests, push: mode, pull: mode }, phases, PLAIN);
    expect(all).toBe(false);
    expect(text.match(/FAIL/g)).toHaveLength(1);
    expect(text).toMatch(/Bgray left and came back:\n {2}request: calls failed: 1 \(first Error: refused\)$/);
  });

  it('says why a mode was not run, which breaks no promise', () => {
    const pull = { notRun: 'for a reason' };
    const { text, kept: all } = report({ requests: calls, push: mode, pull }, phases, PLAIN);
    expect(all).toBe(true);
    expect(text.match(/ {2}PASS {2}-$/gm)).toHaveLength(PROMISES.all);
    expect(text).toMatch(/\npull: not run, for a reason$/);
  });

  it('says what was broken in the only mode that was run', () => {
    const push = { ...mode, baseline: mode.baseline.slice(1) };
    const { text, kept: all } = report({ requests: calls, push, pull: { notRun: 'for a reason' } }, phases, PLAIN);
    expect(all).toBe(false);
    expect(text.match(/ {2}FAIL {2}-$/gm)).toHaveLength(2);
    expect(text).toContain('every message that was sent was consumed:\n  push: messages lost: 1 (first base1)');
    expect(text).not.toContain('  pull:');
  });

  it('is good for nothing when no mode was run', () => {
    const notRun = { notRun: 'for a reason' };
    expect(report({ requests: calls, push: notRun, pull: notRun }, phases, PLAIN).kept).toBe(false);
  });

  it('is coloured where colours are seen', () => {
    const pull = { ...mode, canary: mode.canary.slice(1) };
    const { text } = report({ requests: calls, push: mode, pull }, phases, COLOURED);
    expect(text).toContain('\u001b[32mPASS\u001b[39m  \u001b[31mFAIL\u001b[39m');
  });
});

describe('users, by percent', () => {
  const [[plain = ''], [gray = '']] = [USERS.baseline, USERS.gray];
  const call = (user: string, names: string): Call => ({
    environment: 'baseline',
    user,
    result: path(names),
    began: 0,
    ended: 1,
  });
  const kept = [call(plain, BASELINE_PATH), call(gray, GRAY_PATH), call(gray, FALLBACK_PATH)];

  it('are some five of a hundred', () => {
    expect([USERS.baseline.length, USERS.gray.length]).toEqual([376, 24]);
    expect(usersSeen(kept)).toEqual({ all: 2, gray: 1 });
  });

  it.each<[string, readonly Call[], readonly string[]]>([
    ['nobody strays', kept, []],
    ['nobody is seen', [], ['no user was on the side of baseline', 'no user was on the side of gray']],
    ['one changes sides', [...kept, call(gray, BASELINE_PATH)], [`users that changed sides: 1 (first ${gray})`]],
    [
      'one is on the wrong side',
      [call(plain, GRAY_PATH), ...kept.slice(1)],
      [`users on the wrong side: 1 (first ${plain})`, 'no user was on the side of baseline'],
    ],
  ])('%s', (_name, calls, contradictions) => {
    expect(strayUsers(calls)).toEqual(contradictions);
  });
});

describe('the options of the demo', () => {
  const usual = {
    client: 'rocketmq-client-nodejs',
    withAgent: true,
    hasJava: false,
    byPercent: false,
    hasRegistry: true,
    hasPage: false,
  };
  it.each<[string[], Partial<typeof usual>]>([
    [[], {}],
    [['--without-agent'], { withAgent: false }],
    [['--client', 'ali-ons'], { client: 'ali-ons' }],
    [['--java', '--client=ali-ons'], { client: 'ali-ons', hasJava: true }],
    [['--percent'], { byPercent: true }],
    [['--page'], { hasPage: true }],
    [['--no-registry', '--percent'], { hasRegistry: false, byPercent: true }],
    [['--without-agent', '--client=ali-ons'], { client: 'ali-ons', withAgent: false }],
  ])('%j', (args, expected) => {
    expect(parseOptions(args)).toEqual({ ...usual, ...expected });
  });

  it.each([
    [['--client', 'kafka'], "unknown client 'kafka'"],
    [['--client=toString'], "unknown client 'toString'"],
    [['--client='], "unknown client ''"],
    [['--client'], "Option '--client"],
    [['--client', '--without-agent'], "Option '--client' argument is ambiguous; usage"],
    [['--without-agent=yes'], "Option '--without-agent' does not take an argument"],
    [['--agent'], "Unknown option '--agent'"],
    [['--java', '--without-agent'], '--java, --percent, --no-registry and --page show what the agent does'],
    [['--page', '--without-agent'], '--java, --percent, --no-registry and --page show what the agent does'],
    [['--no-registry', '--without-agent'], '--java, --percent, --no-registry and --page show what the agent does'],
    [['--java', '--no-registry'], '--java has calls by Dubbo, which needs a registry'],
    [['ali-ons'], "Unexpected argument 'ali-ons'"],
  ])('%j is refused with one line', (args, problem) => {
    expect(() => parseOptions(args)).toThrow(problem);
    expect(() => parseOptions(args)).toThrow(/^.+; usage: .+$/);
  });
});
