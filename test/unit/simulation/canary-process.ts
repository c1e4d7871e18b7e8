/** A process of a canary, with one consumer: it prepares its group, arrives by the agent's own means, and consumes. */
import { brokerAdministration } from '../../../src/rocketmq/administration/broker-administration';
import { prepareCanaryGroup } from '../../../src/rocketmq/administration/canary-group';
import { type Arrival, arrive } from '../../../src/rocketmq/hand-over/canary-arrival';
import { formerUseOf } from '../../../src/rocketmq/hand-over/canary-marker';
import { type Cluster, openCluster } from '../../../src/rocketmq/hand-over/cluster';
import type { SimulatedConsumer } from './consumers';
import { SimulatedProcess } from './network';
import { GROUP, SERVERS, TOPIC, type World } from './world';

/** Between two attempts to make its group ready, ms. */
const PREPARE_AGAIN_MS = 5_000;

export class CanaryProcess {
  readonly process: SimulatedProcess;
  /** Undefined until it may consume. */
  consumer: SimulatedConsumer | undefined;
  private arrival: Arrival | undefined;
  private readonly cluster: Cluster;
  private isStopping = false;

  constructor(
    private readonly world: World,
    readonly tag: string,
  ) {
    this.process = new SimulatedProcess(world.network);
    this.cluster = openCluster(SERVERS, this.process);
    void this.begin();
  }

  /** It stops polling, takes its announcement back, and ends. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.consumer?.leave();
    await this.arrival?.leave();
    this.cluster.close();
    this.world.kill(this.process);
  }

  private async begin(): Promise<void> {
    const { world, process, tag } = this;
    const group = `${GROUP}_${tag}`;
    while (!(await this.isPrepared(group))) await process.clock.sleep(PREPARE_AGAIN_MS);
    this.arrival = await arrive({ baselineGroup: GROUP, group, tag }, [TOPIC], this.cluster, world.log());
    if (this.isStopping) return;
    const filter = () => (other: string | undefined) => other === tag;
    this.consumer = world.consumer({ process, role: 'canary', group, tag, filter, sighted() {} });
  }

  private async isPrepared(canaryGroup: string): Promise<boolean> {
    const { clock } = this.process;
    const administration = brokerAdministration({ ...SERVERS, runtime: this.process });
    try {
      const formerUse = await formerUseOf(administration, GROUP, this.tag);
      await prepareCanaryGroup({
        administration,
        baselineGroup: GROUP,
        canaryGroup,
        topics: [TOPIC],
        formerUse,
        clock,
      });
      return true;
    } catch {
      return false;
    } finally {
      administration.close();
    }
  }
}
