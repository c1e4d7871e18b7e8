/** Time that passes only when it is told to. What is due in it happens one after the other, each with all that follows from it. */

interface Due {
  at: number;
  readonly order: number;
  readonly work: () => void;
  isCancelled: boolean;
}

export class VirtualTime {
  /** Ms. */
  now = 1_000_000;
  private readonly heap: Due[] = [];
  private count = 0;

  after(ms: number, work: () => void): () => void {
    const due = { at: this.now + Math.max(0, ms), order: this.count++, work, isCancelled: false };
    this.push(due);
    return () => {
      due.isCancelled = true;
    };
  }

  /** Lets so much time pass (ms). */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settled();
    for (let due = this.heap[0]; due !== undefined && due.at <= end; due = this.heap[0]) {
      this.pop();
      if (due.isCancelled) continue;
      this.now = Math.max(this.now, due.at);
      due.work();
      await settled();
    }
    this.now = end;
  }

  /** Everybody's clock goes ahead (ms), and nothing has happened meanwhile. */
  skip(ms: number): void {
    this.now += ms;
    // All by the same: the order stays.
    for (const due of this.heap) due.at += ms;
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(due, heap[parent] as Due)) break;
      heap[at] = heap[parent] as Due;
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Everything that promises have to do is done. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
