import { describe, expect, it } from 'vitest';
import type { MessageView, PushConsumer } from '../../src/instrumentations/rocketmq-client-nodejs/client';
import { isAtRest, restBetweenPolls } from '../../src/instrumentations/rocketmq-client-nodejs/poll-rests';
import { VirtualTime } from './simulation/time';

const MANY = 17;
const [A_SECOND, LONG] = [1_000, 60_000];

describe('a stand-in', () => {
  it.each([
    ['rests where many had nothing for long', { standIns: MANY, silentMs: 30_000 }, true],
    ['does not rest as one of few', { standIns: MANY - 1, silentMs: LONG }, false],
    ['does not rest when it got something lately', { standIns: MANY, silentMs: 29_999 }, false],
  ])('%s', (_name, pace, expected) => {
    expect(isAtRest(pace)).toBe(expected);
  });
});

describe('rests between polls', () => {
  /** A client that polls all the time, `takesMs` for each; `brings` says what comes. It asks for its queues every 5 s. */
  function polling(time: VirtualTime, brings: () => MessageView[] = () => [], takesMs = A_SECOND) {
    const sleep = (ms: number) => new Promise<void>(resolve => void time.after(ms, resolve));
    const client = {
      async receiveMessage(): Promise<MessageView[]> {
        await sleep(takesMs);
        return brings();
      },
      rpcClientManager: {
        async queryAssignment(): Promise<unknown> {
          counted.questions++;
          return assignment;
        },
      },
    };
    const assignment = {
      getStatus: () => ({ getCode: () => counted.code }),
      getAssignmentsList: () => Array.from({ length: counted.queues }),
    };
    const counted = { polls: 0, questions: 0, isOver: false, code: 20_000, queues: 2, end: () => {} };
    counted.end = restBetweenPolls(client, { now: () => time.now, sleep });
    const ask = client.rpcClientManager.queryAssignment as PushConsumer['rpcClientManager']['queryAssignment'];
    const request = { getTopic: () => ({ getName: () => 'T' }) };
    const poll = () => client.receiveMessage();
    void (async () => {
      while (!counted.isOver) {
        await poll();
        counted.polls++;
      }
    })();
    void (async () => {
      while (!counted.isOver) {
        await sleep(5_000);
        expect(await ask({}, request, 3_000)).toBe(assignment);
      }
    })();
    return counted;
  }
  const many = (time: VirtualTime) => Array.from({ length: MANY - 1 }, () => polling(time));
  /** How many polls one makes meanwhile. */
  async function pollsIn(time: VirtualTime, one: { readonly polls: number }, ms: number): Promise<number> {
    const before = one.polls;
    await time.pass(ms);
    return one.polls - before;
  }
  const leave = (all: readonly { isOver: boolean; readonly end: () => void }[]) => {
    for (const one of all) {
      one.isOver = true;
      one.end();
    }
  };

  it('are made by many that get nothing, and by none that gets something', async () => {
    const time = new VirtualTime();
    const others = many(time);
    let message: MessageView[] = [];
    const one = polling(time, () => message);
    expect(await pollsIn(time, one, 20_000)).toBe(20);
    await time.pass(20_000);
    expect(await pollsIn(time, one, 40_000)).toBe(10);
    message = [{} as MessageView];
    await time.pass(5_000);
    message = [];
    expect(await pollsIn(time, one, 20_000)).toBeGreaterThanOrEqual(19);
    leave([...others, one]);
  });

  it('end for one that leaves, and for those that are few then', async () => {
    const time = new VirtualTime();
    const [first, ...others] = [...many(time), polling(time)] as const;
    await time.pass(LONG);
    // In the middle of its rest.
    while ((await pollsIn(time, first, 100)) === 0);
    await time.pass(A_SECOND + 500);
    const before = first.polls;
    leave([first]);
    await time.pass(0);
    expect(first.polls).toBe(before + 1);
    await time.pass(4_000);
    expect(await pollsIn(time, others[0] as { readonly polls: number }, 10_000)).toBe(10);
    leave(others);
  });

  it('are none where a poll waits by itself', async () => {
    const time = new VirtualTime();
    const all = [...many(time), polling(time, () => [], 20_000)];
    await time.pass(LONG);
    expect(await pollsIn(time, all.at(-1) as { readonly polls: number }, 100_000)).toBe(5);
    leave(all);
  });

  it('are made between questions for queues, as long as there are some', async () => {
    const time = new VirtualTime();
    const all = [...many(time), polling(time)];
    const one = all[0] as ReturnType<typeof polling>;
    const questionsIn = async (ms: number) => {
      const before = one.questions;
      await time.pass(ms);
      return one.questions - before;
    };
    expect(await questionsIn(25_000)).toBe(5);
    await time.pass(20_000);
    expect(await questionsIn(120_000)).toBe(4);
    one.queues = 0;
    await time.pass(30_000);
    expect(await questionsIn(20_000)).toBe(4);
    one.queues = 2;
    one.code = 50_001;
    expect(await questionsIn(20_000)).toBe(4);
    one.code = 20_000;
    await time.pass(5_000);
    expect(await questionsIn(60_000)).toBe(2);
    leave(all);
  });
});
