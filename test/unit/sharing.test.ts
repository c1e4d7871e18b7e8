/** What the consumers of a family share: room for messages in hand, and turns of handlers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/rocketmq/remoting/clock';
import { type RoomMember, sharedRoom } from '../../src/rocketmq/sharing/room';
import { handlerTurns } from '../../src/rocketmq/sharing/turns';
import { propertyRuns } from './property-runs';

describe('handlerTurns', () => {
  it('lets in as many as may run, then who has the fewest running, and turns away those of one owner', async () => {
    const turns = handlerTurns(() => 2);
    const [main, standIn] = [{}, {}];
    const order: string[] = [];
    const enter = async (name: string, owner: object) => {
      const turn = turns.enter(owner);
      order.push(turn === undefined || (await turn) ? name : `${name} not`);
    };
    const all = [enter('a', main), enter('b', main), enter('c', main), enter('d', standIn), enter('e', standIn)];
    await Promise.all(all.slice(0, 2));
    turns.leave(main);
    await all[3];
    turns.turnAway(standIn);
    await all[4];
    turns.leave(standIn);
    await all[2];
    expect(order).toEqual(['a', 'b', 'd', 'e not', 'c']);
    // Two run: b and c. When both have left, two more may.
    turns.leave(main);
    turns.leave(main);
    expect([turns.enter(main), turns.enter(standIn)]).toEqual([undefined, undefined]);
  });

  it('takes those who wait in turn', async () => {
    const turns = handlerTurns(() => 1);
    const owners = ['a', 'b', 'c'].map(name => ({ name }));
    const order: string[] = [];
    turns.enter(owners[0] as object);
    const waits = owners.flatMap(owner => [0, 1].map(() => turns.enter(owner)?.then(() => order.push(owner.name))));
    for (let i = 0; i < waits.length; i++) {
      turns.leave((owners.find(({ name }) => name === order.at(-1)) ?? owners[0]) as object);
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(order.join('')).toBe('abcabc');
  });
});

/** A family at a broker: what polls are under way, and what is in hand. */
class World {
  time = 0;
  readonly timers: { readonly at: number; readonly work: () => void }[] = [];
  readonly members: { member: RoomMember<object>; queues: Queue[] }[] = [];
  readonly room;
  mostInHand = 0;

  constructor(readonly limit: number) {
    const clock = {
      now: () => this.time,
      after: (ms: number, work: () => void) => {
        const timer = { at: this.time + ms, work };
        this.timers.push(timer);
        return () => void this.timers.splice(this.timers.indexOf(timer) >>> 0, 1);
      },
    } as Clock;
    this.room = sharedRoom<object>(
      { messages: () => limit, bytes: () => Number.POSITIVE_INFINITY, sizeOf: () => 1 },
      clock,
    );
  }

  join(carefully: boolean, queues: number): Queue[] {
    const entry = { member: this.room.join(carefully), queues: [] as Queue[] };
    for (let i = 0; i < queues; i++) entry.queues.push(new Queue(this, entry.member));
    this.members.push(entry);
    return entry.queues;
  }

  get queues(): Queue[] {
    return this.members.flatMap(({ queues }) => queues);
  }

  get inHand(): number {
    return this.queues.reduce((sum, queue) => sum + queue.hand.length, 0);
  }

  async pass(ms: number): Promise<void> {
    this.time += ms;
    for (const timer of [...this.timers].filter(({ at }) => at <= this.time)) {
      this.timers.splice(this.timers.indexOf(timer), 1);
      timer.work();
    }
    await settled();
  }

  /** Brokers answer polls at once, handlers end: `rounds` times. */
  async work(rounds: number, handledAtOnce: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      for (const queue of this.queues) queue.answer();
      this.mostInHand = Math.max(this.mostInHand, this.inHand);
      await settled();
      for (const queue of this.queues) queue.handle(handledAtOnce);
      await settled();
      await this.pass(1);
    }
  }
}

const settled = async () => {
  for (let i = 0; i < 3; i++) await Promise.resolve();
};

/** One queue of a consumer, polled as the client polls it. */
class Queue {
  readonly key = {};
  readonly hand: object[] = [];
  backlog = 0;
  handled = 0;
  /** Of the poll at the broker. */
  asked: number | undefined;
  isHeld = false;
  longestAsked = 0;

  constructor(
    readonly world: World,
    readonly member: RoomMember<object>,
  ) {}

  poll(wanted = 32): void {
    if (this.asked !== undefined || this.isHeld) return;
    const count = this.member.ask(this.key, wanted);
    const send = (granted: number) => {
      this.isHeld = false;
      if (granted === 0) {
        this.poll(wanted);
        return;
      }
      this.asked = granted;
      this.longestAsked = Math.max(this.longestAsked, granted);
    };
    if (typeof count === 'number') {
      send(count);
      return;
    }
    this.isHeld = true;
    void count.then(send);
  }

