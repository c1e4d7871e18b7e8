/** A process of the baseline, with one consumer, the agent's own hand-over, and its stand-ins. */
import { type BaselineHandOver, baselineHandOver } from '../../../src/rocketmq/hand-over/baseline-hand-over';
import { brokerSource } from '../../../src/rocketmq/hand-over/broker-source';
import { proxySource, type Proxy as RocketmqProxy } from '../../../src/rocketmq/hand-over/proxy-source';
import type { StandIn, StandInMaker } from '../../../src/rocketmq/hand-over/stand-in';
import type { ConsumerWithStandIns, TagSightings } from '../../../src/rocketmq/hand-over/steered-consumer';
import type { SimulatedConsumer } from './consumers';
import { SimulatedProcess } from './network';
import { GROUP, KEY, SERVERS, TOPIC, type World } from './world';

const SUBSCRIPTIONS = [{ topic: TOPIC, filter: { type: 'TAG' as const, expression: '*' } }];

class StandInPlan implements TagSightings {
  sighted = (_tag: string) => {};

  constructor(readonly tag: string) {}

  onTagSeen(listener: (tag: string) => void): void {
    this.sighted = listener;
  }
}

export interface BaselineOptions {
  readonly declared?: readonly string[] | undefined;
  /** Ms from the last sign of a tag until it is given up. */
  readonly retentionMs?: number | undefined;
  readonly mostStandIns?: number | undefined;
  /** Set where no name server can be reached. */
  readonly proxy?: RocketmqProxy | undefined;
}

export class BaselineProcess {
  readonly process: SimulatedProcess;
  readonly handOver: BaselineHandOver;
  /** Undefined until it may poll. */
  main: SimulatedConsumer | undefined;
  /** No stand-in of this process comes up. */
  cannotStandIn = false;
  /** Tags that its own consumer does not take. */
  readonly excluded = new Set<string>();
  private sighted = (_tag: string) => {};
  private isClosing = false;

  constructor(
    private readonly world: World,
    { declared = [], retentionMs, mostStandIns, proxy }: BaselineOptions,
  ) {
    this.process = new SimulatedProcess(world.network);
    const plan = this.plan();
    const log = world.log();
    this.handOver = baselineHandOver({
      plan,
      source:
        proxy === undefined
          ? brokerSource(plan, SERVERS, KEY, log, this.process)
          : proxySource(plan, proxy, this.process),
      standIns: this.standIns(),
      declared,
      ignored: [],
      retention: retentionMs === undefined ? undefined : () => retentionMs,
      mostStandIns,
      log,
      onTag() {},
      clock: this.process.clock,
    });
    void this.begin();
  }

  /** The application closes its consumer and ends. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.main?.leave();
    await this.handOver.close();
    this.world.kill(this.process);
  }

  private async begin(): Promise<void> {
    await this.handOver.subscribe(SUBSCRIPTIONS);
    if (this.isClosing) return;
    this.main = this.world.consumer({
      process: this.process,
      role: 'baseline',
      group: GROUP,
      filter: () => {
        const excluded = new Set(this.excluded);
        return tag => tag === undefined || !excluded.has(tag);
      },
      sighted: tag => this.sighted(tag),
    });
  }

  private plan(): ConsumerWithStandIns<StandInPlan> {
    return {
      baselineGroup: GROUP,
      beginning: undefined,
      excludeTags: (_topic, tags) => {
        this.excluded.clear();
        for (const tag of tags) this.excluded.add(tag);
      },
      canaryBegins() {},
      onTagSeen: listener => {
        this.sighted = listener;
      },
      standIn: tag => new StandInPlan(tag),
    };
  }

  private standIns(): StandInMaker<StandInPlan> {
    const { world, process } = this;
    const start = async (plan: StandInPlan): Promise<StandIn> => {
      await process.clock.sleep(20 + world.network.random() * 300);
      if (this.cannotStandIn || world.standInFaults > 0) {
        world.standInFaults--;
        throw new Error('no stand-in today');
      }
      const { tag } = plan;
      const standIn = world.consumer({
        process,
        role: 'stand-in',
        group: `${GROUP}_${tag}`,
        tag,
        filter: () => other => other === tag,
        sighted: () => plan.sighted(tag),
      });
      return {
        async subscribe() {},
        unsubscribe() {},
        async leave() {
          standIn.leave();
          await process.clock.sleep(world.network.random() * 100);
        },
        closed: Promise.resolve(),
      };
    };
    return { start };
  }
}
