import { describe, expect, it } from 'vitest';
import { rounds } from '../../src/rocketmq/hand-over/rounds';
import { SimulatedProcess } from './simulation/network';
import { World } from './simulation/world';

/** Questions that take so long to answer, and how often each was asked. */
function asking(takesMs: number, fails = false) {
  const world = new World(1, true);
  const { clock } = new SimulatedProcess(world.network);
  const asked = { often: 0, seldom: 0 };
  const failures: string[] = [];
  const question = (name: keyof typeof asked, every: number) => ({
    every,
    async ask() {
      asked[name]++;
      await clock.sleep(takesMs);
      if (fails) throw new Error(`${name} failed`);
    },
  });
  const questions = rounds(clock, [question('often', 1_000), question('seldom', 5_000)], ({ message }) => {
    failures.push(message);
  });
  return { world, asked, failures, questions };
}

describe('questions asked in rounds', () => {
  it('are asked each in its own time', async () => {
    const { world, asked, questions } = asking(10);
    void questions.askNow();
    await world.pass(10_500);
    expect(asked).toEqual({ often: 11, seldom: 3 });
  });

  it('are not asked again because somebody wants to know now, unless they are due', async () => {
    const { world, asked, questions } = asking(10);
    for (let count = 0; count < 5; count++) {
      void questions.askNow();
      await world.pass(100);
    }
    expect(asked).toEqual({ often: 1, seldom: 1 });
  });

  it('are never asked twice at once', async () => {
    const { world, asked } = asking(2_500);
    await world.pass(10_500);
    expect(asked).toEqual({ often: 4, seldom: 2 });
  });

  it('are asked again after they failed, each failure told', async () => {
    const { world, asked, failures, questions } = asking(10, true);
    let isAnswered = false;
    void questions.askNow().then(() => {
      isAnswered = true;
    });
    await world.pass(1_500);
    expect(isAnswered).toBe(true);
    expect(asked).toEqual({ often: 2, seldom: 1 });
    expect(failures.sort()).toEqual(['often failed', 'often failed', 'seldom failed']);
  });

  it('are not asked any more once that is over', async () => {
    const { world, asked, questions } = asking(10);
    questions.stop();
    await world.pass(10_000);
    expect(asked).toEqual({ often: 0, seldom: 0 });
  });
});
