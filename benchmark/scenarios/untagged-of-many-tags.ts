/** What idle stand-ins take from the baseline's own messages: untagged ones, with 0, 50 and 100 declared tags that are absent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceClient, serviceOf } from '../../fixtures/rocketmq-clients/clients';
import { type Bench, startWorker, type Worker } from '../bench';
import { tagsOf, UNTAGGED } from '../contenders';
import { type Measured, metricsOfWork, THROUGHPUT, type Work } from '../measurement';

const TAGS = [0, 50, 100];
const QUEUES = 8;
/** Messages a second, for each process. A pull loop takes one after the other. */
const RATE = { push: 200, pull: 100 } as const;
/** How long it is counted in a round, and how long before that messages are sent already. */
const COUNTED_MS = 10_000;
const BEFORE_MS = 2_000;
/** Stand-ins start after a consumer that serves. */
const SETTLE_MS = 30_000;

export function untaggedOfManyTags(client: ServiceClient, mode: 'push' | 'pull' = 'push') {
  return async (bench: Bench): Promise<Measured> => {
    const rocketmq = await bench.rocketmq();
    const contenders = TAGS.map(count => ({
      name: `${count}-tags`,
      title: count === 0 ? 'no tag' : `${count} tags, a stand-in for each`,
      base: count === 0 ? undefined : '0-tags',
      isOurs: true,
      count,
    }));
    const topicOf = (name: string) => `UNTAGGED_${mode}_${client.toUpperCase()}_${name}`;
    const workers = new Map<string, Worker>();
    const environment = serviceOf('ali-ons').environment(rocketmq);
    const filler = await startWorker(bench, { name: 'fill', file: 'fill.js', environment });
    const rate = RATE[mode];
    const count = Math.round((rate * (COUNTED_MS + BEFORE_MS)) / 1_000);
    /** All at the same time: what else the machine does meets them alike. */
    const round = async (): Promise<Work[]> => {
      const sent = contenders.map(({ name }) => filler.ask({ topic: topicOf(name), count, rate }));
      await sleep(BEFORE_MS);
      const work = contenders.map(({ name }) => (workers.get(name) as Worker).ask<Work>({ ms: COUNTED_MS }));
      await Promise.all(sent);
      return Promise.all(work);
    };
    try {
      for (const { name, count } of contenders) {
        await rocketmq.createTopic(topicOf(name), { queues: QUEUES });
        await rocketmq.createGroup(`${name}-${mode}-${client}`);
        const worker = await startWorker(bench, {
          name,
          file: 'consume-turns.js',
          contender: UNTAGGED,
          environment: {
            ...serviceOf(client).environment(rocketmq),
            CLIENT: client,
            MODE: mode,
            TOPIC: topicOf(name),
            GROUP: `${name}-${mode}-${client}`,
            GRAY_MQ_NAMESRV: rocketmq.namesrv,
            GRAY_MQ_TAGS: tagsOf(count),
          },
        });
        workers.set(name, worker);
      }
      await sleep(SETTLE_MS);
      await round();
      const work = new Map<string, Work[]>(contenders.map(({ name }) => [name, []]));
      for (let i = 0; i < bench.rounds; i++) {
        for (const [index, done] of (await round()).entries()) work.get(contenders[index]?.name ?? '')?.push(done);
      }
      return {
        scenario: `untagged-of-many-tags-${mode}-${client}`,
        title: `RocketMQ consume, ${client}, ${mode}: untagged messages beside stand-ins that have nothing to do`,
        how: `${rate} messages a second over ${QUEUES} queues for each process, all at the same time: how many it handles in ${COUNTED_MS / 1_000} s`,
        contenders,
        metrics: metricsOfWork(work),
        goals: [{ metric: THROUGHPUT, contender: '50-tags', bound: 0.95 }],
      };
    } finally {
      await Promise.all([filler, ...workers.values()].map(worker => worker.stop()));
    }
  };
}
