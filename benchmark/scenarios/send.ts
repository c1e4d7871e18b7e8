/** Messages sent as fast as they are confirmed. */
import { type ServiceClient, serviceOf } from '../../fixtures/rocketmq-clients/clients';
import { type Bench, startWorker } from '../bench';
import { CONTENDERS } from '../contenders';
import { inFreshProcesses, TURNS } from '../fresh-processes';
import { goalsOfWork, type Measured, metricsOfWork, type Work } from '../measurement';

const CONCURRENCY = 16;
const TRIAL_MESSAGES = 1_500;

export function send(client: ServiceClient) {
  return async (bench: Bench): Promise<Measured> => {
    const topic = `SEND_${client.toUpperCase()}`;
    const rocketmq = await bench.rocketmq();
    await rocketmq.createTopic(topic);
    const service = serviceOf(client);
    const warmUp = service.benchmark.warmUp.send;
    const environment = { ...service.environment(rocketmq), CLIENT: client, TOPIC: topic };
    const { operations, works } = await inFreshProcesses({
      contenders: CONTENDERS,
      rounds: bench.rounds,
      workMs: bench.workMs,
      trial: TRIAL_MESSAGES,
      warmUp,
      start: contender =>
        startWorker(bench, { name: `send-${contender.name}`, file: 'send.js', contender, environment }),
      work: async (sender, _contender, count) => ({
        ...(await sender.ask<Work>({ count, concurrency: CONCURRENCY })),
        operations: count,
      }),
    });
    return {
      scenario: `send-${client}`,
      title: `RocketMQ send, ${client}`,
      how: `${operations} messages, ${CONCURRENCY} at a time, after ${warmUp} that warm the process up; the lower quartile of ${TURNS} turns, a new process each round`,
      contenders: CONTENDERS,
      metrics: metricsOfWork(works),
      goals: goalsOfWork({ untagged: 0.99, tagged: 0.98 }),
    };
  };
}
