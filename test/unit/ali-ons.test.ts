/** Pieces of the instrumentation of ali-ons that need no client. */
import { describe, expect, it } from 'vitest';
import { coalesced } from '../../src/instrumentations/ali-ons/coalesced';
import { departure } from '../../src/instrumentations/ali-ons/departure';
import { beginningOnlyWhereKnown, keepOffsetsOfOwn } from '../../src/instrumentations/ali-ons/offsets';
import { mayPull, nextBatch } from '../../src/instrumentations/ali-ons/pull-limit';
import { filterOf, liveSubscription } from '../../src/instrumentations/ali-ons/subscription';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';
import { handlerTurns } from '../../src/rocketmq/sharing/turns';

const SETTINGS = { tag: undefined, key: 'gray_tag', mqBaseline: 'auto', mqIgnoreTags: [], interop: [] } as const;

describe('liveSubscription', () => {
  const user = filterOf('A || B');
  const asWritten = { topic: 'T', subString: 'A || B', tagsSet: ['A', 'B'], codeSet: [65, 66], subVersion: 5 };
  const make = () => {
    const plan = createIntake(consumerPlan('group1', SETTINGS));
    const data = liveSubscription<Record<string, unknown> & { subVersion: number }>(
      asWritten,
      user,
      () => plan.filter(user, 'T'),
      ({ expression, type }) => ({
        ...asWritten,
        subString: expression,
        expressionType: type,
        tagsSet: [],
        codeSet: [],
      }),
    );
    return { plan, data };
  };

  it('is what the application wrote, to the byte, while nothing is left out', () => {
    expect(JSON.stringify(make().data)).toBe(JSON.stringify(asWritten));
  });

  it('reads as the filter in force, with a version that grows with each change and with nothing else', () => {
    const { plan, data } = make();
    const versions = [data.subVersion];
    plan.excludeTags('T', ['gray']);
    versions.push(data.subVersion, data.subVersion);
    expect(data).toMatchObject({ expressionType: 'SQL92', tagsSet: [], codeSet: [] });
    expect(data.subString).toContain("gray_tag NOT IN ('gray')");
    plan.excludeTags('T', []);
    versions.push(data.subVersion);
    expect(JSON.stringify({ ...data, subVersion: 5 })).toBe(JSON.stringify(asWritten));
    expect(versions[2]).toBe(versions[1]);
    expect([...new Set(versions)]).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('is what the application wrote, in a newer version, once the client filters', () => {
    const { plan, data } = make();
    plan.excludeTags('T', ['gray']);
    const { subVersion } = data;
    plan.filterInClient();
    expect(data.subString).toBe('A || B');
    expect(data.subVersion).toBeGreaterThan(subVersion);
  });
});

describe('coalesced', () => {
  it('runs once for the calls of a moment, again for those that come while it runs, and goes on after an error', async () => {
    const errors: unknown[] = [];
    const ends: ((error?: Error) => void)[] = [];
    const run = coalesced(
      () => new Promise((resolve, reject) => ends.push(error => (error ? reject(error) : resolve()))),
      error => errors.push(error),
    );
    run();
    run();
    await turn();
    expect(ends).toHaveLength(1);
    run();
    run();
    ends[0]?.(new Error('first'));
    await turn();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await turn();
    expect(ends).toHaveLength(2);
    run();
    await turn();
    expect(ends).toHaveLength(3);
    expect(errors).toEqual([new Error('first')]);
  });
});

describe('keepOffsetsOfOwn', () => {
  it('commits no offset below 0, with promises and with generators', async () => {
    const committed: number[] = [];
    const store = {
      async updateConsumeOffsetToBroker(_queue: object, offset: number) {
        committed.push(offset);
      },
    };
    keepOffsetsOfOwn(store);
    for (const offset of [-1, 0, 7]) await store.updateConsumeOffsetToBroker({}, offset);
    const older = {
      *updateConsumeOffsetToBroker(_queue: object, offset: number): Generator<unknown, void, unknown> {
        committed.push(offset);
        yield undefined;
      },
    };
    keepOffsetsOfOwn(older);
    for (const offset of [-1, 0, 7]) [...older.updateConsumeOffsetToBroker({}, offset)];
    expect(committed).toEqual([0, 7, 0, 7]);
  });
});

describe('beginningOnlyWhereKnown', () => {
  const queue = { key: 'queue', brokerName: 'broker-a' };
  it.each<[string, { readonly slave: boolean } | null, ReadonlyMap<string, number>, number]>([
    ['a master that knows no offset', { slave: false }, new Map(), 0],
    ['a master that knows it', { slave: false }, new Map([['queue', 7]]), 0],
    ['a slave that knows it', { slave: true }, new Map([['queue', 0]]), 0],
    ['a slave that does not know it', { slave: true }, new Map([['another', 7]]), -1],
    ['no broker', null, new Map(), 0],
  ])('%s', async (_, found, offsetTable, expected) => {
    const consumer = { _mqClient: { findBrokerAddressInAdmin: () => found }, _offsetStore: { offsetTable } };
    const promised = beginningOnlyWhereKnown(async () => 0);
    const generated = beginningOnlyWhereKnown(function* () {
      yield undefined;
      return 0;
    });
    expect(await promised.call(consumer, queue)).toBe(expected);
    const steps = generated.call(consumer, queue) as Generator<unknown, number>;
    steps.next();
    expect(steps.next()).toEqual({ done: true, value: expected });
  });
});

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

describe('the limit of a queue', () => {
  it.each<[string, number, readonly number[], boolean]>([
    ['few in all', 400, [400, 60, 40], true],
    ['many in all, one has nothing', 0, [600, 0, 0], true],
    ['many in all, one has the most of it', 450, [450, 100], false],
    ['many in all, one has less than its share', 100, [450, 100], true],
    ['many, and nobody else has any', 501, [501, 0], false],
  ])('%s', (_, own, counts, expected) => {
    expect(mayPull(own, counts, 500)).toBe(expected);
  });

  it('asks for more after each full answer, and for little after none', () => {
    const asked = [1];
    for (const brought of [1, 2, 4, 5, 0]) asked.push(nextBatch(asked.at(-1) as number, brought));
    expect(asked).toEqual([1, 2, 4, 8, 5, 1]);
  });
});

describe('departure', () => {
  it('goes on before a message that still waited for its turn, though one behind it was skipped', async () => {
    const message = (queueOffset: number) => ({
      msgId: `id-${queueOffset}`,
      topic: 'T',
      queueOffset,
      reconsumeTimes: 0,
      properties: {},
    });
    const [waiting, skipped] = [message(1), message(2)];
    const committed: number[] = [];
    const givenBack: number[] = [];
    const left: string[] = [];
    const leaving = departure(
      createIntake(consumerPlan('group1', { ...SETTINGS, tag: 'gray' })),
      new Map([['T', handlerTurns(() => 1)]]),
      false,
      async value => value as never,
      {
        debug() {},
        givenBack: count => void givenBack.push(count),
        leftToOthers: messages => void left.push(...messages.map(({ msgId }) => msgId)),
      },
    );
    const processQueue = { msgList: [waiting, skipped], putMessage() {}, remove: () => 3 };
    const pulled = { messageQueue: { key: 'q', topic: 'T' }, processQueue };
    leaving.handlers.begins(skipped);
    leaving.handlers.ends();
    leaving.giveUp({ _processQueueTable: new Map(), _offsetStore: offsets(committed) }, pulled);
    expect(processQueue.remove()).toBe(1);
    await leaving.leave({ _processQueueTable: new Map([['q', pulled]]), _offsetStore: offsets(committed) });
    expect(committed).toEqual([1]);
    expect(left).toEqual(['id-1']);
    expect(leaving.handlers.begins(waiting)).toBe(false);
  });
});

/** An offset store that has nothing yet, whose broker takes each commit. */
function offsets(committed: number[]) {
  return {
    offsetTable: new Map<string, number>(),
    updateConsumeOffsetToBroker: (_queue: unknown, offset: number) => committed.push(offset),
    fetchConsumeOffsetFromBroker: () => committed.at(-1) ?? -1,
  };
}
