import { describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/instrumentations/rocketmq-client-nodejs/client';
import { restBetweenPolls, restMs } from '../../src/instrumentations/rocketmq-client-nodejs/poll-rests';
import { VirtualTime } from './simulation/time';

const MANY = 17;
const [A_SECOND, LONG] = [1_000, 60_000];

describe('how long a stand-in rests', () => {
  it.each([
    ['one of many that had nothing for long', { standIns: MANY, silentMs: LONG, tookMs: A_SECOND }, 3_000],
    ['one of few', { standIns: MANY - 1, silentMs: LONG, tookMs: A_SECOND }, 0],
    ['one that got something lately', { standIns: MANY, silentMs: 29_999, tookMs: A_SECOND }, 0],
    ['one whose poll waited by itself', { standIns: MANY, silentMs: LONG, tookMs: 30_000 }, 0],
  ])('%s', (_name, pace, expected) => {
    expect(restMs(pace)).toBe(expected);
  });
});

describe('rests between polls', () => {
  /** A client that polls all the time, a second for each; `brings` says what comes. */
  function polling(time: VirtualTime, brings: () => MessageView[] = () => []) {
    const sleep = (ms: number) => new Promise<void>(resolve => void time.after(ms, resolve));
    const client = {
      async receiveMessage(): Promise<MessageView[]> {
        await sleep(A_SECOND);
        return brings();
      },
    };
    const end = restBetweenPolls(client, { now: () => time.now, sleep });
    const poll = () => client.receiveMessage();
    const counted = { polls: 0, isOver: false, end };
    void (async () => {
      while (!counted.isOver) {
        await poll();
        counted.polls++;
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
});
