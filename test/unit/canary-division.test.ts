/** A canary writes down what it subscribes to, and divides it, by the agent's own commands to simulated servers. */
import { describe, expect, it } from 'vitest';
import { brokerAdministration } from '../../src/rocketmq/administration/broker-administration';
import { prepareCanaryGroup } from '../../src/rocketmq/administration/canary-group';
import { divideSubscriptions, forgetSubscription } from '../../src/rocketmq/hand-over/canary-division';
import { type Cluster, openCluster } from '../../src/rocketmq/hand-over/cluster';
import { writtenSubscriptions } from '../../src/rocketmq/hand-over/written-subscriptions';
import { SimulatedProcess } from './simulation/network';
import type { NameServer } from './simulation/servers';
import { GROUP, SERVERS, TOPIC, World } from './simulation/world';

const tags = (expression: string) => ({ type: 'TAG' as const, expression });
const WHO = { baselineGroup: GROUP, group: `${GROUP}_gray`, tag: 'gray' };
const OWN = `${GROUP}_gray__own`;

async function prepared(baseline?: string) {
  const world = new World(1, true);
  const process = new SimulatedProcess(world.network);
  const administration = brokerAdministration({ ...SERVERS, runtime: process });
  /** What `work` comes to, in a world whose time passes meanwhile. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    void work.finally(() => {
      isDone = true;
    });
    await world.until('it is done', () => isDone);
    return work;
  };
  const written = writtenSubscriptions(administration, process.clock);
  if (baseline !== undefined) await run(written.writeBaseline(GROUP, [{ topic: TOPIC, filter: tags(baseline) }]));
  const { clock } = process;
  await run(
    prepareCanaryGroup({ administration, baselineGroup: GROUP, canaryGroup: WHO.group, topics: [TOPIC], clock }),
  );
  const clusters = new Map<SimulatedProcess, Cluster>();
  const clusterOf = (of: SimulatedProcess): Cluster => {
    const cluster = clusters.get(of) ?? openCluster(SERVERS, of);
    clusters.set(of, cluster);
    return cluster;
  };
  const divide = (expression: string, canDivide = true, by = process) => {
    const added = [{ topic: TOPIC, filter: tags(expression) }];
    return run(divideSubscriptions(WHO, added, () => canDivide, clusterOf(by), world.log()));
  };
  const offsetOf = (group: string) => world.brokers[0].queues.get(TOPIC)?.[0]?.offsets.get(group);
  const move = (group: string, offset: number) => world.brokers[0].queues.get(TOPIC)?.[0]?.offsets.set(group, offset);
  const topics = async () => (await run(written.read(GROUP)))?.canaries.get('gray');
  return { world, process, clusterOf, divide, offsetOf, move, topics };
}

describe('what a canary subscribes to', () => {
  it('is written down, and not divided where the baseline takes all of it', async () => {
    const { divide, topics, offsetOf } = await prepared('A || B');
    expect(await divide('A || B')).toEqual({ divisors: new Map(), isWider: false, isPartial: false });
    expect(await topics()).toEqual(new Map([[TOPIC, { filter: tags('A || B') }]]));
    expect(offsetOf(OWN)).toBeUndefined();
  });

  it('is divided where it is more, from where the shared group stands, and said', async () => {
    const { world, divide, topics, move, offsetOf } = await prepared('A || B');
    move(WHO.group, 7);
    const divisors = new Map([[TOPIC, tags('A || B')]]);
    expect(await divide('A || C')).toEqual({ divisors, isWider: false, isPartial: true });
    expect(await topics()).toEqual(new Map([[TOPIC, { filter: tags('A || C'), divisor: tags('A || B') }]]));
    expect(offsetOf(OWN)).toBe(7);
    expect(world.lines.filter(line => line.includes('subscribes to'))).toEqual([
      expect.stringContaining(`what only gray subscribes to (C) is in ${OWN}`),
      expect.stringContaining('gray not to all of it (B)'),
    ]);
  });

  it('keeps what waits for the next version, and knows that this one wants more', async () => {
    const { world, divide, move, offsetOf } = await prepared('A || B');
    await divide('A || B || C');
    move(OWN, 3);
    move(WHO.group, 9);
    const next = new SimulatedProcess(world.network);
    expect(await divide('A || B || C || D', true, next)).toMatchObject({ isWider: true });
    expect(offsetOf(OWN)).toBe(3);
  });

  it('begins anew where a version between did not want it', async () => {
    const { world, process, clusterOf, divide, move, offsetOf, topics } = await prepared('A || B');
    await divide('A || B || C');
    move(OWN, 3);
    forgetSubscription(WHO.group, TOPIC, clusterOf(process));
    await divide('A', true, new SimulatedProcess(world.network));
    expect((await topics())?.get(TOPIC)).toEqual({ filter: tags('A') });
    move(WHO.group, 9);
    await divide('A || C', true, new SimulatedProcess(world.network));
    expect(offsetOf(OWN)).toBe(9);
  });

  it('reaches a name server that was away, as long as its consumer is there', async () => {
    const { world, process, clusterOf, divide } = await prepared('A || B');
    const [first, second] = world.nameServers as [NameServer, NameServer];
    world.takeDown(second, [process]);
    await divide('A || C');
    const writtenAt = (server: NameServer) => JSON.parse(server.keyValues.get(`canary.${GROUP}_gray`) ?? 'null');
    expect(writtenAt(first)).toMatchObject({ tag: 'gray', topics: { [TOPIC]: { filter: tags('A || C') } } });
    expect(writtenAt(second)).toBeNull();
    second.isUp = true;
    await world.until('it is there too', () => writtenAt(second) !== null);
    expect(writtenAt(second)).toEqual(writtenAt(first));
    clusterOf(process).close();
  });

  it('is not divided where no consumer can be made beside it, or the baseline never said anything', async () => {
    const alone = await prepared('A');
    expect((await alone.divide('A || B', false)).divisors.size).toBe(0);
    const unknown = await prepared();
    expect((await unknown.divide('A || B')).divisors.size).toBe(0);
    expect(await unknown.topics()).toEqual(new Map([[TOPIC, { filter: tags('A || B') }]]));
  });
});
