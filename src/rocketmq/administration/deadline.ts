import type { Clock } from '../remoting/clock';

/** The end of the time for a whole operation of many requests. */
export class Deadline {
  readonly #end: number;
  #over = false;

  constructor(
    readonly timeoutMs: number,
    readonly clock: Clock,
  ) {
    this.#end = clock.now() + timeoutMs;
  }

  /** @throws Error after the deadline */
  check(): void {
    if (this.#over || this.clock.now() >= this.#end) throw this.#error();
  }

  /** Settles as the work does, or fails at the deadline; the work is then no longer waited for. */
  bound<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(this.#end - this.clock.now(), () => {
        // Said once, it holds: a timer may fire a little before its time.
        this.#over = true;
        reject(this.#error());
      });
      work.then(resolve, reject).finally(cancel);
    });
  }

  #error(): Error {
    return new Error(`not done within ${this.timeoutMs} ms`);
  }
}
