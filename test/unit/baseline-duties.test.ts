/** What is done for a consumer of the baseline, without a broker: its hand-over, from its beginning to its end. */
import { describe, expect, it } from 'vitest';
import { baselineDuties } from '../../src/rocketmq/consumer/baseline-duties';
import type { BaselineHandOver } from '../../src/rocketmq/hand-over/baseline-hand-over';
import type { StandInMaker } from '../../src/rocketmq/hand-over/stand-in';

const CONNECTION = { endpoint: 'proxy:8081' };
const STAND_INS: StandInMaker = { start: () => Promise.reject(new Error('none is needed')) };
const subscription = (topic: string) => ({ topic, filter: { type: 'TAG', expression: '*' } }) as const;

function duties({ canBegin = true } = {}) {
  const log: string[] = [];
  const say = (what: string) => void log.push(what);
  const handOver: BaselineHandOver = {
    subscribe: async added => say(`subscribe ${added.map(({ topic }) => topic).join(' ')}`),
    settleTags: (declared, ignored) => say(`settle ${declared} ${ignored}`),
    unsubscribe: topic => say(`unsubscribe ${topic}`),
    close: async () => say('close'),
    forget: () => say('forget'),
    tags: () => [],
  };
  const made = baselineDuties((...how) => {
    expect(how).toEqual([CONNECTION, STAND_INS]);
    say('begin');
    return canBegin ? handOver : undefined;
  });
  const preparing = (standIns: StandInMaker | undefined) => (topics: readonly string[]) => {
    const reach = { connection: () => CONNECTION, standIns: () => standIns };
    return made.prepare(topics.map(subscription), CONNECTION, reach, () => false);
  };
  return { ...made, log, prepare: preparing(STAND_INS), prepareAlone: preparing(undefined) };
}

describe('a consumer of the baseline', () => {
  it('has one hand-over, with its first subscription, which ends as it leaves and is forgotten when it has ended', async () => {
    const { log, prepare, unsubscribed, leave, end } = duties();
    await prepare([]);
    unsubscribed('A');
    expect(log).toEqual([]);
    await prepare(['A', 'B']);
    await prepare(['C']);
    unsubscribed('A');
    await leave();
    await end();
    expect(log).toEqual(['begin', 'subscribe A B', 'subscribe C', 'unsubscribe A', 'close', 'close', 'forget']);
  });

  it('has none where nobody can stand in for a canary beside it', async () => {
    const { log, prepareAlone, leave, end, report } = duties();
    await prepareAlone(['A']);
    await leave();
    await end();
    expect([log, report()]).toEqual([[], { tags: [] }]);
  });

  it('has none where nobody can say which canaries are there', async () => {
    const { log, prepare, end } = duties({ canBegin: false });
    await prepare(['A']);
    await end();
    expect(log).toEqual(['begin']);
  });
});
