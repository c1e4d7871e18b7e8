/** Messages sent as fast as they are confirmed. */
import { type ClientName, clientOf } from '../../fixtures/rocketmq-clients/clients';
import { type Bench, startWorker, type Worker } from '../bench';
import { CONTENDERS, type Contender } from '../contenders';
import { goalsOfWork, type Measured, metricsOfWork, type Work } from '../measurement';
import { inRounds } from '../rounds';

const CONCURRENCY = 16;
const WARM_UP_MESSAGES = 1_500;

export function send(client: ClientName) {
  return async (bench: Bench): Promise<Measured> => {
    const topic = `SEND_${client.toUpperCase()}`;
    const rocketmq = await bench.rocketmq();
    await rocketmq.createTopic(topic);
    const senders = new Map<Contender, Worker>();
    try {
      for (const contender of CONTENDERS) {
        const environment = { ...clientOf(client).environment(rocketmq), CLIENT: client, TOPIC: topic };
        senders.set(
          contender,
          await startWorker(bench, { name: `send-${contender.name}`, file: 'send.js', contender, environment }),
        );
      }
      const messages = async (contender: Contender, count: number): Promise<Work> => ({
        ...(await (senders.get(contender) as Worker).ask<Work>({ count, concurrency: CONCURRENCY })),
        operations: count,
      });
      for (const contender of CONTENDERS) await messages(contender, WARM_UP_MESSAGES);
      const { ms } = await messages(CONTENDERS[0] as Contender, WARM_UP_MESSAGES);
      const count = Math.round((WARM_UP_MESSAGES * bench.workMs) / ms);
      const work = await inRounds(CONTENDERS, bench.rounds, contender => messages(contender, count));
      return {
        scenario: `send-${client}`,
        title: `RocketMQ send, ${client}`,
        how: `${count} messages a round, ${CONCURRENCY} at a time`,
        contenders: CONTENDERS,
        metrics: metricsOfWork(work),
        goals: goalsOfWork({ untagged: 0.99, tagged: 0.98 }),
      };
    } finally {
      await Promise.all([...senders.values()].map(worker => worker.stop()));
    }
  };
}
