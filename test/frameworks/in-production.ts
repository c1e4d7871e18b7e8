/** What holds for every framework: environments are kept apart, and nobody can tell from the outside that the agent is there. */
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Call, Downstream } from './downstream';
import { withoutAgent } from './recipes';
import { type Instance, installService, type Service, type ServiceOptions } from './service';
import type { Ending, Running, Way } from './ways';

export interface ProductionOptions extends ServiceOptions {
  readonly way: Way;
  /** What a service answers an order beside the baggage that the next service saw (`null`: none). */
  readonly answer?: (baggage: string | null) => object;
  /** Lines of the output that differ from run to run. */
  readonly ignoredLines?: RegExp;
  /** Between the first orders and the last ones. */
  readonly midway?: (instances: { baseline: Instance; canary: Instance }) => Promise<void>;
}

const GRAY = 'gray_tag=gray';
const MESSAGE_TIMEOUT_MS = 60_000;

/** Declares the tests. */
export function testInProduction(options: ProductionOptions): void {
  const answerFor = options.answer ?? (baggage => ({ baggage }));
  let service: Service;
  let withAgent: Ending | undefined;

  beforeAll(async () => {
    service = await installService(options);
  });
  afterAll(() => service?.remove());

  const begin = async (instance: Instance) => {
    const { environment } = instance;
    const running = await options.way(instance, environment === 'canary' ? 'canary' : 'baseline');
    const isUp = (id: string) => instance.firstOrder(id, running);
    return { instance, running, isUp, first: await isUp(`first-${environment}`) };
  };

  it('keeps baseline and canary apart', async () => {
    const { downstream, instance } = service;
    const [baseline, canary] = await Promise.all([begin(await instance('baseline')), begin(await instance('canary'))]);
    const order = async (from: typeof baseline, id: string, baggage: string | null, headers = {}) =>
      expect(await from.instance.order(id, headers)).toEqual(answerFor(baggage));

    expect([baseline.first, canary.first]).toEqual([answerFor(null), answerFor(GRAY)]);
    await order(baseline, 'b1', null);
    await order(baseline, 'g1', GRAY, { baggage: GRAY });
    await order(canary, 'g2', GRAY);
    await order(canary, 'g3', GRAY, { baggage: GRAY });
    await handled(downstream, 'canary', ['first-canary', 'g1', 'g2', 'g3'], canary.running);
    await options.midway?.({ baseline: baseline.instance, canary: canary.instance });
    expect([await baseline.isUp('b4'), await canary.isUp('g4')]).toEqual([answerFor(null), answerFor(GRAY)]);
    await order(baseline, 'g5', GRAY, { baggage: GRAY });
    await handled(downstream, 'baseline', ['first-baseline', 'b1', 'b4'], baseline.running);
    await handled(downstream, 'canary', ['first-canary', 'g1', 'g2', 'g3', 'g4', 'g5'], canary.running);

    expect(baseline.running.said()).toMatch(/^\[rocketmq-gray\] .*\bbaseline, version/m);
    expect(canary.running.said()).toMatch(/^\[rocketmq-gray\] .*\btag gray, version/m);
    [withAgent] = await Promise.all([baseline.running.stop(), canary.running.stop()]);
    expectBaggage(downstream.calls(), id => (/^g|canary/.test(id) ? GRAY : null));
  });

  it('prints, and ends, as the bare application', async () => {
    const bare = await begin(await service.instance('bare'));
    expect(await bare.instance.order('g1', { baggage: GRAY })).toEqual(answerFor(null));
    await handled(service.downstream, 'bare', ['first-bare', 'g1'], bare.running);
    const ending = await bare.running.stop();
    expect(withAgent?.codes).toEqual(ending.codes);
    const lines = (text = '') => comparable(text, options.ignoredLines);
    expect(lines(withAgent?.printed)).toEqual(lines(ending.printed));
  });
}

/** Waits until an instance has consumed these orders; no others. */
async function handled(downstream: Downstream, from: string, ids: readonly string[], running: Running): Promise<void> {
  const consumed = () =>
    [...new Set(messages(downstream.calls()).flatMap(call => (call.from === from ? call.id : [])))].sort();
  try {
    await expect.poll(consumed, { timeout: MESSAGE_TIMEOUT_MS }).toEqual([...ids].sort());
  } catch (error) {
    throw running.explain(error instanceof Error ? error.message : `${error}`);
  }
}

const messages = (calls: readonly Call[]) => calls.filter(({ during }) => during === 'message');

/** Each call, made for a request or a message, carries the order's environment. */
function expectBaggage(calls: readonly Call[], baggageOf: (id: string) => string | null): void {
  expect(calls.map(({ id, during, baggage }) => [id, during, baggage])).toEqual(
    calls.map(({ id, during }) => [id, during, baggageOf(id)]),
  );
}

/** Lines without what differs from run to run: numbers, times, and how often something was said. */
function comparable(text: string, ignored = /^$/): string[] {
  const lines = withoutAgent(stripVTControlCharacters(text))
    .replaceAll(/\d+/g, '0')
    .split('\n')
    .map(line => line.trim());
  return [...new Set(lines)].filter(line => line !== '' && !ignored.test(line));
}
