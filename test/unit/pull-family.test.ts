import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PullFamily, type PullMember, pullFamily } from '../../src/rocketmq/pull/pull-family';
import { propertyRuns } from './property-runs';

/** A consumer whose polls end when the test says so. */
function fakeMember() {
  const polls: { max: number; invisible: number; end(messages: string[]): void; fail(error: Error): void }[] = [];
  const member = {
    polls,
    returned: [] as string[],
    renewed: [] as [string, number][],
    errors: [] as unknown[],
    /** Messages that are another's by now. */
    lost: new Set<string>(),
    poll: (max: number, invisible: number) =>
      new Promise<string[]>((resolve, reject) => polls.push({ max, invisible, end: resolve, fail: reject })),
    async renew(message: string, invisible: number) {
      member.renewed.push([message, invisible]);
      if (member.lost.has(message)) throw new Error('too late');
    },
    async giveBack(messages: readonly string[]) {
      member.returned.push(...messages);
    },
    onError: (error: unknown) => void member.errors.push(error),
    kept: [] as string[],
    onKept: (message: string) => void member.kept.push(message),
  } satisfies PullMember<string> & Record<string, unknown>;
  return member;
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const INVISIBLE = 20_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setup(count = 1) {
  const main = fakeMember();
  const family = pullFamily<string>(main);
  const standIns = Array.from({ length: count }, fakeMember);
  for (const standIn of standIns) family.add(standIn);
  /** Calls receive() and tells what came of it. */
  const receive = (max = 10, invisible = INVISIBLE) => {
    const outcome: { value?: string[]; error?: unknown } = {};
    family.receive(max, invisible).then(
      value => {
        outcome.value = value;
      },
      error => {
        outcome.error = error;
      },
    );
    return outcome;
  };
  return { main, family, standIns, standIn: standIns[0] as ReturnType<typeof fakeMember>, receive };
}

describe('without a stand-in', () => {
  it.each([
    ['messages', ['a', 'b']],
    ['none', []],
  ])('receives %s as the consumer does', async (_name, messages) => {
    const { main, receive } = setup(0);
    const outcome = receive(3, 15_000);
    expect(main.polls).toMatchObject([{ max: 3, invisible: 15_000 }]);
    main.polls[0]?.end(messages);
    await settle();
    expect(outcome).toEqual({ value: messages });
  });

  it('passes errors on as they are', async () => {
    const { main, receive } = setup(0);
    const outcome = receive();
    const error = new Error('as it is');
    main.polls[0]?.fail(error);
    await settle();
    expect(outcome.error).toBe(error);
  });
});

it('is answered by whoever brings something first; the polls that are on their way are taken on by the next call', async () => {
  const { main, standIn, receive } = setup();
  const first = receive();
  standIn.polls[0]?.end(['g1']);
  await settle();
  expect(first.value).toEqual(['g1']);
  const second = receive();
  expect([main.polls.length, standIn.polls.length]).toEqual([1, 2]);
  main.polls[0]?.end(['b1']);
  await settle();
  expect(second.value).toEqual(['b1']);
});

it('asks a stand-in that comes while a call waits', async () => {
  const { main, family, receive } = setup(0);
  const outcome = receive();
  const late = fakeMember();
  family.add(late);
  late.polls[0]?.end(['g']);
  await settle();
  expect(outcome.value).toEqual(['g']);
  expect(main.polls).toHaveLength(1);
});

it('keeps what comes when nobody asks, renews it when it is handed out late, and hands it out before it polls again', async () => {
  const { main, standIn, receive } = setup();
  receive();
  main.polls[0]?.end(['b1']);
  await settle();
  standIn.polls[0]?.end(['g1', 'g2', 'g3']);
  await vi.advanceTimersByTimeAsync(2000);
  const [first, second] = [receive(2), receive(2)];
  await settle();
  expect([first.value, second.value]).toEqual([['g1', 'g2'], ['g3']]);
  expect([main.kept, standIn.kept]).toEqual([[], ['g1', 'g2', 'g3']]);
  expect(standIn.renewed).toEqual(['g1', 'g2', 'g3'].map(message => [message, INVISIBLE]));
  expect([main.polls.length, standIn.polls.length]).toEqual([1, 1]);
  await vi.advanceTimersByTimeAsync(INVISIBLE);
  expect(standIn.returned).toEqual([]);
});

it('does not renew what has just come', async () => {
  const { main, standIn, receive } = setup();
  receive();
  main.polls[0]?.end(['b1']);
  standIn.polls[0]?.end(['g1']);
  await settle();
  const next = receive();
  await settle();
  expect([next.value, standIn.renewed]).toEqual([['g1'], []]);
});

it('hides what nobody asked for anew when half of its invisible time is gone, four times, and then returns it', async () => {
  const { main, standIn, receive } = setup();
  receive();
  standIn.polls[0]?.end(['g1']);
  await settle();
  main.polls[0]?.end(['b1', 'b2']);
  const both = ['b1', 'b2'].map(message => [message, INVISIBLE]);
  for (let renewals = 1; renewals <= 4; renewals++) {
    await vi.advanceTimersByTimeAsync(INVISIBLE / 2);
    expect(main.renewed).toEqual(Array.from({ length: renewals }, () => both).flat());
  }
  await vi.advanceTimersByTimeAsync(INVISIBLE / 2 - 1);
  expect(main.returned).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(main.returned).toEqual(['b1', 'b2']);
  const next = receive();
  await settle();
  expect(next).toEqual({});
});

it('hands out what is being hidden anew once it is, and gives it back only then', async () => {
  for (const isLate of [false, true]) {
    const { main, standIn, family, receive } = setup();
    let hidden: (() => void) | undefined;
    standIn.renew = (message: string, invisible: number) => {
      standIn.renewed.push([message, invisible]);
      return new Promise((resolve, reject) => {
        hidden = isLate ? () => reject(new Error('too late')) : resolve;
      });
    };
    receive();
    main.polls[0]?.end(['b1']);
    standIn.polls[0]?.end(['g1']);
    await vi.advanceTimersByTimeAsync(INVISIBLE / 2);
    expect(standIn.renewed).toHaveLength(1);
    const next = receive();
    await settle();
    expect(next).toEqual({});
    hidden?.();
    await settle();
    if (isLate) {
      // Once more: the answer to the first try may have been lost.
      hidden?.();
      await settle();
      expect([next, standIn.renewed.length]).toEqual([{}, 2]);
      continue;
    }
    expect([next.value, standIn.renewed.length]).toEqual([['g1'], 1]);

    receive();
    main.polls[1]?.end(['b2']);
    standIn.polls[1]?.end(['g2']);
    await vi.advanceTimersByTimeAsync(INVISIBLE / 2);
    const removed = family.remove(standIn);
    await settle();
    expect(standIn.returned).toEqual([]);
    hidden?.();
    await removed;
    expect(standIn.returned).toEqual(['g2']);
  }
});

it('goes on waiting when what was kept is too old', async () => {
  const { main, standIn, receive } = setup();
  receive();
  main.polls[0]?.end(['b1']);
  standIn.polls[0]?.end(['g1']);
  await vi.advanceTimersByTimeAsync(5000);
  standIn.lost.add('g1');
  const next = receive();
  await settle();
  expect(next).toEqual({});
  main.polls[1]?.end(['b2']);
  await settle();
  expect(next.value).toEqual(['b2']);
});

it('answers nothing, or an error, when the main consumer does; not when a stand-in does', async () => {
  const { main, standIn, receive } = setup();
  const first = receive();
  standIn.polls[0]?.fail(new Error('of the stand-in'));
  await settle();
  expect([first, standIn.errors.length]).toEqual([{}, 1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(standIn.polls).toHaveLength(2);
  standIn.polls[1]?.end([]);
  await vi.advanceTimersByTimeAsync(100);
  expect([first, standIn.polls.length]).toEqual([{}, 3]);
  main.polls[0]?.end([]);
  await settle();
  expect(first.value).toEqual([]);

  const second = receive();
  main.polls[1]?.fail(new Error('of the application'));
  await settle();
  expect(second.error).toMatchObject({ message: 'of the application' });
  expect([main.polls.length, standIn.polls.length]).toEqual([2, 3]);
});

it('never hands out anything of a stand-in that left', async () => {
  const { main, family, standIn, receive } = setup();
  receive();
  main.polls[0]?.end(['b1']);
  standIn.polls[0]?.end(['g1', 'g2']);
  await settle();
  const waits = receive(1);
  await settle();
  expect(waits.value).toEqual(['g1']);
  const next = receive(1);
  await settle();
  expect(next.value).toEqual(['g2']);
  const last = receive();
  let hasEnded = false;
  void family.remove(standIn).then(() => {
    hasEnded = true;
  });
  await settle();
  expect(hasEnded).toBe(false);
  standIn.polls[1]?.end(['g3', 'g4']);
  await settle();
  expect([last, standIn.returned, hasEnded]).toEqual([{}, ['g3', 'g4'], true]);
  main.polls[1]?.end(['b2']);
  await settle();
  expect(last.value).toEqual(['b2']);
});

it('gives back what is kept, and what polls still bring for a while, when the application closes its consumer', async () => {
  const { main, family, standIns, receive } = setup(2);
  const [first, second] = standIns as [ReturnType<typeof fakeMember>, ReturnType<typeof fakeMember>];
  receive();
  first.polls[0]?.end(['g1']);
  await settle();
  receive();
  main.polls[0]?.end(['b1']);
  await settle();
  second.polls[0]?.end(['h1']);
  await settle();
  let hasEnded = false;
  void family.close(new Promise(resolve => setTimeout(resolve, 3000))).then(() => {
    hasEnded = true;
  });
  await settle();
  expect([second.returned, hasEnded]).toEqual([['h1'], false]);
  first.polls[1]?.end(['g2']);
  await settle();
  expect([first.returned, hasEnded]).toEqual([['g2'], true]);
});

it('waits for polls no longer than that, and gives back nothing afterwards', async () => {
  const { main, family, standIn, receive } = setup();
  receive();
  standIn.polls[0]?.end(['g1', 'g2']);
  await settle();
  await Promise.all([
    family.close(new Promise(resolve => setTimeout(resolve, 3000))),
    vi.advanceTimersByTimeAsync(3000),
  ]);
  main.polls[0]?.end(['b1']);
  await vi.advanceTimersByTimeAsync(INVISIBLE);
  expect(main.returned).toEqual([]);
});

/** What can happen; numbers choose among what is there. */
const event = fc.oneof(
  fc.record({ kind: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('end' as const), which: fc.nat(20), messages: fc.nat(5) }),
  fc.record({ kind: fc.constant('fail' as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 12_000 }) }),
  fc.record({ kind: fc.constant('join' as const) }),
  fc.record({ kind: fc.constant('leave' as const), which: fc.nat(3) }),
);

it('hands each message out once, or gives it back, and never more than was asked for, in any order of events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async events => {
      const main = fakeMember();
      const family: PullFamily<string> = pullFamily<string>(main);
      const members = [main];
      let joined: ReturnType<typeof fakeMember>[] = [];
      let sent = 0;
      let waiting = 0;
      const brought: string[] = [];
      const handedOut: string[] = [];
      const open = () => members.flatMap(({ polls }) => polls);
      const take = (which: number) => {
        const member = members.filter(({ polls }) => polls.length > 0)[0];
        if (member === undefined) return undefined;
        const all = open();
        const poll = all[which % all.length];
        for (const { polls } of members) {
          const index = polls.indexOf(poll as (typeof polls)[number]);
          if (index !== -1) polls.splice(index, 1);
        }
        return poll;
      };
      for (const one of events) {
        if (one.kind === 'receive') {
          waiting++;
          family.receive(one.max, INVISIBLE).then(
            messages => {
              waiting--;
              expect(messages.length).toBeLessThanOrEqual(one.max);
              handedOut.push(...messages);
            },
            () => waiting--,
          );
        } else if (one.kind === 'end') {
          const poll = take(one.which);
          const messages = Array.from({ length: Math.min(one.messages, poll?.max ?? 0) }, () => `m${sent++}`);
          if (poll !== undefined) brought.push(...messages);
          poll?.end(messages);
        } else if (one.kind === 'fail') take(one.which)?.fail(new Error('as it happens'));
        else if (one.kind === 'time') await vi.advanceTimersByTimeAsync(one.ms);
        else if (one.kind === 'join') {
          const member = fakeMember();
          members.push(member);
          joined.push(member);
          family.add(member);
        } else {
          const member = joined[one.which % Math.max(1, joined.length)];
          if (member === undefined) continue;
          joined = joined.filter(other => other !== member);
          const before = handedOut.length;
          void family.remove(member);
          expect(handedOut).toHaveLength(before);
        }
        await settle();
      }
      // The end: every poll ends, and nobody asks any more.
      for (let i = 0; open().length > 0 && i < 200; i++) {
        take(0)?.end([]);
        await vi.advanceTimersByTimeAsync(100);
      }
      await vi.advanceTimersByTimeAsync(3 * INVISIBLE);
      const returned = members.flatMap(member => member.returned);
      expect([...handedOut, ...returned].sort()).toEqual(brought.sort());
      expect(waiting).toBe(0);
    }),
    { numRuns: propertyRuns(300) },
  );
});
