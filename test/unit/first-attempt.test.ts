import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFirstAttempt } from '../../src/routing/first-attempt';

describe('the first attempt to connect', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is waited for until it is over', () => {
    const attempt = startFirstAttempt();
    const goOn = vi.fn(() => expect(attempt.state).toBe('down'));
    attempt.onSettled(goOn);
    expect(attempt.state).toBe('connecting');
    attempt.end();
    attempt.end();
    vi.runAllTimers();
    expect(goOn).toHaveBeenCalledTimes(1);
    expect(attempt.state).toBe('down');
  });

  it('is waited for a second, and told once more to those who wait on', () => {
    const attempt = startFirstAttempt();
    const states: string[] = [];
    const goOn = () => {
      states.push(attempt.state);
      // A call that chooses again may come to wait for the same once more.
      if (states.length < 2) attempt.onSettled(goOn);
    };
    attempt.onSettled(goOn);
    vi.advanceTimersByTime(999);
    expect(states).toEqual([]);
    vi.advanceTimersByTime(1);
    vi.advanceTimersToNextTimer();
    expect(states).toEqual(['slow']);
    attempt.end();
    expect(states).toEqual(['slow', 'down']);
  });
});
