/** A baseline in auto mode that stands in for 1, 10, 100 canaries, none of which is there: what that costs by itself. */
import { type Bench, startWorker, type Worker } from '../bench';
import { tagsOf, UNTAGGED } from '../contenders';
import type { Measured } from '../measurement';
import { inRounds } from '../rounds';

const TAGS = [0, 1, 10, 100];
const TOPIC = 'MANY_TAGS';
const CLIENT = 'rocketmq-client-nodejs';
const IDLE_MS = 5_000;
/** Stand-ins start after a consumer that serves. */
const SETTLE_MS = 20_000;
const CPU_OF_TIME = 'CPU time';

export async function manyTags(bench: Bench): Promise<Measured> {
  const rocketmq = await bench.rocketmq();
  await rocketmq.createTopic(TOPIC);
  const contenders = TAGS.map(count => ({
    name: `${count}-tags`,
    title: count === 0 ? 'no tag' : `${count} tag${count === 1 ? '' : 's'}, a stand-in for each`,
    base: undefined,
    isOurs: true,
    count,
  }));
  const workers = new Map<string, Worker>();
  try {
    for (const { name, count } of contenders) {
      await rocketmq.createGroup(name);
      const environment = {
        CLIENT,
        TOPIC,
        GROUP: name,
        ROCKETMQ_ENDPOINTS: rocketmq.endpoints,
        GRAY_MQ_NAMESRV: rocketmq.namesrv,
        GRAY_MQ_TAGS: tagsOf(count),
      };
      workers.set(name, await startWorker(bench, { name, file: 'idle-consumer.js', contender: UNTAGGED, environment }));
    }
    await new Promise(resolve => setTimeout(resolve, SETTLE_MS));
    const values = await inRounds(contenders, Math.max(1, Math.round(bench.rounds / 2)), async ({ name }) => {
      const { ms, cpuMs } = await (workers.get(name) as Worker).ask<{ ms: number; cpuMs: number }>({ ms: IDLE_MS });
      return (1_000 * cpuMs) / ms;
    });
    return {
      scenario: 'many-tags',
      title: 'many tags in one baseline process, auto mode, no message',
      how: `CPU time of the baseline process, over ${IDLE_MS / 1_000} s each`,
      contenders,
      metrics: [
        {
          name: CPU_OF_TIME,
          unit: 'ms a second',
          comparison: 'difference',
          better: 'lower',
          values: Object.fromEntries(values),
        },
      ],
      goals: [],
    };
  } finally {
    await Promise.all([...workers.values()].map(worker => worker.stop()));
  }
}
