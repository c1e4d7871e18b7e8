import { describe, expect, it } from 'vitest';
import { proxySource } from '../../src/rocketmq/hand-over/proxy-source';
import { SimulatedProcess } from './simulation/network';
import { PROXY, TOPIC, World } from './simulation/world';

describe('where only a proxy can be reached', () => {
  it('a group has offsets when somebody was in it for 40 seconds, without a gap', async () => {
    const world = new World(1, true);
    const process = new SimulatedProcess(world.network);
    const proxy = { proxyRemoting: PROXY, credentials: undefined };
    const source = proxySource({ baselineGroup: 'group1' }, proxy, process);
    const join = () =>
      world.consumer({ process, role: 'stand-in', group: 'group1_gray', filter: () => () => true, sighted() {} });
    const isReadyAfter = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        void source.canaries([TOPIC], new Set(['gray']));
        await world.pass(1_000);
      }
      return (await source.ensureOffsets('gray', [TOPIC], true)).length > 0;
    };
    expect(await isReadyAfter(50)).toBe(false);
    const first = join();
    expect(await isReadyAfter(39)).toBe(false);
    first.leave();
    expect(await isReadyAfter(2)).toBe(false);
    const second = join();
    expect(await isReadyAfter(39)).toBe(false);
    expect(await isReadyAfter(5)).toBe(true);
    // What it does not answer changes nothing.
    world.takeDown(world.proxy, [process]);
    second.leave();
    expect(await isReadyAfter(5)).toBe(true);
  });
});
