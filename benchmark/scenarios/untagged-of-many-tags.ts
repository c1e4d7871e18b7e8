/** What idle stand-ins take from the baseline's own messages: untagged ones, with 0, 50 and 100 declared tags that are absent. */
import { type ServiceClient, serviceOf } from '../../fixtures/rocketmq-clients/clients';
import { type Bench, startWorker, type Worker } from '../bench';
import { CONTENDERS, type Contender } from '../contenders';
import { type Measured, metricsOfWork, THROUGHPUT, type Work } from '../measurement';
import { inRounds } from '../rounds';

const TAGS = [0, 50, 100];
const QUEUES = 8;
/** Of one round, of each process. */
const MESSAGES: Readonly<Record<ServiceClient, number>> = { 'rocketmq-client-nodejs': 2_000, 'ali-ons': 6_000 };
const WARM_UP = 2_000;
/** Stand-ins start after a consumer that serves. */
const SETTLE_MS = 30_000;

export function untaggedOfManyTags(client: ServiceClient, mode: 'push' | 'pull' = 'push') {
  return async (bench: Bench): Promise<Measured> => {
    const rocketmq = await bench.rocketmq();
    const ours = CONTENDERS.find(({ name }) => name === 'gray-untagged') as Contender;
    const contenders = TAGS.map(count => ({
      name: `${count}-tags`,
      title: count === 0 ? 'no tag' : `${count} tags, a stand-in for each`,
      base: count === 0 ? undefined : '0-tags',
      isOurs: true,
      count,
    }));
    // One loop takes messages one after the other.
    const messages = mode === 'pull' ? 500 : MESSAGES[client];
    const topicOf = (name: string) => `UNTAGGED_${mode}_${client.toUpperCase()}_${name}`;
    const workers = new Map<string, Worker>();
    const environment = serviceOf('ali-ons').environment(rocketmq);
    const filler = await startWorker(bench, { name: 'fill', file: 'fill.js', environment });
    const consumed = async (name: string, count: number): Promise<Work> => {
      const consumer = workers.get(name) as Worker;
      const work = consumer.ask<Work>({ count });
      await filler.ask({ topic: topicOf(name), count });
      return work;
    };
    try {
      for (const { name, count } of contenders) {
        await rocketmq.createTopic(topicOf(name), { queues: QUEUES });
        await rocketmq.createGroup(`${name}-${mode}-${client}`);
        const worker = await startWorker(bench, {
          name,
          file: 'consume-turns.js',
          contender: ours,
          environment: {
            ...serviceOf(client).environment(rocketmq),
            CLIENT: client,
            MODE: mode,
            TOPIC: topicOf(name),
            GROUP: `${name}-${mode}-${client}`,
            GRAY_MQ_NAMESRV: rocketmq.namesrv,
            GRAY_MQ_TAGS: Array.from({ length: count }, (_, index) => `t${index + 1}`).join(),
          },
        });
        workers.set(name, worker);
      }
      await new Promise(resolve => setTimeout(resolve, SETTLE_MS));
      for (const { name } of contenders) await consumed(name, WARM_UP);
      const work = await inRounds(contenders, bench.rounds, ({ name }) => consumed(name, messages));
      return {
        scenario: `untagged-of-many-tags-${mode}-${client}`,
        title: `RocketMQ consume, ${client}, ${mode}: untagged messages beside stand-ins that have nothing to do`,
        how: `${messages} messages over ${QUEUES} queues as fast as they go; all processes of a round run all the time`,
        contenders,
        metrics: metricsOfWork(work),
        goals: [{ metric: THROUGHPUT, contender: '50-tags', bound: 0.95 }],
      };
    } finally {
      await Promise.all([filler, ...workers.values()].map(worker => worker.stop()));
    }
  };
}
