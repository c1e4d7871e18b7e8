import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../fixtures/demo/options';
import { report } from '../../fixtures/demo/report';
import {
  type Consumption,
  contradictionsOf,
  GUARANTEES,
  isComplete,
  type Observation,
} from '../../fixtures/demo/verdicts';

const GRAY = 'gray_tag=gray';
const consumption = (id: string, header: string | null): Consumption => ({ id, baggage: [header, header] });
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
};

/** The numbers, from 1, of the guarantees that are contradicted, as they stand in the table. */
function broken(observation: Observation): number[] {
  return GUARANTEES.flatMap((guarantee, index) =>
    contradictionsOf(guarantee, observation).length > 0 ? [index + 1] : [],
  );
}

const NEED_AGENT = GUARANTEES.flatMap(({ needsAgent }, index) => (needsAgent ? [index + 1] : []));

describe('the verdicts of the demo', () => {
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
    ['a gray message whose second call carries nothing', { id: 'gray1', baggage: [GRAY, null] }],
    ['a gray message whose calls carry another tag', consumption('gray1', 'gray_tag=gray2')],
    ['a gray message that led to no call', { id: 'gray1', baggage: [] }],
    ['a baseline message whose call carries a tag', { id: 'base1', baggage: [null, `a=b, ${GRAY};x=y`] }],
  ])('%s', (_, wrong) => {
    const baselineTakingAll = [...tagged, ...untagged].map(message => (message.id === wrong.id ? wrong : message));
    expect(broken({ ...kept, baselineTakingAll })).toEqual([5]);
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

describe('the table of the demo', () => {
  it('has a row for each promise and a column for each mode', () => {
    const { text, kept: all } = report({ push: kept, pull: kept }, false);
    expect(all).toBe(true);
    expect(text.match(/ {2}PASS {2}PASS$/gm)).toHaveLength(GUARANTEES.length);
    expect(text).not.toContain('\u001b');
  });

  it('says what was broken in which mode', () => {
    const { text, kept: all } = report({ push: kept, pull: { ...kept, canary: tagged.slice(1) } }, false);
    expect(all).toBe(false);
    expect(text.match(/ {2}PASS {2}FAIL$/gm)).toHaveLength(3);
    expect(text).toContain('every message that was sent was consumed:\n  pull: messages lost: 1 (first gray1)');
  });

  it('says why a mode was not run, which breaks no promise', () => {
    const { text, kept: all } = report({ push: kept, pull: { notRun: 'for a reason' } }, false);
    expect(all).toBe(true);
    expect(text.match(/ {2}PASS {2}-$/gm)).toHaveLength(GUARANTEES.length);
    expect(text).toMatch(/\npull: not run, for a reason$/);
  });

  it('says what was broken in the only mode that was run', () => {
    const push = { ...kept, baseline: untagged.slice(1) };
    const { text, kept: all } = report({ push, pull: { notRun: 'for a reason' } }, false);
    expect(all).toBe(false);
    expect(text.match(/ {2}FAIL {2}-$/gm)).toHaveLength(2);
    expect(text).toContain('every message that was sent was consumed:\n  push: messages lost: 1 (first base1)');
    expect(text).not.toContain('  pull:');
  });

  it('is good for nothing when no mode was run', () => {
    const notRun = { notRun: 'for a reason' };
    expect(report({ push: notRun, pull: notRun }, false).kept).toBe(false);
  });

  it('is coloured where colours are seen', () => {
    const { text } = report({ push: kept, pull: { ...kept, canary: tagged.slice(1) } }, true);
    expect(text).toContain('\u001b[32mPASS\u001b[39m  \u001b[31mFAIL\u001b[39m');
  });
});

describe('the options of the demo', () => {
  it.each([
    [[], { client: 'rocketmq-client-nodejs', withAgent: true }],
    [['--without-agent'], { client: 'rocketmq-client-nodejs', withAgent: false }],
    [['--client', 'ali-ons'], { client: 'ali-ons', withAgent: true }],
    [['--without-agent', '--client=ali-ons'], { client: 'ali-ons', withAgent: false }],
  ])('%j', (args, expected) => {
    expect(parseOptions(args)).toEqual(expected);
  });

  it.each([
    [['--client', 'kafka'], "unknown client 'kafka'"],
    [['--client=toString'], "unknown client 'toString'"],
    [['--client='], "unknown client ''"],
    [['--client'], "Option '--client"],
    [['--client', '--without-agent'], "Option '--client' argument is ambiguous; usage"],
    [['--without-agent=yes'], "Option '--without-agent' does not take an argument"],
    [['--agent'], "Unknown option '--agent'"],
    [['ali-ons'], "Unexpected argument 'ali-ons'"],
  ])('%j is refused with one line', (args, problem) => {
    expect(() => parseOptions(args)).toThrow(problem);
    expect(() => parseOptions(args)).toThrow(/^.+; usage: .+$/);
  });
});
