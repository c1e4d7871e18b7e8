import { describe, expect, it } from 'vitest';
import { silence } from '../../src/rocketmq/hand-over/silence';
import { recordedLog } from './recorded-log';

function watched() {
  const lines: string[] = [];
  let time = 0;
  return {
    lines,
    state: silence('group1', recordedLog(lines), () => time),
    seconds: (count: number) => {
      time += 1_000 * count;
    },
  };
}

describe('nobody says which canaries are there', () => {
  it('is said once when it lasts, and when it is over', () => {
    const { lines, state, seconds } = watched();
    for (let outage = 0; outage < 2; outage++) {
      state.answered();
      for (let second = 0; second < 29; second++) {
        seconds(1);
        state.unanswered('broker-b is away');
        expect(state).toMatchObject({ isLong: false, problem: 'broker-b is away' });
      }
      for (let second = 0; second < 60; second++) {
        seconds(1);
        state.unanswered('broker-b is away');
        expect(state.isLong).toBe(true);
      }
      state.answered();
      expect(state).toMatchObject({ isLong: false, problem: undefined });
    }
    const outage = [
      'warn: group1: for 30 s nobody has said which canaries are there (broker-b is away): until somebody does, no stand-in starts, and those that run go on',
      'info: group1: it is known again which canaries are there',
    ];
    expect(lines).toEqual([...outage, ...outage]);
  });

  it('is not said of what was never known', () => {
    const { lines, state, seconds } = watched();
    for (let second = 0; second < 60; second++) {
      seconds(1);
      state.unanswered(undefined);
    }
    expect(state).toMatchObject({ isLong: false, problem: 'no server answered' });
    state.answered();
    expect(lines).toEqual([]);
  });
});
