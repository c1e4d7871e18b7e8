/** A backlog, consumed in push mode as fast as it goes. */
import { type ServiceClient, serviceOf } from '../../fixtures/rocketmq-clients/clients';
import { type Bench, startWorker } from '../bench';
import { type Contender, FOLLOWING } from '../contenders';
import { TURNS } from '../fresh-processes';
import { goalsOfWork, type Measured, metricsOfWork, undisturbed, type Work } from '../measurement';
import { inRounds } from '../rounds';

/** So that the group has an offset on every queue before the first round. */
const FIRST_MESSAGES = 200;

export function consume(client: ServiceClient) {
  return async (bench: Bench): Promise<Measured> => {
    const rocketmq = await bench.rocketmq();
    const name = client.toUpperCase();
    const service = serviceOf(client);
    // With a shorter warm-up, what is measured is the compiler.
    const { warmUp, turn } = service.benchmark;
    const messages = TURNS * turn;
    const topics = { untagged: `CONSUME_${name}`, tagged: `CONSUME_TAGGED_${name}` };
    for (const topic of Object.values(topics)) await rocketmq.createTopic(topic);
    const groups = new Map(FOLLOWING.map(contender => [contender, `${contender.name}-${client}`]));
    for (const group of groups.values()) await rocketmq.createGroup(group);

    const filler = await startWorker(bench, {
      name: 'fill',
      file: 'fill.js',
      environment: serviceOf('ali-ons').environment(rocketmq),
    });
    const fill = async (count: number) => {
      await filler.ask({ topic: topics.untagged, count });
      await filler.ask({ topic: topics.tagged, count, tag: 'gray' });
    };
    const consumed = async (
      contender: Contender,
      { warmUp, turns, inATurn }: { readonly warmUp: number; readonly turns: number; readonly inATurn: number },
      whenReady?: () => Promise<void>,
    ): Promise<Work> => {
      const consumer = await startWorker(bench, {
        name: `consume-${contender.name}`,
        file: 'consume.js',
        contender,
        environment: {
          ...service.environment(rocketmq),
          CLIENT: client,
          TOPIC: contender.isTagged ? topics.tagged : topics.untagged,
          GROUP: groups.get(contender) ?? '',
          WARM_UP: `${warmUp}`,
          TURNS: `${turns}`,
          TURN: `${inATurn}`,
          ...(contender.isOurs && { GRAY_MQ_NAMESRV: rocketmq.namesrv }),
        },
      });
      await whenReady?.();
      const work = await consumer.ask<{ turns: readonly Work[] }>({});
      await consumer.ended();
      return undisturbed(work.turns);
    };

    try {
      // A group that is new to a queue takes what comes from then on.
      const all = FOLLOWING.map(contender => {
        let ready: () => void = () => {};
        const isReady = new Promise<void>(resolve => {
          ready = resolve;
        });
        return {
          isReady,
          work: consumed(contender, { warmUp: 0, turns: 1, inATurn: FIRST_MESSAGES }, async () => ready()),
        };
      });
      await Promise.all(all.map(({ isReady }) => isReady));
      await new Promise(resolve => setTimeout(resolve, 3_000));
      await fill(FIRST_MESSAGES);
      await Promise.all(all.map(({ work }) => work));

      const work = await inRounds(
        FOLLOWING,
        bench.rounds,
        contender => consumed(contender, { warmUp: warmUp.consume, turns: TURNS, inATurn: turn }),
        () => fill(warmUp.consume + messages),
      );
      return {
        scenario: `consume-${client}`,
        title: `RocketMQ consume, ${client}, push`,
        how: `${messages} messages of a backlog, after ${warmUp.consume} that warm the process up; the lower quartile of ${TURNS} turns, a new process each round`,
        contenders: FOLLOWING,
        metrics: metricsOfWork(work),
        goals: goalsOfWork({ untagged: 0.98, tagged: 0.98 }),
      };
    } finally {
      await filler.stop();
    }
  };
}
