/** Asks the same questions again and again, each in its own time and never twice at once. */
import type { Clock } from '../remoting/clock';

export interface Question {
  /** Ms from one question to the next. */
  readonly every: number;
  ask(): Promise<void>;
}

export interface Rounds {
  /** Asks what is due now; settles when that is answered. Never rejects. */
  askNow(): Promise<void>;
  stop(): void;
}

/** How often it is looked what is due, ms. */
const ROUND_MS = 1_000;

/** @param onFailure told of each question that failed */
export function rounds(clock: Clock, questions: readonly Question[], onFailure: (error: Error) => void): Rounds {
  const states = questions.map(question => ({ question, dueAt: Number.NEGATIVE_INFINITY, isAsking: false }));

  async function askNow(): Promise<void> {
    const now = clock.now();
    const due = states.filter(({ dueAt, isAsking }) => now >= dueAt && !isAsking);
    const asked = due.map(async state => {
      // A timer that fires a little early is not a round late.
      state.dueAt = now + state.question.every - ROUND_MS / 2;
      state.isAsking = true;
      try {
        await state.question.ask();
      } catch (error) {
        onFailure(error as Error);
      } finally {
        state.isAsking = false;
      }
    });
    await Promise.all(asked);
  }

  return { askNow, stop: clock.every(ROUND_MS, () => void askNow()) };
}
