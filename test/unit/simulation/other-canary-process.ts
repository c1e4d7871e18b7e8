/** A canary that another agent made one, or nobody: a plain consumer in the canary's group, with the condition of its tag. */
import type { SimulatedConsumer } from './consumers';
import { SimulatedProcess } from './network';
import { GROUP, TOPIC, type World } from './world';

export class OtherCanaryProcess {
  readonly process: SimulatedProcess;
  readonly consumer: SimulatedConsumer;

  constructor(
    private readonly world: World,
    readonly tag: string,
  ) {
    this.process = new SimulatedProcess(world.network);
    const group = `${GROUP}_${tag}`;
    // It begins at the end, unless the group has been there before; of a young queue at its first message, as brokers have it.
    for (const broker of world.brokers) {
      broker.groups.set(group, broker.groups.get(group) ?? { groupName: group });
      for (const { offsets, messages, isYoung } of broker.queuesOf(TOPIC)) {
        if (!offsets.has(group)) offsets.set(group, isYoung ? 0 : messages.length);
      }
    }
    const filter = () => (other: string | undefined) => other === tag;
    const { process } = this;
    this.consumer = world.consumer({ process, role: 'canary', group, tag, isOther: true, filter, sighted() {} });
  }

  stop(): void {
    this.consumer.leave();
    this.world.kill(this.process);
  }
}
