/** The clock as this process has it. Simulations bring their own. */

/** Its timers keep no process alive: what the application waits for is `keepingAlive`. */
export interface Clock {
  /** Ms, by a clock that nobody sets. */
  now(): number;
  /** Ms since 1970, by the system's clock, which somebody may set. */
  systemTime(): number;
  sleep(ms: number): Promise<void>;
  /** @returns what cancels it */
  after(ms: number, work: () => void): () => void;
  /** @returns what ends it */
  every(ms: number, work: () => void): () => void;
}

// In each bundle: it only asks the system.
export const systemClock: Clock = {
  now: () => performance.now(),
  systemTime: () => Date.now(),
  sleep: ms => new Promise(resolve => void setTimeout(resolve, ms).unref()),
  after(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
  every(ms, work) {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
};
