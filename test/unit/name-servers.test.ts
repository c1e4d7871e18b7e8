import { describe, expect, it } from 'vitest';
import { nameServers } from '../../src/rocketmq/administration/name-servers';
import type { RemotingResponse } from '../../src/rocketmq/remoting/connection';
import { silentServers } from '../../src/rocketmq/remoting/silent-servers';
import { Network, SimulatedProcess } from './simulation/network';
import { VirtualTime } from './simulation/time';

const ADDRESSES = ['a:1', 'b:2', 'c:3'];
const TIMEOUT_MS = 3_000;
const answer = (address: string) => ({ remark: address }) as RemotingResponse;

/** Name servers of which some hang (no answer until the time-out), some refuse at once; the others answer after 5 ms. */
function world({ hanging = [], refusing = [] }: { hanging?: readonly string[]; refusing?: readonly string[] }) {
  const time = new VirtualTime();
  const { clock } = new SimulatedProcess(new Network(time, () => 0, new Map()));
  const state = { hanging: new Set(hanging), refusing: new Set(refusing) };
  const runtime = {
    clock,
    silent: silentServers(clock),
    self: { host: 'host', pid: 1, unique: '0' },
    connect: () => {
      throw new Error('connects by itself');
    },
  };
  const asked: string[] = [];
  const request = (address: string) => {
    asked.push(address);
    return new Promise<RemotingResponse>((resolve, reject) => {
      if (state.refusing.has(address)) time.after(1, () => reject(new Error(`${address} refuses`)));
      else if (state.hanging.has(address)) time.after(TIMEOUT_MS, () => reject(new Error(`${address}: no answer`)));
      else time.after(5, () => resolve(answer(address)));
    });
  };
  const administration = () => nameServers(async () => ADDRESSES, runtime);
  /** The result, how long it took (ms), and who was asked. */
  async function timed<T>(work: () => Promise<T>) {
    asked.length = 0;
    const start = time.now;
    const result: Promise<{ readonly value?: T; readonly error?: string }> = work().then(
      value => ({ value }),
      (error: Error) => ({ error: error.message }),
    );
    let isOver = false;
    void result.then(() => {
      isOver = true;
    });
    for (let ms = 0; !isOver && ms < 10_000; ms++) await time.pass(1);
    return { ...(await result), ms: time.now - start, asked: [...asked] };
  }
  return { state, administration, request, timed, time };
}

describe('one name server, for what each of them knows', () => {
  it('is the first, and then the one that answered last', async () => {
    const { administration, request, timed } = world({});
    const { ask } = administration();
    expect(await timed(() => ask(request))).toMatchObject({ value: { address: 'a:1' }, asked: ['a:1'] });
  });

  it('is the next where one refuses, at once', async () => {
    const { administration, request, timed } = world({ refusing: ['a:1'] });
    const { value, ms } = await timed(() => administration().ask(request));
    expect(value?.address).toBe('b:2');
    expect(ms).toBeLessThan(20);
  });

  it('is another where one hangs, soon, and at once from then on, by whoever asks', async () => {
    const { administration, request, timed } = world({ hanging: ['a:1'] });
    const first = await timed(() => administration().ask(request));
    expect(first).toMatchObject({ value: { address: 'b:2' }, asked: ['a:1', 'b:2'] });
    expect(first.ms).toBeLessThan(350);
    const second = await timed(() => administration().ask(request));
    expect(second).toMatchObject({ value: { address: 'b:2' }, asked: ['b:2'] });
    expect(second.ms).toBeLessThan(20);
  });

  it('is tried again after half a minute', async () => {
    const { administration, request, timed, time, state } = world({ hanging: ['a:1'] });
    await timed(() => administration().ask(request));
    state.hanging.clear();
    await time.pass(31_000);
    expect((await timed(() => administration().ask(request))).asked).toEqual(['a:1']);
  });

  it('is nobody where all refuse or hang: the last says why', async () => {
    const { administration, request, timed } = world({ hanging: ['a:1'], refusing: ['b:2', 'c:3'] });
    const { error, ms } = await timed(() => administration().ask(request));
    expect(error).toBe('a:1: no answer');
    expect(ms).toBeLessThanOrEqual(TIMEOUT_MS + 1);
  });
});

describe('each name server, for what each keeps by itself', () => {
  const remarks = ({ answers }: { answers: readonly RemotingResponse[] }) => answers.map(({ remark }) => remark);

  it('answers', async () => {
    const { administration, request, timed } = world({});
    const { value } = await timed(() => administration().askEach(request));
    expect(value && remarks(value)).toEqual(ADDRESSES);
    expect(value?.asked).toBe(3);
  });

  it('is asked although it hangs; it is waited for once, for half a second', async () => {
    const { administration, request, timed } = world({ hanging: ['b:2'] });
    const first = await timed(() => administration().askEach(request));
    expect(first.value && remarks(first.value)).toEqual(['a:1', 'c:3']);
    expect(first.ms).toBeLessThan(520);
    const second = await timed(() => administration().askEach(request));
    expect(second.value && remarks(second.value)).toEqual(['a:1', 'c:3']);
    expect(second.asked).toEqual(ADDRESSES);
    expect(second.ms).toBeLessThan(20);
  });

  it('counts again as soon as it has answered', async () => {
    const { administration, request, timed, time, state } = world({ hanging: ['b:2'] });
    await timed(() => administration().askEach(request));
    state.hanging.clear();
    await timed(() => administration().askEach(request));
    await time.pass(10);
    const { value } = await timed(() => administration().askEach(request));
    expect(value && remarks(value)).toEqual(ADDRESSES);
  });

  it('is waited for as long as a request takes where nobody answers', async () => {
    const { administration, request, timed } = world({ hanging: ['a:1', 'b:2'], refusing: ['c:3'] });
    const { value, ms } = await timed(() => administration().askEach(request));
    expect(value).toEqual({ answers: [], asked: 3 });
    expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS);
  });
});