  answer(): void {
    if (this.asked === undefined || this.backlog === 0) return;
    const messages = Array.from({ length: Math.min(this.asked, this.backlog) }, () => ({}));
    this.backlog -= messages.length;
    this.asked = undefined;
    this.hand.push(...messages);
    this.member.brought(this.key, messages);
    this.poll();
  }

  handle(most: number): void {
    for (const message of this.hand.splice(0, most)) {
      this.handled++;
      this.member.ended(message);
    }
  }
}

describe('sharedRoom', () => {
  it('gives all of it to the one that has something to do', async () => {
    const world = new World(1024);
    const main = world.join(false, 8);
    for (let i = 0; i < 100; i++) world.join(true, 8);
    for (const queue of world.queues) queue.poll();
    await world.pass(1000);
    for (const queue of main) queue.backlog = 10_000;
    await world.work(50, 32);
    // The polls that were under way are as large as the client's own; so are all others.
    for (const queue of main) expect([queue.handled, queue.longestAsked]).toEqual([50 * 32, 32]);
  });

  it('lets both go on where handlers are slow and both have a backlog', async () => {
    const world = new World(64);
    const main = world.join(false, 4);
    const guest = world.join(true, 4);
    for (const queue of world.queues) queue.poll();
    for (const queue of main) queue.backlog = 10_000;
    await world.work(100, 0);
    expect(world.inHand).toBeGreaterThanOrEqual(64);
    for (const queue of guest) queue.backlog = 10_000;
    await world.work(200, 1);
    const before = [main, guest].map(sum);
    await world.work(400, 1);
    const [ofMain, ofGuest] = [main, guest].map((queues, i) => sum(queues) - (before[i] as number)) as [number, number];
    expect(Math.min(ofMain, ofGuest) / Math.max(ofMain, ofGuest)).toBeGreaterThan(0.8);
  });

  it('asks for little where nothing was known to lie, and for more as it comes', async () => {
    const world = new World(1024);
    const [queue] = world.join(true, 1) as [Queue];
    queue.poll();
    expect(queue.asked).toBe(1);
    queue.backlog = 100;
    await world.work(8, 100);
    expect([queue.handled, queue.longestAsked]).toEqual([100, 32]);
  });

  it('counts bytes too', async () => {
    const room = sharedRoom<object>({ messages: () => 1000, bytes: () => 10, sizeOf: () => 6 });
    const [one, other] = [room.join(false), room.join(false)];
    const [key, message, second] = [{}, {}, {}];
    expect(one.ask(key, 2)).toBe(2);
    one.brought(key, [message, second]);
    // 12 bytes in hand: a queue with nothing may ask for one, a queue with something waits.
    expect(other.ask({}, 8)).toBe(1);
    const held = one.ask(key, 8);
    expect(held).toBeInstanceOf(Promise);
    one.ended(message);
    expect(await held).toBe(8);
  });

  it('answers those who wait with nothing when their consumer leaves, and when it takes too long', async () => {
    const world = new World(1);
    const [queue] = world.join(false, 1) as [Queue];
    queue.backlog = 1;
    queue.poll();
    queue.answer();
    const { member, key } = queue;
    expect(queue.isHeld).toBe(true);
    await world.pass(20_000);
    // It asked again, and is held again.
    expect([queue.isHeld, queue.asked]).toEqual([true, undefined]);
    const held = member.ask(key, 1);
    member.leave();
    expect(await held).toBe(0);
    expect(member.ask(key, 7)).toBe(7);
  });

  it('holds the limit, but for one message of each queue, and never holds anybody for ever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.array(
          fc.record({
            at: fc.nat(),
            backlog: fc.integer({ min: 1, max: 200 }),
            handled: fc.integer({ max: 40, min: 0 }),
          }),
          { maxLength: 30 },
        ),
        async (limit, sizes, steps) => {
          const world = new World(limit);
          sizes.forEach((size, index) => void world.join(index > 0, size));
          const { queues } = world;
          // As the client does: the application's own consumer shares the limit out among its queues.
          const share = Math.max(1, Math.floor(limit / (world.members[0]?.queues.length ?? 1)));
          for (const queue of queues) queue.poll(Math.min(32, share));
          await world.pass(1000);
          const idle = queues.reduce((total, { asked = 0 }) => total + asked, 0);
          for (const { at, backlog, handled } of steps) {
            (queues[at % queues.length] as Queue).backlog += backlog;
            await world.work(1, handled);
          }
          expect(world.mostInHand).toBeLessThanOrEqual(limit + Math.max(idle, queues.length));
          for (let i = 0; i < 5_000 && queues.some(({ backlog }) => backlog > 0); i++) await world.work(1, 40);
          expect(queues.map(({ backlog }) => backlog)).toEqual(queues.map(() => 0));
        },
      ),
      { numRuns: propertyRuns(200) },
    );
  });
});

const sum = (queues: readonly Queue[]) => queues.reduce((total, { handled }) => total + handled, 0);
