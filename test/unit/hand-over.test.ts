import { describe, expect, it } from 'vitest';
import {
  createHandOver,
  type HandOverAction,
  type HandOverEvent,
  type Marker,
} from '../../src/rocketmq/hand-over/hand-over';
import { sayFact } from '../../src/rocketmq/hand-over/say-fact';
import { GIVE_UP_AFTER_MS } from '../../src/rocketmq/hand-over/tag-life';
import { recordedLog } from './recorded-log';

const canaryGroup = (tag: string) => `group1_${tag}`;

/** A hand-over of `group1`, and what it answers to a line of events, one second apart. */
function handOver(declared: readonly string[] = [], ignored: readonly string[] = [], offsetsNeedPolling = false) {
  const machine = createHandOver({
    canaryGroup,
    declared,
    ignored,
    offsetsNeedPolling,
  });
  let now = 1_000_000;
  const seconds = (count: number) => {
    now += count * 1_000;
  };
  return {
    machine,
    seconds,
    on(event: HandOverEvent): HandOverAction[] {
      seconds(1);
      return machine.on(event, now);
    },
  };
}

const canaries = (...tags: string[]): HandOverEvent => ({
  type: 'canaries seen',
  tags: new Set(tags),
  isComplete: true,
});
const unknown: HandOverEvent = { type: 'canaries seen', tags: new Set(), isComplete: false };
const subscribed = (...topics: string[]): HandOverEvent => ({ type: 'subscribed', topics });
const ensured = (tag: string, ...topics: string[]): HandOverEvent => ({
  type: 'offsets ensured',
  tag,
  asked: topics,
  topics,
});
const markers = (...all: Marker[]): HandOverEvent => ({ type: 'markers read', markers: all });
/** Actions, without what is said. */
const done = (actions: readonly HandOverAction[]) => actions.filter(({ type }) => type !== 'say');
const lines = (actions: readonly HandOverAction[]) => {
  const lines: string[] = [];
  const log = recordedLog(lines);
  for (const action of actions) if (action.type === 'say') sayFact(action.fact, 'group1', canaryGroup, log);
  return lines;
};
const said = (actions: readonly HandOverAction[]) => lines(actions).map(line => line.replace(/^(info|warn): /, ''));

/** A tag that nobody declared, stood in for, of which nothing was heard for as long as it takes to give it up. */
function longIdle() {
  const made = handOver();
  made.on(subscribed('A'));
  made.on(canaries('gray'));
  made.on(ensured('gray', 'A'));
  made.on(canaries());
  made.on(canaries());
  made.on({ type: 'stand-in started', tag: 'gray' });
  made.seconds(GIVE_UP_AFTER_MS / 1_000);
  return made;
}

