/**
 * A world with baseline processes and canaries, in which everything above the network is the agent's own: presence, markers,
 * offsets, arrival, hand-over. What happens in it is chosen from outside; time passes only when it is told to.
 */
import type { TagReport } from '../../../src/rocketmq/hand-over/hand-over';
import { type BaselineOptions, BaselineProcess } from './baseline-process';
import { CanaryProcess } from './canary-process';
import type { SimulatedProcess } from './network';
import { OtherCanaryProcess } from './other-canary-process';
import type { Broker, NameServer } from './servers';
import { World } from './world';

export interface FleetOptions extends BaselineOptions {
  readonly seed: number;
  /** False: the account may not ask who announced himself. */
  readonly mayAsk?: boolean;
  readonly baselines?: number;
}

export class Fleet extends World {
  readonly baselines: BaselineProcess[] = [];
  readonly canaries: CanaryProcess[] = [];
  readonly others: OtherCanaryProcess[] = [];

  constructor(private readonly options: FleetOptions) {
    super(options.seed, options.mayAsk ?? true);
    for (let count = 0; count < (options.baselines ?? 2); count++) this.startBaseline();
  }

  get mayAsk(): boolean {
    return this.options.mayAsk ?? true;
  }

  startBaseline(): BaselineProcess {
    const baseline = new BaselineProcess(this, this.options);
    this.baselines.push(baseline);
    return baseline;
  }

  startCanary(tag: string): CanaryProcess {
    const canary = new CanaryProcess(this, tag);
    this.canaries.push(canary);
    return canary;
  }

  startOther(tag: string): OtherCanaryProcess {
    const other = new OtherCanaryProcess(this, tag);
    this.others.push(other);
    return other;
  }

  stopOther(other: OtherCanaryProcess): void {
    remove(this.others, other);
    other.stop();
  }

  async closeBaseline(baseline: BaselineProcess): Promise<void> {
    remove(this.baselines, baseline);
    await baseline.close();
  }

  async stopCanary(canary: CanaryProcess): Promise<void> {
    remove(this.canaries, canary);
    await canary.stop();
  }

  crash(one: BaselineProcess | CanaryProcess | OtherCanaryProcess): void {
    this.kill(one.process);
    remove(this.baselines, one);
    remove(this.canaries, one);
    remove(this.others, one);
  }

  /** A process that died by itself is started anew. */
  replaceDead(): void {
    for (const baseline of this.baselines.filter(({ process }) => !process.isAlive)) {
      this.crash(baseline);
      this.startBaseline();
    }
    for (const canary of this.canaries.filter(({ process }) => !process.isAlive)) {
      this.crash(canary);
      this.startCanary(canary.tag);
    }
  }

  get processes(): SimulatedProcess[] {
    return [...this.baselines, ...this.canaries].map(({ process }) => process);
  }

  /** What the baseline's processes know of a tag. */
  reports(tag: string): TagReport[] {
    return this.baselines.flatMap(({ handOver }) => handOver.tags().filter(report => report.tag === tag));
  }

  /** A server ends, and is there again when so much time has passed (ms). */
  restartServer(server: Broker | NameServer, downMs: number): void {
    this.takeDown(server, this.processes);
    this.time.after(downMs, () => {
      server.isUp = true;
    });
  }

  /** No fault any more. */
  calm(): void {
    this.network.faults.length = 0;
    this.standInFaults = 0;
    this.network.heal();
    for (const process of this.processes) process.death = undefined;
  }
}

function remove(list: unknown[], item: unknown): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
