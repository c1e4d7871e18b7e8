import { describe, expect, it } from 'vitest';
import type { BrokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import type { GroupInQueue } from '../../src/rocketmq/administration/consume-stats';
import { BrokerAdministrationError } from '../../src/rocketmq/administration/refusal';
import { gettingOn } from '../../src/rocketmq/hand-over/getting-on';

const brokers = ['broker-a', 'broker-b'].map(name => ({ name, cluster: 'Shop', address: `${name}:10911` }));

/** Brokers that answer with what stands here at the moment; a broker that is away, or refuses, throws. */
function cluster() {
  const answers: Record<string, readonly GroupInQueue[] | Error> = {};
  const administration = {
    brokersOfCluster: async () => brokers,
    async consumeStats({ name }: { name: string }) {
      const answer = answers[name] ?? [];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as BrokerAdministration;
  const { isStuck } = gettingOn(administration);
  return { answers, isStuck: (group = 'group1_gray') => isStuck(group, ['orders']) };
}

const at = (committed: number, end: number, topic = 'orders'): GroupInQueue => ({ topic, queueId: 0, committed, end });

describe("a canary's group", () => {
  it('gets on where what was there at the last look has been passed, whatever has come since', async () => {
    const { answers, isStuck } = cluster();
    answers['broker-a'] = [at(5, 10)];
    expect(await isStuck()).toBe(false);
    answers['broker-a'] = [at(10, 90)];
    expect(await isStuck()).toBe(false);
    answers['broker-a'] = [at(89, 90)];
    expect(await isStuck()).toBe(true);
    answers['broker-a'] = [at(90, 91)];
    expect(await isStuck()).toBe(false);
  });

  it('does not where its retries on one of the brokers are not taken; other topics do not count', async () => {
    const { answers, isStuck } = cluster();
    answers['broker-b'] = [at(0, 3, '%RETRY%group1_gray'), at(0, 9, 'former'), at(4, 4)];
    expect(await isStuck()).toBe(false);
    expect(await isStuck()).toBe(true);
    answers['broker-b'] = [at(3, 3, '%RETRY%group1_gray'), at(0, 9, 'former'), at(4, 4)];
    expect(await isStuck()).toBe(false);
    expect(await isStuck()).toBe(false);
  });

  it('is not told from another one, and a broker that is away keeps nobody busy', async () => {
    const { answers, isStuck } = cluster();
    answers['broker-a'] = [at(0, 10)];
    expect(await isStuck()).toBe(false);
    expect(await isStuck('group1_blue')).toBe(false);
    answers['broker-a'] = new Error('no answer');
    expect(await isStuck()).toBe(false);
  });

  it('may hide how far it is: then all help, as if nothing was shared out', async () => {
    const { answers, isStuck } = cluster();
    answers['broker-b'] = new BrokerAdministrationError('broker-b:10911', 208, 16, 'no permission');
    expect(await isStuck()).toBe(true);
  });
});
