/** Stand-ins as they are started and ended, with nobody behind them: in which order, and what is told. */
import { describe, expect, it } from 'vitest';
import type { HandOverEvent } from '../../src/rocketmq/hand-over/events';
import type { HandOverSource } from '../../src/rocketmq/hand-over/source';
import type { StandIn } from '../../src/rocketmq/hand-over/stand-in';
import { standInRunner } from '../../src/rocketmq/hand-over/stand-in-runner';
import { handlerTurns } from '../../src/rocketmq/sharing/turns';
import { SimulatedProcess } from './simulation/network';
import { World } from './simulation/world';

const subscription = (topic: string, expression = '*') => ({ topic, filter: { type: 'TAG' as const, expression } });

function runner(
  make: () => Promise<StandIn | Error>,
  canaries: readonly string[] = [],
  isOver = () => false,
  turn?: () => Promise<() => void>,
) {
  const world = new World(1, true);
  const { clock } = new SimulatedProcess(world.network);
  const began = clock.now();
  /** What happened, with when, ms. */
  const story: string[] = [];
  const happened = (text: string) => void story.push(`${Math.round(clock.now() - began)} ${text}`);
  const told: HandOverEvent[] = [];
  const source: Pick<HandOverSource, 'announceStandIn' | 'canaries' | 'standIns' | 'readSubscriptions'> = {
    async announceStandIn(tag) {
      happened(`announces ${tag}`);
      return { refusal: undefined, withdraw: async () => happened(`withdraws ${tag}`) };
    },
    async canaries() {
      happened('looks for canaries');
      return {
        tags: new Set(canaries),
        withoutAgent: new Set(),
        isComplete: true,
        about: undefined,
        problem: undefined,
      };
    },
    readSubscriptions: async () => undefined,
    async standIns() {
      happened('looks for others');
      return new Set();
    },
  };
  const subscriptions = new Map(['orders', 'payments'].map(topic => [topic, subscription(topic)] as const));
  const runner = standInRunner(
    {
      source: source as HandOverSource,
      subscriptions,
      knownTags: new Set(['gray']),
      isOver,
      groupOf: tag => `group1_${tag}`,
      clock,
      log: world.log(),
      tell(event) {
        told.push(event);
        happened(event.type);
      },
    },
    async (tag, asked) => {
      happened(`makes one for ${tag}: ${asked.map(({ topic }) => topic)}`);
      const made = await make();
      if (made instanceof Error) throw made;
      return made;
    },
    turn,
  );
  const standIn: StandIn = {
    async subscribe({ topic, filter }) {
      happened(`subscribes to ${topic} ${filter.expression}`);
      if (filter.expression === 'bad') throw new Error('no such filter');
    },
    unsubscribe: topic => happened(`unsubscribes from ${topic}`),
    leave: async () => happened('leaves'),
    closed: Promise.resolve(),
  };
  return { world, clock, runner, story, told, subscriptions, standIn };
}

describe('a stand-in', () => {
  it('is announced, looks for canaries half a second later, and starts', async () => {
    const { world, runner: standIns, story, standIn } = runner(async () => standIn);
    standIns.start('gray', ['orders', 'payments'], false);
    await world.pass(1_000);
    standIns.end('gray');
    await standIns.settled();
    expect(story).toEqual([
      '0 announces gray',
      '500 looks for canaries',
      '500 makes one for gray: orders,payments',
      '500 stand-in started',
      '1000 leaves',
      '1000 withdraws gray',
      '1000 stand-in ended',
    ]);
  });

  it('gives way to a canary that came just before it', async () => {
    const { world, runner: standIns, story, told } = runner(async () => new Error('is not made'), ['gray', 'blue']);
    standIns.start('gray', ['orders'], false);
    await world.pass(3_000);
    expect(story.slice(2)).toEqual(['500 withdraws gray', '500 canaries seen', '500 stand-in not started']);
    expect(told).toEqual([
      { type: 'canaries seen', tags: new Set(['gray', 'blue']), isComplete: false },
      { type: 'stand-in not started', tag: 'gray', isFailure: false },
    ]);
  });

  it('is not made for a consumer that was closed meanwhile', async () => {
    const {
      world,
      runner: standIns,
      story,
    } = runner(
      async () => new Error('is not made'),
      [],
      () => true,
    );
    standIns.start('gray', ['orders'], false);
    await world.pass(3_000);
    expect(story.slice(2)).toEqual(['500 withdraws gray', '500 canaries seen', '500 stand-in not started']);
  });

  it('is not subscribed to what the application unsubscribed from while it started', async () => {
    const made = runner(async () => {
      await made.clock.sleep(1_000);
      return made.standIn;
    });
    made.runner.start('gray', ['orders', 'payments'], false);
    await made.world.pass(1_000);
    made.subscriptions.delete('payments');
    await made.world.pass(1_000);
    expect(made.story.slice(-2)).toEqual(['1500 unsubscribes from payments', '1500 stand-in started']);
  });

  it('waits for its turn before it is announced, and makes way for the next also when it fails', async () => {
    const turns = handlerTurns(() => 1);
    const owner = {};
    const turn = async () => {
      await turns.enter(owner);
      return () => turns.leave(owner);
    };
    let count = 0;
    let isOver = false;
    const make = async () => (count++ === 0 ? new Error('no') : made.standIn);
    const made = runner(make, [], () => isOver, turn);
    for (const tag of ['gray', 'blue', 'late']) made.runner.start(tag, ['orders'], false);
    await made.world.pass(1_400);
    isOver = true;
    await made.world.pass(1_000);
    expect(made.story.filter(text => !text.includes('looks'))).toEqual([
      '0 announces gray',
      '500 makes one for gray: orders',
      '500 withdraws gray',
      '1000 stand-in not started',
      '1000 announces blue',
      '1500 withdraws blue',
      '1500 canaries seen',
      '1500 stand-in not started',
      '1500 stand-in not started',
    ]);
  });

  it('that fails withdraws, and looks half a second later whether others stand in', async () => {
    const { world, runner: standIns, story, told } = runner(async () => new Error('no'));
    standIns.start('gray', ['orders'], false);
    await world.pass(3_000);
    expect(story.slice(3)).toEqual(['500 withdraws gray', '1000 looks for others', '1000 stand-in not started']);
    expect(told).toEqual([{ type: 'stand-in not started', tag: 'gray', isFailure: true, isAlone: true }]);
  });

  it('is subscribed anew when the application changes what it wants, and it is told where that fails', async () => {
    const { world, runner: standIns, story, subscriptions, standIn, told } = runner(async () => standIn);
    standIns.start('gray', ['orders'], false);
    await world.pass(1_000);
    subscriptions.set('orders', subscription('orders', 'A'));
    standIns.resubscribe('orders');
    standIns.subscribe('gray', 'unknown');
    standIns.subscribe('blue', 'orders');
    subscriptions.set('payments', subscription('payments', 'bad'));
    standIns.subscribe('gray', 'payments');
    standIns.unsubscribe('gray', 'orders');
    await world.pass(100);
    expect(story.slice(4)).toEqual([
      '1000 subscribes to orders A',
      '1000 subscribes to payments bad',
      '1000 unsubscribes from orders',
      '1000 stand-in not subscribed',
    ]);
    expect(told.at(-1)).toEqual({ type: 'stand-in not subscribed', tag: 'gray', topic: 'payments' });
    expect(world.lines).toEqual(['warn: group1_gray: the stand-in could not subscribe to payments: no such filter']);
  });
});