describe('hand-over', () => {
  it('asks for nothing of another tag at what happens to one: with hundreds, each has its own events', () => {
    const { machine, on, seconds } = handOver();
    on(subscribed('A'));
    on(markers(...['gray', 'blue'].map(tag => ({ tag, phase: 'managed' as const, at: 1_000_000 }))));
    on(canaries());
    on(ensured('gray', 'A'));
    // Blue's queues could not be given offsets, which is tried again after some seconds.
    on({ type: 'offsets ensured', tag: 'blue', asked: ['A'], topics: [] });
    seconds(10);
    const isBlues = (action: HandOverAction) => 'tag' in action && action.tag === 'blue';
    expect(on({ type: 'tag seen', tag: 'gray' }).filter(isBlues)).toEqual([]);
    expect(on({ type: 'stand-in started', tag: 'gray' }).filter(isBlues)).toEqual([]);
    expect(done(on(canaries())).filter(isBlues)).toEqual([
      { type: 'ensure offsets', tag: 'blue', topics: ['A'], isDeclared: false, isHeld: false },
    ]);
    expect(machine.tags().map(({ tag, leftOut }) => [tag, leftOut])).toEqual([
      ['gray', ['A']],
      ['blue', []],
    ]);
  });

  it('tells what it knows of each tag', () => {
    const { machine, on } = handOver(['gray']);
    const gray = () =>
      machine.tags().map(({ tag, phase, canary, standIn, leftOut }) => [tag, phase, canary, standIn, leftOut]);
    expect(gray()).toEqual([['gray', 'managed', 'unknown', 'none', []]]);
    on(subscribed('A', 'B'));
    on(ensured('gray', 'A'));
    on(canaries());
    on(canaries());
    expect(gray()).toEqual([['gray', 'managed', 'absent', 'starting', ['A']]]);
    on({ type: 'stand-in started', tag: 'gray' });
    on(canaries('gray', 'blue'));
    expect(gray()).toEqual([
      ['gray', 'managed', 'present', 'ending', ['A']],
      ['blue', 'managed', 'present', 'none', []],
    ]);
    expect(machine.tags()).toMatchObject([
      { group: 'group1_gray', reason: 'declared' },
      { group: 'group1_blue', reason: 'its canary is there' },
    ]);
  });

  it('leaves a declared tag out once its group has an offset everywhere, and is ready then', () => {
    const { machine, on } = handOver(['gray']);
    expect(done(on(subscribed('A', 'B')))).toEqual([
      { type: 'ensure offsets', tag: 'gray', topics: ['A', 'B'], isDeclared: true, isHeld: false },
    ]);
    on(markers());
    on(canaries());
    expect(machine.isReady).toBe(false);
    const answer = on({ type: 'offsets ensured', tag: 'gray', asked: ['A', 'B'], topics: ['A'] });
    expect(done(answer)).toEqual([{ type: 'exclude tags', topic: 'A', tags: ['gray'] }]);
    expect(said(answer)).toEqual(['group1, A: gray is managed (declared), its messages are those of group1_gray']);
    expect(machine.isReady).toBe(true);
  });

  it('asks again, after a while, for offsets that could not be ensured', () => {
    const { on, seconds } = handOver(['gray']);
    on(subscribed('A'));
    on({ type: 'offsets ensured', tag: 'gray', asked: ['A'], topics: [] });
    expect(done(on(unknown))).toEqual([]);
    seconds(5);
    expect(done(on(unknown))).toMatchObject([{ type: 'ensure offsets', topics: ['A'] }]);
  });

  it('takes the messages itself again on a topic that has a queue without an offset', () => {
    const { on } = handOver(['gray']);
    on(subscribed('A'));
    on(canaries());
    on(ensured('gray', 'A'));
    expect(done(on({ type: 'queues changed', topics: ['A'], grown: ['A'] }))).toMatchObject([
      { type: 'ensure offsets', topics: ['A'] },
    ]);
    const uncovered = on({ type: 'offsets ensured', tag: 'gray', asked: ['A'], topics: [] });
    expect(done(uncovered)).toMatchObject([{ type: 'exclude tags', tags: [] }]);
    expect(said(uncovered)).toEqual([
      'group1, A: takes the messages of gray as well, since group1_gray has no offset on some of its queues',
    ]);
  });

  it('stands in when two answers in a row know no canary, and leaves with the first that does', () => {
    const { on } = handOver(['gray']);
    on(subscribed('A'));
    expect(done(on(canaries()))).toEqual([]);
    on(ensured('gray', 'A'));
    expect(done(on(unknown))).toEqual([]);
    expect(done(on(canaries()))).toEqual([{ type: 'start stand-in', tag: 'gray', topics: ['A'], isBeside: false }]);
    expect(said(on({ type: 'stand-in started', tag: 'gray' }))).toEqual([
      'group1_gray: stand-in on, no canary of gray is there',
    ]);
    const leaving = on(canaries('gray'));
    expect(done(leaving)).toEqual([{ type: 'end stand-in', tag: 'gray' }]);
    expect(said(leaving)).toEqual(['group1_gray: stand-in off, a canary of gray is there']);
    on({ type: 'stand-in ended', tag: 'gray' });
    expect(done(on(canaries('gray')))).toEqual([]);
  });

  it('takes the messages itself while nobody may say who is there, unless the canary is seen', () => {
    const { machine, on } = handOver(['gray']);
    on(subscribed('A'));
    on(markers());
    for (let round = 0; round < 10; round++) expect(done(on(unknown))).toEqual([]);
    expect(done(on(ensured('gray', 'A')))).toEqual([]);
    expect(machine.isReady).toBe(false);
    // One broker of several has seen it.
    expect(done(on({ type: 'canaries seen', tags: new Set(['gray']), isComplete: false }))).toEqual([
      { type: 'exclude tags', topic: 'A', tags: ['gray'] },
    ]);
    expect(done(on(canaries()))).toEqual([]);
    // Later it is known how to look: what was left out is looked after.
    expect(done(on(canaries()))).toEqual([{ type: 'start stand-in', tag: 'gray', topics: ['A'], isBeside: false }]);
    expect(done(on(unknown))).toEqual([]);
  });

  it('takes an answer about other tags for none', () => {
    const { machine, on } = handOver();
    const about = (...tags: string[]): HandOverEvent => ({
      type: 'canaries seen',
      tags: new Set(),
      isComplete: true,
      about: new Set(tags),
    });
    on(subscribed('A'));
    on(markers());
    on(about());
    expect(machine.isReady).toBe(true);
    on(markers({ tag: 'gray', phase: 'managed', at: 1 }));
    expect(done(on(ensured('gray', 'A')))).toEqual([]);
    for (let round = 0; round < 10; round++) expect(done(on(about('blue')))).toEqual([]);
    expect(machine.isReady).toBe(false);
    expect(done(on(about('gray')))).toEqual([{ type: 'exclude tags', topic: 'A', tags: ['gray'] }]);
    expect(machine.isReady).toBe(true);
    expect(done(on(about('blue')))).toEqual([]);
    expect(done(on(about('gray', 'blue')))).toEqual([
      { type: 'start stand-in', tag: 'gray', topics: ['A'], isBeside: false },
    ]);
  });

  it('does not take an answer that failed for the absence of a canary', () => {
    const { on } = handOver(['gray']);
    on(subscribed('A'));
    on(ensured('gray', 'A'));
    on(canaries('gray'));
    for (let round = 0; round < 10; round++) expect(done(on(unknown))).toEqual([]);
    // One that does not know it is not enough either.
    on(canaries());
    on(canaries('gray'));
    expect(done(on(canaries()))).toEqual([]);
  });

  it('leaves a stand-in that comes up late, after a canary', () => {
    const { on } = handOver(['gray']);
    on(subscribed('A'));
    on(ensured('gray', 'A'));
    on(canaries());
    on(canaries());
    expect(done(on(canaries('gray')))).toEqual([]);
    expect(done(on({ type: 'stand-in started', tag: 'gray' }))).toEqual([{ type: 'end stand-in', tag: 'gray' }]);
  });

  it('lets messages lie for nobody: the baseline takes them when no stand-in comes up', () => {
    const { on, seconds } = handOver(['gray']);
    on(subscribed('A'));
    on(ensured('gray', 'A'));
    on(canaries());
    on(canaries());
    const failed: HandOverEvent = { type: 'stand-in not started', tag: 'gray', isFailure: true };
    for (let attempt = 1; attempt < 3; attempt++) {
      expect(done(on(failed))).toEqual([]);
      seconds(5);
      expect(done(on(canaries()))).toMatchObject([{ type: 'start stand-in' }]);
    }
    const stranded = on(failed);
    expect(done(stranded)).toEqual([{ type: 'exclude tags', topic: 'A', tags: [] }]);
    expect(lines(stranded)).toContainEqual(expect.stringMatching(/^warn: /));
    seconds(30);
    expect(done(on(canaries()))).toMatchObject([{ type: 'start stand-in' }]);
    expect(done(on({ type: 'stand-in started', tag: 'gray' }))).toEqual([
      { type: 'exclude tags', topic: 'A', tags: ['gray'] },
    ]);
  });

  it('knows an undeclared tag by a canary or by a marker, and by nothing else', () => {
    for (const proof of [canaries('gray'), markers({ tag: 'gray', phase: 'managed', at: 1 })]) {
      const { on } = handOver();
      on(subscribed('A'));
      expect(done(on({ type: 'tag seen', tag: 'gray' }))).toEqual([]);
      expect(done(on(proof))).toEqual([
        { type: 'ensure offsets', tag: 'gray', topics: ['A'], isDeclared: false, isHeld: false },
      ]);
    }
  });

  it('never has anything to do with ignored tags', () => {
    const { on } = handOver([], ['gray']);
    on(subscribed('A'));
    expect(done(on(canaries('gray')))).toEqual([]);
    expect(done(on(markers({ tag: 'gray', phase: 'managed', at: 1 })))).toEqual([]);
  });

  it('extends a stand-in to a topic that is subscribed to later, and takes it away with it', () => {
    const { on } = handOver(['gray']);
    on(subscribed('A'));
    on(ensured('gray', 'A'));
    on(canaries());
    on(canaries());
    on({ type: 'stand-in started', tag: 'gray' });
    on(subscribed('B'));
    expect(done(on(ensured('gray', 'B')))).toEqual([
      { type: 'exclude tags', topic: 'B', tags: ['gray'] },
      { type: 'subscribe stand-in', tag: 'gray', topic: 'B' },
    ]);
    expect(done(on({ type: 'unsubscribed', topic: 'B' }))).toEqual([
      { type: 'unsubscribe stand-in', tag: 'gray', topic: 'B' },
    ]);
    expect(said(on({ type: 'unsubscribed', topic: 'A' }))).toEqual([
      'group1_gray: stand-in off, nothing is left to it',
    ]);
  });

  it('ends its stand-ins with the consumer, and begins nothing any more', () => {
    const { on } = handOver(['gray']);
    on(subscribed('A'));
    on(ensured('gray', 'A'));
    on(canaries());
    on(canaries());
    on({ type: 'stand-in started', tag: 'gray' });
    expect(done(on({ type: 'closing' }))).toEqual([{ type: 'end stand-in', tag: 'gray' }]);
    on({ type: 'stand-in ended', tag: 'gray' });
    expect(done(on(canaries()))).toEqual([]);
  });

  it('stands in before it leaves anything out, where a group has offsets only as it is polled', () => {
    const { on, seconds } = handOver(['gray'], [], true);
    on(subscribed('A'));
    on({ type: 'offsets ensured', tag: 'gray', asked: ['A'], topics: [] });
    on(canaries());
    expect(done(on(canaries()))).toEqual([{ type: 'start stand-in', tag: 'gray', topics: ['A'], isBeside: false }]);
    on({ type: 'stand-in started', tag: 'gray' });
    seconds(5);
    expect(done(on(canaries()))).toMatchObject([{ type: 'ensure offsets', topics: ['A'] }]);
    expect(done(on(ensured('gray', 'A')))).toEqual([{ type: 'exclude tags', topic: 'A', tags: ['gray'] }]);
  });

  it('is not ready for a topic that comes later until its offsets are ensured too', () => {
    const { machine, on } = handOver(['gray']);
    on(subscribed('A'));
    on(markers());
    on(canaries());
    on(ensured('gray', 'A'));
    expect(machine.isReady).toBe(true);
    expect(done(on(subscribed('B')))).toEqual([
      { type: 'ensure offsets', tag: 'gray', topics: ['B'], isDeclared: true, isHeld: false },
    ]);
    // One after the other.
    expect(done(on(subscribed('C')))).toEqual([]);
    expect(machine.isReady).toBe(false);
    expect(done(on(ensured('gray', 'B')))).toEqual([
      { type: 'ensure offsets', tag: 'gray', topics: ['C'], isDeclared: true, isHeld: false },
      { type: 'exclude tags', topic: 'B', tags: ['gray'] },
    ]);
    expect(machine.isReady).toBe(false);
    // Offsets that could not be ensured are tried again: nobody waits for that.
    on({ type: 'offsets ensured', tag: 'gray', asked: ['C'], topics: [] });
    expect(machine.isReady).toBe(true);
    on({ type: 'unsubscribed', topic: 'B' });
    expect(done(on(subscribed('B')))).toMatchObject([{ type: 'ensure offsets', topics: ['B'] }]);
    expect(machine.isReady).toBe(false);
  });

  it('keeps the stand-in of a tag whose messages come again after it was given up', () => {
    const { machine, on } = longIdle();
    const [drain] = done(on(canaries())) as Extract<HandOverAction, { type: 'tell when drained' }>[];
    const drained = on({ type: 'drained', tag: 'gray', id: drain?.id ?? -1, isDeclaredElsewhere: false });
    expect(done(drained)).toMatchObject([{ type: 'write marker' }, { type: 'exclude tags', topic: 'A', tags: [] }]);
    expect(machine.tags()).toMatchObject([{ phase: 'draining', standIn: 'running' }]);

    expect(done(on({ type: 'tag seen', tag: 'gray' }))).toMatchObject([{ type: 'ensure offsets', topics: ['A'] }]);
    expect(machine.tags()).toMatchObject([{ phase: 'managed', standIn: 'running' }]);
    expect(done(on(ensured('gray', 'A')))).toEqual([{ type: 'exclude tags', topic: 'A', tags: ['gray'] }]);
    // Where its offsets cannot be ensured the baseline takes them itself.
    on({ type: 'queues changed', topics: ['A'], grown: ['A'] });
    expect(done(on({ type: 'offsets ensured', tag: 'gray', asked: ['A'], topics: [] }))).toEqual([
      { type: 'exclude tags', topic: 'A', tags: [] },
      { type: 'end stand-in', tag: 'gray' },
    ]);
  });

  it('does not give a tag up that somebody else declares, or that messages come of', () => {
    for (const isDeclaredElsewhere of [true, false]) {
      const { on } = longIdle();
      const [drain] = done(on(canaries()));
      expect(drain).toMatchObject({ type: 'tell when drained', tag: 'gray', topics: ['A'] });
      if (!isDeclaredElsewhere) on({ type: 'tag seen', tag: 'gray' });
      const { id } = drain as Extract<HandOverAction, { type: 'tell when drained' }>;
      const answer = on({ type: 'drained', tag: 'gray', id, isDeclaredElsewhere });
      expect(done(answer).filter(({ type }) => type === 'exclude tags')).toEqual([]);
    }
  });
});
